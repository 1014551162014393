import type { AccountBinding } from '../account.ts';
import type { BindAccount, BindOutcome } from '../bind-account.ts';
import type { KnownPopulation } from '../population.ts';
import type { RunRecord } from '../run.ts';
import type { RunHistory } from '../status.ts';
import type { AuditLog, Fence } from './audit-log.ts';
import type { HoldStore } from './holds.ts';
import type { PlanStore } from './plans.ts';
import type { PolicyStore } from './policies.ts';
import type { ProtectionStore } from './protections.ts';

/** The right to run, as the store knows it. `token` grows with every change of holder. */
export interface Lease extends Fence {
  readonly expiresAt: number;
}

export interface LeaseStore {
  /** Undefined when somebody else holds it and it has not expired at `now`. */
  acquireLease(
    name: string,
    holder: string,
    time: { readonly now: number; readonly ttlMs: number },
  ): Promise<Lease | undefined>;
  /** Undefined when it was lost. */
  renewLease(
    fence: Fence,
    time: { readonly now: number; readonly ttlMs: number },
  ): Promise<Lease | undefined>;
  releaseLease(fence: Fence): Promise<void>;
  /** Whether somebody holds it, unexpired at `now`. */
  isHeld(name: string, now: number): Promise<boolean>;
}

export interface AccountStore {
  /**
   * All accounts that the state belonged to, oldest first; empty before its first use. Rejects with RetentionError `state_unusable`
   * when they are not those that the audit log tells of.
   */
  accountBindings(): Promise<readonly AccountBinding[]>;
  /**
   * Adds one, audited in the same transaction. `outdated`: there were not `known` of them any more. `under_way`, asked for with
   * `whileIdle`: a worker holds a lease. What is known of the projects' sizes goes with an account that is replaced.
   */
  bindAccount(
    binding: AccountBinding,
    how: Pick<BindAccount, 'known' | 'by' | 'reason'> & Partial<Pick<BindAccount, 'whileIdle'>>,
  ): Promise<BindOutcome>;
  /** Ids of the projects that deletions, plans and sizes on record speak of. */
  projectsOnRecord(): Promise<ReadonlySet<number>>;
}

export interface PopulationStore {
  /** By project, less what any policy intended to delete there since; empty before a plan of the policy was applied. */
  knownPopulations(policy: string): Promise<readonly KnownPopulation[]>;
  /** Takes the place of all that was known for the policy. */
  recordPopulations(policy: string, populations: readonly KnownPopulation[]): Promise<void>;
}

/** What a run begins with, and never changes. */
type Beginning = 'runId' | 'policy' | 'policyHash' | 'mode' | 'trigger' | 'slotAt' | 'startedAt';

export interface RunStore {
  startRun(run: RunRecord): Promise<void>;
  updateRun(runId: string, change: Partial<Omit<RunRecord, Beginning>>): Promise<void>;
  run(runId: string): Promise<RunRecord | undefined>;
  /** The latest run that went by this plan. */
  runOfPlan(planId: string): Promise<RunRecord | undefined>;
  /** Ids of runs that begin like this (lower-case letters, digits and hyphens), in order, at most `limit`. */
  runIdsStarting(start: string, limit: number): Promise<readonly string[]>;
  /** All that are `running` by their record, however old, oldest first. */
  runsUnderWay(): Promise<readonly RunRecord[]>;
  /** Newest first. */
  runs(filter: {
    readonly policy?: string | undefined;
    readonly limit: number;
    /** Left out at the start. */
    readonly skip?: number;
  }): Promise<readonly RunRecord[]>;
  history(policy: string): Promise<RunHistory>;
  /** The last slot that was run or caught up for a policy. */
  lastSlot(policy: string): Promise<number | undefined>;
  recordSlot(policy: string, slotAt: number): Promise<void>;
}

/** Where something that repeats the audit log is not what the log says. */
export interface DerivedDifference {
  readonly table: string;
  /** Reads on from the table's name: `lacks the deletion that entry 5 left open`. */
  readonly problem: string;
}

/** All state. Every method of its parts rejects with RetentionError `state_unusable` when the disk or database fails. */
export interface Store {
  readonly policies: PolicyStore;
  readonly plans: PlanStore;
  readonly leases: LeaseStore;
  readonly holds: HoldStore;
  readonly runs: RunStore;
  readonly populations: PopulationStore;
  readonly protections: ProtectionStore;
  readonly accounts: AccountStore;
  readonly audit: AuditLog;
  /** Computes anew from the audit log what is kept beside it, and says where that is otherwise. Reads the whole log. */
  derivedDifferences(): Promise<readonly DerivedDifference[]>;
  /** Writes something that changes nothing. Rejects where nothing can be written. */
  checkWritable(): Promise<void>;
  close(): Promise<void>;
}
