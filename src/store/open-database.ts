import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import DatabaseFile from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { codeOf } from '../core/error-code.ts';
import { RetentionError } from '../core/errors.ts';
import type { KeptHeads } from '../core/ports/state-home.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { stateFault } from '../core/state-fault.ts';
import { assertCurrent, migrate, stateVersion } from './migrate.ts';

export const FILE_NAME = 'retention.db';
/** How long a statement waits for another process's transaction. */
const BUSY_TIMEOUT_MS = 5_000;

interface OpenedDatabase {
  readonly database: Database;
  readonly path: string;
}

/** Opens or creates the state for one writer among others. @throws RetentionError `state_unusable` */
export function openForWriting(stateDir: string, clock: Clock): OpenedDatabase {
  const path = join(stateDir, FILE_NAME);
  return attempt(path, () => {
    // Where the working directory has been removed, this fails.
    makeFolder(resolve(stateDir));
    // SQLite would create it readable for everybody; -wal and -shm take the mode of the file.
    closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseFile(path, { timeout: BUSY_TIMEOUT_MS });
    return opened(database, path, () => {
      // Before the first change: nobody else's file is to be touched.
      stateVersion(database, path);
      useWal(database);
      database.pragma('synchronous = FULL');
      // 40 MB of WAL instead of 4: a page that many commits touch is then copied to the database once, not once for each.
      database.pragma('wal_autocheckpoint = 10000');
      database.pragma('foreign_keys = ON');
      // Names that are removed from plans are overwritten, not just unlinked.
      database.pragma('secure_delete = ON');
      migrate(database, path, clock);
    });
  });
}

/** Parents as well. Node's own `recursive` tries again for ever where a folder takes no others, as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process was first.
    if (!existsSync(folder)) throw error;
  }
}

/** While another process is making the same new state, SQLite answers "busy" to this at once, whatever the time-out. */
function useWal(database: Database): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; ; waitedMs += 20) {
    try {
      database.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (codeOf(error) !== 'SQLITE_BUSY' || waitedMs >= BUSY_TIMEOUT_MS) throw error;
      Atomics.wait(pause, 0, 0, 20);
    }
  }
}

export function hasDatabase(stateDir: string): boolean {
  return existsSync(join(stateDir, FILE_NAME));
}

/** Opens existing state without changing a fact in it. @throws RetentionError `state_unusable` */
export function openForReading(stateDir: string, heads: KeptHeads): OpenedDatabase {
  const path = join(stateDir, FILE_NAME);
  if (!existsSync(path)) throw noState(stateDir, heads);
  return attempt(path, () => {
    const reader = (options: { readonly readonly: boolean }): OpenedDatabase => {
      const database = new DatabaseFile(path, { ...options, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
      return opened(database, path, () => {
        database.pragma('query_only = ON');
        const version = stateVersion(database, path);
        if (version === 0) throw noState(stateDir, heads);
        assertCurrent(version, path);
      });
    };
    try {
      return reader({ readonly: true });
    } catch (error) {
      if (error instanceof RetentionError) throw error;
      // After a crash the WAL has to be recovered, which a read-only connection cannot always do.
      return reader({ readonly: false });
    }
  });
}

function noState(stateDir: string, heads: KeptHeads): RetentionError {
  const [note] = heads.files();
  if (note !== undefined) {
    const path = join(stateDir, FILE_NAME);
    return new RetentionError(
      'state_unusable',
      `${path} is ${existsSync(path) ? 'empty' : 'gone'}, and ${note} says that it was not`,
      {
        hint: `If ${FILE_NAME}-wal was removed, put it back; else restore the state directory as a whole from a backup.`,
      },
    );
  }
  return new RetentionError('state_unusable', `no state in ${stateDir} yet`, {
    hint: 'Plan or run a policy first, or name the state directory with --state-dir.',
  });
}

function opened(database: Database, path: string, prepare: () => void): OpenedDatabase {
  try {
    prepare();
    return { database, path };
  } catch (error) {
    database.close();
    throw error;
  }
}

function attempt(path: string, open: () => OpenedDatabase): OpenedDatabase {
  try {
    return open();
  } catch (error) {
    throw stateFault(error, path);
  }
}
