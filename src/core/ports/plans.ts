import type { PlanFindings } from '../findings.ts';
import type { PlanHeader, PlanItem, PlanProject, PlanSummary } from '../plan.ts';
import type { AgeClock } from '../selector.ts';

/** Receives a plan while it is made. Nothing is visible to others before `finish`, which computes the fingerprint over what is left. */
export interface PlanWriter {
  add(items: readonly PlanItem[]): Promise<void>;
  /** Takes back every item of a project: its listing has to start again, or could not be completed. */
  dropProject(projectId: number): Promise<void>;
  finish(facts: {
    readonly projects: readonly PlanProject[];
    readonly requestsUsed: number;
    readonly findings: PlanFindings;
  }): Promise<PlanSummary>;
  /** Removes all that was written. */
  discard(): Promise<void>;
}

/** What a plan said of one conversation. */
export interface PlannedRow {
  readonly plan: Pick<PlanHeader, 'planId' | 'policy' | 'decidedAt'>;
  readonly item: PlanItem;
}

export interface PlanFilter {
  /** `delete` leaves out what is deferred. */
  readonly verdict?: PlanItem['verdict'];
  /** `for_applying`: those whose last DELETE failed or stayed unverified come after all others; else by project and `ordinal`. */
  readonly order?: 'for_applying';
  readonly projectId?: number;
  /** Only those whose last DELETE failed or stayed unverified, or only the others. */
  readonly failedBefore?: boolean;
  /** Only so many from the end, the last one first; formerly failed ones left out. */
  readonly last?: number;
}

/** How much of a plan is deleted in one run. */
export interface PlanArrangement {
  /** Most conversations; undefined: all. */
  readonly room: number | undefined;
  /** By rule: the clock that it judges ages by, where it is not the creation. */
  readonly clocks: ReadonlyMap<string, AgeClock>;
}

export interface PlanStore {
  createPlan(header: PlanHeader): Promise<PlanWriter>;
  plan(planId: string): Promise<PlanSummary | undefined>;
  /** The plans of a policy, the latest first. */
  plansOf(policy: string, limit: number): Promise<readonly PlanSummary[]>;
  /** Ids of plans that begin like this (lower-case letters, digits and hyphens), in order, at most `limit`. */
  planIdsStarting(start: string, limit: number): Promise<readonly string[]>;
  /** The rows of one conversation in all plans, the latest plan first. */
  rowsOf(projectId: number, sessionId: string): Promise<readonly PlannedRow[]>;
  /** Session ids of a project that begin like this, whatever the case, at most `limit`; the very same one comes first. */
  sessionsStarting(projectId: number, start: string, limit: number): Promise<readonly string[]>;
  planByFileHash(fileHash: string): Promise<PlanSummary | undefined>;
  setPlanFileHash(planId: string, fileHash: string): Promise<void>;
  /** Items by project and `ordinal`; read in batches, so that a plan of a million needs no more memory than one of ten. */
  planItems(planId: string, filter?: PlanFilter): AsyncIterable<PlanItem>;
  /**
   * To be called right before an open plan is consumed: marks the items whose last DELETE failed or stayed unverified, and
   * defers all but the `room` oldest, those that failed before coming last; then by project and session id. Verdicts and
   * fingerprint stay. Returns how many are deferred.
   */
  arrangePlan(planId: string, how: PlanArrangement): Promise<number>;
  /** Recomputes the fingerprint from what is stored. */
  planFingerprint(planId: string): Promise<string>;
  /** `open` to `applied`, once: false when somebody else has done so, or the plan is not open. */
  consumePlan(planId: string, runId: string): Promise<boolean>;
  /** When planning last read a project in full, as recorded; undefined: it was never listed. */
  lastReadInFull(projectId: number): Promise<number | undefined>;
  recordReadInFull(projectId: number, at: number): Promise<void>;
  /** Marks overdue plans `expired` and removes names and user ids of plans that are no longer `open`, except those in `keepPlanIds`. Rows of plans
   * that were closed 30 days ago go altogether. Returns how many plans were closed or lost names. */
  scrubPlans(now: number, keepPlanIds?: readonly string[]): Promise<number>;
}
