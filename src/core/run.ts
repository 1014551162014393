import type { OutcomeCounts } from './outcome.ts';
import { countsOf, type PlanCounts, type PlanSummary } from './plan.ts';
import type { Mode } from './policy.ts';

export type Trigger = 'schedule' | 'manual' | 'catch-up';
export type RunStatus = 'running' | 'completed' | 'partial' | 'refused' | 'failed' | 'interrupted';

/** Requests on the wire, by purpose. */
export const PURPOSES = ['list', 'messages', 'calibrate', 'delete', 'verify', 'control', 'account'] as const;
export type Purpose = (typeof PURPOSES)[number];
export type RequestCounts = Readonly<Record<Purpose, number>>;

export function totalRequests(requests: RequestCounts): number {
  return PURPOSES.reduce((sum, purpose) => sum + requests[purpose], 0);
}

/** `deferred`: planned, and left to a later run. */
export type RunCounts = PlanCounts & OutcomeCounts & { readonly deferred: number };

export function runCountsOf(
  plan: Pick<PlanSummary, 'projects' | 'deferred'> | undefined,
  outcomes: OutcomeCounts,
): RunCounts {
  return { ...countsOf(plan?.projects ?? []), deferred: plan?.deferred ?? 0, ...outcomes };
}

export interface RunRecord {
  readonly runId: string;
  readonly policy: string;
  readonly policyHash: string;
  readonly mode: Mode;
  readonly trigger: Trigger;
  /** The instant the schedule named; undefined for manual runs. */
  readonly slotAt: number | undefined;
  readonly planId: string | undefined;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly requests: RequestCounts | undefined;
  /** Hash of the run's last audit entry. */
  readonly auditHead: string | undefined;
  /** Why it was refused or failed, in one line; undefined otherwise. */
  readonly problem: string | undefined;
  /** What a person should look at, one sentence each. Never a name, a text, or the key. */
  readonly warnings: readonly string[];
  /** How many runs of the policy right before this one ended in the same way. */
  readonly asBefore: number;
  /** Equal for two runs that ended in the same way; undefined while it runs, and for one that was completed. */
  readonly endedAs?: string | undefined;
  /** When the first of those runs started that ended in the same way; undefined when this is the first. */
  readonly alikeSince?: number | undefined;
  /** How many more runs, at least, what was deferred takes; undefined when nothing was. */
  readonly runsRemaining?: number | undefined;
}
