import { isFault, RetentionError } from '../core/errors.ts';
import type { Store } from '../core/ports/store.ts';
import { asOf, findPlan } from './plan-document.ts';
import type { ReportSubject } from './report-of.ts';
import { withCounts } from './run-counts.ts';

/** What an id is about. Throws RetentionError `usage` where it is neither a plan's nor a run's. */
export async function subjectOf(store: Store, id: string, now: number): Promise<ReportSubject> {
  const run = await store.runs.run(id);
  if (run !== undefined) {
    const finished = await withCounts(store, run);
    return { finished, plan: finished.plan };
  }
  try {
    return { plan: asOf(await findPlan(store.plans, id), now) };
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
