import { existsSync } from 'node:fs';
import type { RetentionError } from '../core/errors.ts';
import type { KeptHeads } from '../core/ports/state-home.ts';
import type { Store } from '../core/ports/store.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import type { NoteSigner } from '../core/signed-note.ts';
import { createAccountStore } from './accounts.ts';
import { createAuditLog } from './audit-log.ts';
import { assertSoundTail } from './audit-rows.ts';
import type { Connection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import type { OnAppended } from './group-commit.ts';
import { derivedDifferences } from './derived.ts';
import { createHoldStore } from './holds.ts';
import { assertNothingKnown, knownHeads, problemOfHeads } from './known-heads.ts';
import type { KnownHeads } from './known-heads.ts';
import { createLeaseStore } from './leases.ts';
import { repairOpenIntents } from './open-check.ts';
import { databaseIn, openForReading, openForWriting } from './open-database.ts';
import type { StateCheck } from './open-database.ts';
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
  /** Where given, a reader opens a state that is not the remembered one, too, and tells how it differs. */
  readonly onUnlike?: ((problem: RetentionError) => void) | undefined;
  /** Told of a state that held nothing so far. */
  readonly onNew?: () => void;
  readonly onAppended?: OnAppended;
  /** Told of a table that was not what the log says, and was made anew from it. */
  readonly onRepaired?: (sentence: string) => void;
  /** Asked for once the state has been found sound; signs the checkpoints. Without it there are none. */
  readonly signer?: () => NoteSigner;
}

/** @throws RetentionError `state_unusable`: not ours, from a newer version, not accessible, an older copy, or its audit log is broken */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { stateDir, heads, clock, readOnly = false } = options;
  const known = knownHeads(heads);
  const open = readOnly ? openForReading : openForWriting;
  const { connection, isNew } = open(stateDir, { clock, check: checkOf(options, known) });
  try {
    if (isNew) options.onNew?.();
    if (!readOnly) {
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

/** Refuses a state before anything in it is changed or told. */
function checkOf({ stateDir, readOnly, onUnlike }: SqliteStoreOptions, known: KnownHeads): StateCheck {
  return (found) => {
    const path = databaseIn(stateDir);
    if (found === undefined) {
      assertNothingKnown(known, path, existsSync(path) ? 'empty' : 'gone');
      return;
    }
    if (readOnly !== true) assertSoundTail(found);
    const problem = known.problems[0] ?? problemOfHeads(found, known);
    if (problem === undefined) return;
    if (onUnlike === undefined) throw problem;
    onUnlike(problem);
  };
}

function assemble(connection: Connection, writer: GroupCommit): Store {
  const version = connection.prepare<[], number>('PRAGMA user_version').pluck().get() ?? 0;
  // The first page is written anew, with what it holds already.
  const rewriteVersion = connection.prepare(`PRAGMA user_version = ${version}`);
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
    checkWritable: () => connection.write(() => void rewriteVersion.run()),
    async close() {
      await writer.close();
      connection.close();
    },
  };
}
