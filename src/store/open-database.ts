import { closeSync, openSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import DatabaseFile from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { codeOf } from '../core/error-code.ts';
import { RetentionError } from '../core/errors.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { stateFault } from '../core/state-fault.ts';
import { Connection } from './connection.ts';
import { makeFolder } from './make-folder.ts';
import { assertCurrent, migrate, stateVersion } from './migrate.ts';

const FILE_NAME = 'retention.db';
/** How long a statement waits for another process's transaction. */
const BUSY_TIMEOUT_MS = 5_000;

interface OpenedDatabase {
  readonly database: Database;
  readonly connection: Connection;
  /** It held nothing so far. */
  readonly isNew: boolean;
}

/** Throws for what it refuses, before anything in it is changed or told; `found` is undefined for none, or an empty one. */
export type StateCheck = (found: Connection | undefined) => void;

interface OpenOptions {
  readonly clock: Clock;
  readonly check?: StateCheck;
}

/** Opens or creates the state for one writer among others. @throws RetentionError `state_unusable` */
export function openForWriting(stateDir: string, { clock, check }: OpenOptions): OpenedDatabase {
  const path = databaseIn(stateDir);
  return attempt(path, () => {
    if (!hasDatabase(stateDir)) check?.(undefined);
    // Where the working directory has been removed, this fails.
    makeFolder(resolve(stateDir));
    // SQLite would create it readable for everybody; -wal and -shm take the mode of the file.
    closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseFile(path, { timeout: BUSY_TIMEOUT_MS });
    return opened(database, { path, clock, readOnly: false }, (connection) => {
      // Before the first change: nobody else's file is to be touched.
      const isNew = stateVersion(database, path) === 0;
      check?.(isNew ? undefined : connection);
      useWal(database);
      database.pragma('synchronous = FULL');
      // 40 MB of WAL instead of 4: a page that many commits touch is then copied to the database once, not once for each.
      database.pragma('wal_autocheckpoint = 10000');
      database.pragma('foreign_keys = ON');
      // Names that are removed from plans are overwritten, not just unlinked.
      database.pragma('secure_delete = ON');
      migrate(database, path, clock);
      return isNew;
    });
  });
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

/** @throws RetentionError `state_unusable` where that cannot be seen */
export function hasDatabase(stateDir: string): boolean {
  const path = databaseIn(stateDir);
  return attempt(path, () => statSync(path, { throwIfNoEntry: false }) !== undefined);
}

export function databaseIn(stateDir: string): string {
  return join(stateDir, FILE_NAME);
}

/** Opens existing state without changing a fact in it. @throws RetentionError `state_unusable` */
export function openForReading(stateDir: string, { clock, check }: OpenOptions): OpenedDatabase {
  const path = databaseIn(stateDir);
  const nothing = (): RetentionError => {
    check?.(undefined);
    return new RetentionError('state_unusable', `no state in ${stateDir} yet`, {
      hint: 'Plan or run a policy first, or name the state directory with --state-dir.',
    });
  };
  if (!hasDatabase(stateDir)) throw nothing();
  return attempt(path, () => {
    const reader = (options: { readonly readonly: boolean }): OpenedDatabase => {
      const database = new DatabaseFile(path, { ...options, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
      return opened(database, { path, clock, readOnly: true }, (connection) => {
        database.pragma('query_only = ON');
        const version = stateVersion(database, path);
        if (version === 0) throw nothing();
        check?.(connection);
        assertCurrent(version, path);
        return false;
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

function opened(
  database: Database,
  options: ConstructorParameters<typeof Connection>[1],
  prepare: (connection: Connection) => boolean,
): OpenedDatabase {
  try {
    const connection = new Connection(database, options);
    return { database, connection, isNew: prepare(connection) };
  } catch (error) {
    database.close();
    throw error;
  }
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw stateFault(error, path);
  }
}
