import type { Fact } from '../../core/audit-entry.ts';
import { isFault, type RetentionError } from '../../core/errors.ts';
import type { RunOutcomes } from '../../core/last-outcomes.ts';
import { NO_OUTCOMES, type SkipCounts } from '../../core/outcome.ts';
import type { PlanSummary } from '../../core/plan.ts';
import { runCountsOf, type RunCounts, type RunRecord, type RunStatus } from '../../core/run.ts';
import { auditFacts } from '../audit-facts.ts';
import type { OpenedRun } from './open-run.ts';
import { comparedWithBefore, endBy, eventOf } from './run-end.ts';
import { scrubIdlePlans } from './scrub.ts';

/** How the body of a run ended. */
export interface Ending {
  readonly status: Exclude<RunStatus, 'running' | 'interrupted'>;
  readonly plan: PlanSummary | undefined;
  readonly problem?: string | undefined;
  /** What the audit log says of its deletions, where that was asked: it takes as long as reading them all. */
  readonly outcomes?: RunOutcomes;
  /** How many more runs what was deferred takes. */
  readonly runsRemaining?: number | undefined;
  /** The event's own facts, beside status and counts. */
  readonly facts?: { readonly [key: string]: Fact };
}

export type EndingOrFault = Ending | { readonly fault: RetentionError };

export interface RunResult {
  readonly run: RunRecord;
  readonly counts: RunCounts;
  /** Why what was skipped was. */
  readonly skipped: SkipCounts;
  readonly plan: PlanSummary | undefined;
  /** What ended the run early; undefined when it came to its own end. */
  readonly fault: RetentionError | undefined;
}

/** Writes how a run ended: its last audit entry, its record, its slot. Where the state cannot be written, the result says so. */
export async function closeRun(
  opened: OpenedRun,
  ending: EndingOrFault,
  remarks: readonly string[],
): Promise<RunResult> {
  // A state that cannot be written cannot hold this run's end either; what was done stands in the log so far.
  if ('fault' in ending && ending.fault.kind === 'state_unusable') return unrecorded(opened, ending.fault);
  remarks.forEach(opened.run.warn);
  try {
    return await recorded(opened, ending);
  } catch (error) {
    if (!isFault(error, 'state_unusable')) throw error;
    return unrecorded(opened, error);
  }
}

async function recorded({ run, record }: OpenedRun, ending: EndingOrFault): Promise<RunResult> {
  const { store, clock, runId } = run;
  const fault = 'fault' in ending ? ending.fault : undefined;
  const ended: Omit<Ending, 'status'> & Pick<RunRecord, 'status'> =
    'fault' in ending ? { ...endBy(ending.fault), plan: await planOf(run) } : ending;
  const { status, plan, problem, outcomes, facts, runsRemaining } = ended;
  const { counts: outcomeCounts, skipped } = outcomes ?? (await store.audit.outcomes(runId));
  const counts = runCountsOf(plan, outcomeCounts);
  const requests = run.reader.requestCounts();
  const common = { status, counts: { ...counts }, requests: { ...requests } };
  const written = await store.audit.append([
    auditFacts(run, eventOf(status), { facts: { ...facts, ...common } }),
  ]);
  const change = {
    ...{ status, endedAt: clock.now(), requests, auditHead: written.at(-1)?.hash, problem },
    warnings: [...run.warnings],
    runsRemaining,
    ...(await comparedWithBefore(store.runs, run, { status, counts, plan, facts })),
  };
  await store.runs.updateRun(runId, change);
  // Before the lease is given back. An interrupted run leaves its slot due.
  if (run.slotAt !== undefined && status !== 'interrupted')
    await store.runs.recordSlot(run.policy.name, run.slotAt);
  await scrubIdlePlans(store, clock.now());
  return { run: { ...record, ...change, planId: plan?.planId }, counts, skipped, plan, fault };
}

async function unrecorded({ run, record }: OpenedRun, fault: RetentionError): Promise<RunResult> {
  const { store, clock, runId } = run;
  // Reading may still work where writing does not; if not, nothing is known, and nothing is claimed.
  const outcomes = await store.audit.outcomes(runId).catch(() => undefined);
  const plan = await planOf(run).catch(() => undefined);
  const counts = runCountsOf(plan, outcomes?.counts ?? NO_OUTCOMES);
  const ended = { status: 'failed', endedAt: clock.now(), problem: fault.message } as const;
  const requests = run.reader.requestCounts();
  return {
    run: { ...record, ...ended, requests, planId: plan?.planId, warnings: [...run.warnings] },
    ...{ counts, skipped: {}, plan, fault },
  };
}

async function planOf({ store, runId }: OpenedRun['run']): Promise<PlanSummary | undefined> {
  const planId = (await store.runs.run(runId))?.planId;
  return planId === undefined ? undefined : store.plans.plan(planId);
}
