import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { RetentionError } from '../core/errors.ts';

/**
 * SQLite goes on writing into files that were removed or moved away under it, and nobody would ever read what it wrote. So
 * before each commit the database and its `-wal` must still be the files that were opened.
 */
export class InPlace {
  readonly #path: string;
  readonly #paths: readonly string[];
  readonly #known = new Map<string, string>();

  /** To be made while the database is open. */
  constructor(path: string) {
    this.#path = path;
    this.#paths = [path, `${path}-wal`].map((file) => resolve(file));
  }

  /** @throws RetentionError `state_unusable` */
  assert(): void {
    for (const file of this.#paths) {
      const found = identityOf(file);
      const known = this.#known.get(file);
      // SQLite makes the `-wal` with the first transaction.
      if (known === undefined && found !== undefined) this.#known.set(file, found);
      else if (known !== found) throw moved(this.#path);
    }
  }
}

function identityOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}

function moved(path: string): RetentionError {
  return new RetentionError(
    'state_unusable',
    `${path} was removed or replaced while it was in use: what was written since is lost with it`,
    { hint: 'Bring the state directory back, or restore it from a backup, before anything else is deleted.' },
  );
}
