import type { Store } from '../core/ports/store.ts';
import { runCountsOf, type RunRecord } from '../core/run.ts';
import type { FinishedRun } from '../report/run-outcome.ts';

/** A run with its counts, folded from its plan and the audit log. */
export async function withCounts(
  store: Pick<Store, 'plans' | 'audit'>,
  run: RunRecord,
): Promise<FinishedRun> {
  const plan = run.planId === undefined ? undefined : await store.plans.plan(run.planId);
  const { counts, skipped } = await store.audit.outcomes(run.runId);
  return { run, plan, counts: runCountsOf(plan, counts), skipped };
}
