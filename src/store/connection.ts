import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import { RetentionError } from '../core/errors.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { InPlace } from './in-place.ts';
import { stateFault } from '../core/state-fault.ts';

/** Rows a batch reads or changes before others get their turn: some ten milliseconds. */
export const BATCH_ROWS = 2_000;

/**
 * One SQLite connection. All work on it is synchronous, so nothing of this process can come between the statements of
 * one transaction; writes begin IMMEDIATE, so nothing of another process can either.
 */
export class Connection {
  readonly path: string;
  readonly clock: Clock;
  readonly #database: Database;
  readonly #readOnly: boolean;
  readonly #inPlace: InPlace;
  readonly #othersVersion: Statement<[], number>;

  constructor(
    database: Database,
    options: { readonly path: string; readonly clock: Clock; readonly readOnly: boolean },
  ) {
    this.#database = database;
    this.path = options.path;
    this.clock = options.clock;
    this.#readOnly = options.readOnly;
    this.#inPlace = new InPlace(this.path);
    // Asked before each intent: parsing it takes longer than the answer.
    this.#othersVersion = database.prepare<[], number>('PRAGMA data_version').pluck();
  }

  prepare<Parameters extends unknown[], Row = unknown>(sql: string): Statement<Parameters, Row> {
    return this.#database.prepare<Parameters, Row>(sql);
  }

  /** @throws RetentionError `state_unusable` when the database fails */
  readNow<T>(work: () => T): T {
    this.#assertOpen();
    try {
      return work();
    } catch (error) {
      throw stateFault(error, this.path);
    }
  }

  /** Several reads of one and the same state. @throws RetentionError `state_unusable` when the database fails */
  snapshotNow<T>(work: () => T): T {
    return this.readNow(() => this.#database.transaction(work).deferred());
  }

  /** In one transaction that is durable on return. @throws RetentionError `state_unusable` when the database fails */
  writeNow<T>(work: () => T): T {
    return this.readNow(() => {
      if (this.#readOnly) throw new RetentionError('state_unusable', `${this.path} is open for reading only`);
      return this.#database
        .transaction(() => {
          const result = work();
          this.#inPlace.assert();
          return result;
        })
        .immediate();
    });
  }

  read<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      resolve(this.readNow(work));
    });
  }

  write<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      resolve(this.writeNow(work));
    });
  }

  /** Repeats a short write until it says that nothing is left; timers and sockets get their turn in between. */
  async writeInBatches(batch: () => boolean): Promise<void> {
    while (await this.write(batch)) await nextTurn();
  }

  /**
   * A long result in pages, without holding a read transaction open, which would keep the WAL from being emptied. `page`
   * returns the `size` rows that follow `last`.
   */
  async *pages<Row>(
    page: (last: Row | undefined) => readonly Row[],
    size = BATCH_ROWS,
  ): AsyncGenerator<readonly Row[]> {
    let last: Row | undefined;
    for (;;) {
      const rows = await this.read(() => page(last));
      yield rows;
      if (rows.length < size) return;
      last = rows.at(-1);
      await nextTurn();
    }
  }

  /** Another number when another connection has written. */
  othersVersion(): number {
    return this.#othersVersion.get() ?? 0;
  }

  /** Empties the WAL, so that values which were removed do not linger in it. A reader may delay that to the next time. */
  emptyWal(): void {
    this.readNow(() => this.#database.pragma('wal_checkpoint(TRUNCATE)'));
  }

  close(): void {
    try {
      this.#database.close();
    } catch (error) {
      throw stateFault(error, this.path);
    }
  }

  #assertOpen(): void {
    if (!this.#database.open) throw new RetentionError('state_unusable', `${this.path} is closed`);
  }
}
