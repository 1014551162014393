import type { Database } from 'better-sqlite3';
import { RetentionError } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { initial } from './migrations/001-initial.ts';
import { holds } from './migrations/002-holds.ts';
import { populations } from './migrations/003-populations.ts';
import { holdFiles } from './migrations/004-hold-files.ts';
import { runWarnings } from './migrations/005-run-warnings.ts';
import { evidence } from './migrations/006-evidence.ts';
import { readings } from './migrations/007-readings.ts';
import { accounts } from './migrations/008-accounts.ts';
import { limitsOverTime } from './migrations/009-limits-over-time.ts';
import { protections } from './migrations/010-protections.ts';
import { verified } from './migrations/011-verified.ts';
import { intents } from './migrations/012-intents.ts';
import { planItems } from './migrations/013-plan-items.ts';
import { holdLists } from './migrations/014-hold-lists.ts';
import { policies } from './migrations/015-policies.ts';
import type { Migration } from './migrations/migration.ts';

const MIGRATIONS: readonly Migration[] = [
  initial,
  holds,
  populations,
  holdFiles,
  runWarnings,
  evidence,
  readings,
  accounts,
  limitsOverTime,
  protections,
  verified,
  intents,
  planItems,
  holdLists,
  policies,
];
const NEWEST = MIGRATIONS.length;

/** In the header of every file of ours ("cgrt"), so that nobody else's database is ever changed. */
const APPLICATION_ID = 0x63677274;

/**
 * The version of the state in the file, 0 for an empty one.
 * @throws RetentionError `state_unusable` when it is not ours, or made by a newer version of the program
 */
export function stateVersion(database: Database, path: string): number {
  // One snapshot: another process may be making the state between the two questions.
  return database.transaction(() => versionIn(database, path)).deferred();
}

function versionIn(database: Database, path: string): number {
  if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    const tables = database.prepare<[], number>('SELECT COUNT(*) FROM sqlite_schema').pluck().get();
    if (tables === 0) return 0;
    throw new RetentionError('state_unusable', `${path} belongs to another program`, {
      hint: 'Choose another state directory.',
    });
  }
  const version = database.prepare<[], number>('SELECT MAX(number) FROM migrations').pluck().get() ?? 0;
  if (version <= NEWEST) return version;
  throw new RetentionError('state_unusable', `${path} was made by a newer version of this program`, {
    hint: 'Use that version, or another state directory.',
  });
}

/** Brings the file to the newest version, one transaction for each step. Several processes may try at once. */
export function migrate(database: Database, path: string, clock: Clock): void {
  const step = database.transaction((): boolean => {
    const migration = MIGRATIONS[stateVersion(database, path)];
    if (migration === undefined) return false;
    if (migration.number === 1) {
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.exec(
        'CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
      );
    }
    database.exec(migration.sql);
    database
      .prepare('INSERT INTO migrations (number, name, applied_at) VALUES (?, ?, ?)')
      .run(migration.number, migration.name, formatInstant(clock.now()));
    return true;
  });
  while (step.immediate());
}

/** @throws RetentionError `state_unusable` when a reader meets a file that first has to be brought up to date */
export function assertCurrent(version: number, path: string): void {
  if (version === NEWEST) return;
  throw new RetentionError('state_unusable', `${path} was made by an older version of this program`, {
    hint: 'Bring it up to date with any command that writes, such as `plan`.',
  });
}
