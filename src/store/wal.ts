import { close, fdatasync, open } from 'node:fs';
import { promisify } from 'node:util';
import { stateFault } from '../core/state-fault.ts';

const [openFile, sync, closeFile] = [promisify(open), promisify(fdatasync), promisify(close)];

/**
 * SQLite's write-ahead log, made durable without holding up the thread. A commit under `synchronous = NORMAL` followed by
 * this is what `FULL` does (https://www.sqlite.org/pragma.html#pragma_synchronous), only that others go on meanwhile.
 * A descriptor of our own drops none of SQLite's locks: it locks the database and its `-shm`, never the `-wal`.
 */
export class Wal {
  readonly #path: string;
  #file: Promise<number> | undefined;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /** To be called once SQLite has made the file. @throws RetentionError `state_unusable` when the disk fails */
  async sync(): Promise<void> {
    try {
      this.#file ??= openFile(this.#path, 'r+');
      await sync(await this.#file);
    } catch (error) {
      throw stateFault(error, this.#path);
    }
  }

  /** While no `sync` is under way. */
  async close(): Promise<void> {
    const file = await this.#file?.catch(() => undefined);
    this.#file = undefined;
    if (file !== undefined) await closeFile(file);
  }
}
