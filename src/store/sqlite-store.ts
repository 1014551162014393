import type { Clock, Store } from '../core/ports.ts';
import type { NoteSigner } from '../core/signed-note.ts';
import { createAuditLog } from './audit-log.ts';
import { assertSoundTail } from './audit-rows.ts';
import { Connection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import type { OnAppended } from './group-commit.ts';
import { createHoldStore } from './holds.ts';
import { assertLeadsThrough, lastCheckpoint } from './last-checkpoint.ts';
import { createLeaseStore } from './leases.ts';
import { openForReading, openForWriting } from './open-database.ts';
import { removeOldDrafts } from './plan-removal.ts';
import { createPopulationStore } from './populations.ts';
import { createPlanStore } from './plans.ts';
import { createProtectionStore } from './protections.ts';
import { createRunStore } from './runs.ts';

interface SqliteStoreOptions {
  /** Directory of `retention.db`; created when it is not there, unless `readOnly`. */
  readonly stateDir: string;
  readonly clock: Clock;
  /** Changes nothing, and opens a broken audit log too, so that it can be examined. */
  readonly readOnly?: boolean;
  readonly onAppended?: OnAppended;
  /** Asked for once the state has been found sound; signs the checkpoints. Without it there are none. */
  readonly signer?: () => NoteSigner;
}

/** @throws RetentionError `state_unusable`: not ours, from a newer version, not accessible, an older copy, or its audit log is broken */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { stateDir, clock, readOnly = false } = options;
  // Before the database: another process may be writing both, and the note is always the older of the two.
  const remembered = readOnly ? undefined : lastCheckpoint(stateDir);
  const { database, path } = readOnly ? openForReading(stateDir) : openForWriting(stateDir, clock);
  const connection = new Connection(database, { path, clock, readOnly });
  try {
    if (!readOnly) {
      assertSoundTail(connection);
      if (remembered !== undefined) assertLeadsThrough(connection, remembered);
      await removeOldDrafts(connection);
    }
    const signer = readOnly ? undefined : options.signer?.();
    return connection.readNow(() =>
      assemble(connection, new GroupCommit(connection, options.onAppended, signer)),
    );
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function assemble(connection: Connection, writer: GroupCommit): Store {
  return {
    ...createPlanStore(connection),
    ...createLeaseStore(connection),
    ...createHoldStore(connection, writer),
    ...createRunStore(connection),
    ...createPopulationStore(connection),
    ...createProtectionStore(connection),
    audit: createAuditLog(connection, writer),
    async close() {
      await writer.flushed();
      await connection.close();
    },
  };
}
