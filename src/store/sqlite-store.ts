import type { KeptHeads } from '../core/ports/state-home.ts';
import type { Store } from '../core/ports/store.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import type { NoteSigner } from '../core/signed-note.ts';
import { createAccountStore } from './accounts.ts';
import { createAuditLog } from './audit-log.ts';
import { assertSoundTail } from './audit-rows.ts';
import { Connection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import type { OnAppended } from './group-commit.ts';
import { derivedDifferences } from './derived.ts';
import { createHoldStore } from './holds.ts';
import { assertLeadsThrough, knownHeads } from './known-heads.ts';
import { createLeaseStore } from './leases.ts';
import { repairOpenIntents } from './open-check.ts';
import { openForReading, openForWriting } from './open-database.ts';
import { removeOldDrafts } from './plan-removal.ts';
import { createPopulationStore } from './populations.ts';
import { createPlanStore } from './plans.ts';
import { createPolicyStore } from './policies.ts';
import { createProtectionStore } from './protections.ts';
import { createRunStore } from './runs.ts';

interface SqliteStoreOptions {
  /** Directory of `retention.db`; created when it is not there, unless `readOnly`. */
  readonly stateDir: string;
  /** What is remembered of this state beside its database. */
  readonly heads: KeptHeads;
  readonly clock: Clock;
  /** Changes nothing, and opens a broken audit log too, so that it can be examined. */
  readonly readOnly?: boolean;
  readonly onAppended?: OnAppended;
  /** Told of a table that was not what the log says, and was made anew from it. */
  readonly onRepaired?: (sentence: string) => void;
  /** Asked for once the state has been found sound; signs the checkpoints. Without it there are none. */
  readonly signer?: () => NoteSigner;
}

/** @throws RetentionError `state_unusable`: not ours, from a newer version, not accessible, an older copy, or its audit log is broken */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { stateDir, heads, clock, readOnly = false } = options;
  const known = readOnly ? undefined : knownHeads(heads, stateDir);
  const { database, path } = readOnly ? openForReading(stateDir, heads) : openForWriting(stateDir, clock);
  const connection = new Connection(database, { path, clock, readOnly });
  try {
    if (known !== undefined) {
      assertSoundTail(connection);
      assertLeadsThrough(connection, known);
      const repaired = repairOpenIntents(connection, known.noted);
      if (repaired !== undefined)
        options.onRepaired?.(
          `open_intents was not what the audit log says, and was made anew: it ${repaired}`,
        );
      await removeOldDrafts(connection);
    }
    const signer = readOnly ? undefined : options.signer?.();
    const { onAppended } = options;
    return connection.readNow(() =>
      assemble(connection, new GroupCommit(connection, { heads, onAppended, signer })),
    );
  } catch (error) {
    connection.close();
    throw error;
  }
}

function assemble(connection: Connection, writer: GroupCommit): Store {
  return {
    policies: createPolicyStore(connection),
    plans: createPlanStore(connection),
    leases: createLeaseStore(connection),
    holds: createHoldStore(connection, writer),
    runs: createRunStore(connection),
    populations: createPopulationStore(connection),
    protections: createProtectionStore(connection),
    accounts: createAccountStore(connection, writer),
    audit: createAuditLog(connection, writer),
    derivedDifferences: () => connection.read(() => derivedDifferences(connection)),
    async close() {
      await writer.close();
      connection.close();
    },
  };
}
