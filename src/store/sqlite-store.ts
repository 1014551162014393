import type { Clock, Store } from '../core/ports.ts';
import { createAuditLog } from './audit-log.ts';
import { assertSoundTail } from './audit-rows.ts';
import { Connection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import type { OnAppended } from './group-commit.ts';
import { createHoldStore } from './holds.ts';
import { createLeaseStore } from './leases.ts';
import { openForReading, openForWriting } from './open-database.ts';
import { removeOldDrafts } from './plan-removal.ts';
import { createPopulationStore } from './populations.ts';
import { createPlanStore } from './plans.ts';
import { createRunStore } from './runs.ts';

interface SqliteStoreOptions {
  /** Directory of `retention.db`; created when it is not there, unless `readOnly`. */
  readonly stateDir: string;
  readonly clock: Clock;
  /** Changes nothing, and opens a broken audit log too, so that it can be examined. */
  readonly readOnly?: boolean;
  readonly onAppended?: OnAppended;
}

/** @throws RetentionError `state_unusable`: not ours, from a newer version, not accessible, or its audit log is broken */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { stateDir, clock, readOnly = false, onAppended } = options;
  const { database, path } = readOnly ? openForReading(stateDir) : openForWriting(stateDir, clock);
  const connection = new Connection(database, { path, clock, readOnly });
  try {
    if (!readOnly) {
      assertSoundTail(connection);
      await removeOldDrafts(connection);
    }
    return connection.readNow(() => assemble(connection, onAppended));
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function assemble(connection: Connection, onAppended: OnAppended | undefined): Store {
  const writer = new GroupCommit(connection, onAppended);
  return {
    ...createPlanStore(connection),
    ...createLeaseStore(connection),
    ...createHoldStore(connection, writer),
    ...createRunStore(connection),
    ...createPopulationStore(connection),
    audit: createAuditLog(connection, writer),
    async close() {
      await writer.flushed();
      await connection.close();
    },
  };
}
