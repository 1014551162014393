import { isFault, RetentionError } from '../core/errors.ts';
import type { Store } from '../core/ports/store.ts';
import { asOf, findPlan } from './plan-document.ts';
import type { ReportSubject } from './report-of.ts';
import { withCounts } from './run-counts.ts';
import { wholeRunId, type Say } from './whole-ids.ts';

/** What an id, or the start of one, is about. Throws RetentionError `usage` where it is neither a plan's nor a run's. */
export async function subjectOf(
  store: Store,
  id: string,
  { now, say }: { readonly now: number; readonly say: Say },
): Promise<ReportSubject> {
  const run = await store.runs.run(await wholeRunId(store.runs, id, say));
  if (run !== undefined) {
    const finished = await withCounts(store, run);
    return { finished, plan: finished.plan };
  }
  try {
    return { plan: asOf(await findPlan(store.plans, id, say), now) };
  } catch (error) {
    if (!isFault(error, 'plan_stale')) throw error;
    throw new RetentionError(
      'usage',
      `${id} is neither a plan, a plan file nor a run of this state directory`,
      {
        hint: 'See: customgpt-retention runs',
      },
    );
  }
}
