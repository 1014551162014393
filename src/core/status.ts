import type { Policy } from './policy.ts';
import type { RunRecord } from './run.ts';
import { decideSlot, nextSlot, ON_TIME_MS } from './slots.ts';

/** How the runs of a policy went, by their records. */
export interface RunHistory {
  /** The latest, ended or not. */
  readonly last: RunRecord | undefined;
  /** The latest that has ended. */
  readonly lastEnded: RunRecord | undefined;
  /** The latest that was `completed`. */
  readonly lastSuccess: RunRecord | undefined;
  /** Runs since then that ended otherwise. */
  readonly failuresInARow: number;
}

/**
 * `ok`: its last run was completed. `failing`: it was not, or its worker vanished in mid-run. `overdue`: a slot has passed, and nobody ran it. `waiting`: it has not
 * had a run yet, and none is due.
 */
export type PolicyState = 'ok' | 'failing' | 'overdue' | 'waiting';

export interface PolicyStatus {
  readonly policy: Policy;
  readonly state: PolicyState;
  /** A run is marked as running, and no worker has the right to run it any more. */
  readonly isAbandoned: boolean;
  readonly history: RunHistory;
  /** The slot that nobody has run; undefined: none is owed. */
  readonly dueAt: number | undefined;
  /** The next slot; undefined without a schedule, or for one that names no further date. */
  readonly nextAt: number | undefined;
}

/** What is known of a policy beside its runs. */
export interface Standing {
  /** The last slot that was run or caught up; undefined: no daemon has seen it yet. */
  readonly lastSlotAt: number | undefined;
  /** Whether a worker holds its lease. */
  readonly isHeld: boolean;
  readonly now: number;
}

/** How a policy stands. */
export function policyStatus(policy: Policy, history: RunHistory, standing: Standing): PolicyStatus {
  const { schedule } = policy;
  const { now, isHeld } = standing;
  const dueAt = overdueSlot(policy, standing);
  const isAbandoned = history.last?.status === 'running' && !isHeld;
  const nextAt = schedule === undefined ? undefined : nextSlot(schedule, now);
  return { policy, history, dueAt, nextAt, isAbandoned, state: stateOf(history, dueAt, isAbandoned) };
}

function stateOf(
  { last, lastEnded }: RunHistory,
  dueAt: number | undefined,
  isAbandoned: boolean,
): PolicyState {
  if (isAbandoned) return 'failing';
  // A run that is under way is the one that is due.
  if (dueAt !== undefined && last?.status !== 'running') return 'overdue';
  if (lastEnded === undefined) return 'waiting';
  return lastEnded.status === 'completed' ? 'ok' : 'failing';
}

/** A slot is nobody's debt before a daemon has seen the policy, nor for as long as it may still be run on time. */
function overdueSlot(
  { schedule }: Policy,
  { lastSlotAt, now }: Pick<Standing, 'lastSlotAt' | 'now'>,
): number | undefined {
  if (schedule === undefined || lastSlotAt === undefined) return undefined;
  const decision = decideSlot({ schedule, lastSlotAt, settledAt: lastSlotAt, now: now - ON_TIME_MS });
  return decision.kind === 'due' ? decision.slotAt : undefined;
}

/** Whether somebody has to look. */
export function needsAttention({ state }: Pick<PolicyStatus, 'state'>): boolean {
  return state === 'failing' || state === 'overdue';
}
