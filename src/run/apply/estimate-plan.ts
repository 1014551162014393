import { estimate, type Estimate } from '../../core/estimate.ts';
import { countsOf, type PlanSummary } from '../../core/plan.ts';
import type { Policy } from '../../core/policy.ts';
import { SMALLEST_PAGE } from './delete-all.ts';
import { createRests, FRESH_MS } from './recheck.ts';

/**
 * What applying the plan would cost, from what planning it took: pages are read again before the first DELETE and for
 * the fresh listing at the end. `tookMs` is how long planning lasted.
 */
export function estimateOf(
  policy: Pick<Policy, 'rules' | 'concurrency'>,
  plan: Pick<PlanSummary, 'projects' | 'requestsUsed'>,
  observed: {
    readonly tookMs: number;
    readonly requestsPerMinute: number | 'unlimited';
    /** The other policies of the folder. */
    readonly others: readonly Policy[];
  },
): Estimate {
  const { planned } = countsOf(plan.projects);
  const projects = Math.max(1, plan.projects.length);
  const pages = plan.projects.reduce((sum, { listed }) => sum + Math.ceil(listed / SMALLEST_PAGE), projects);
  const common = {
    planned,
    projectsWithPlanned: plan.projects.filter((project) => project.planned > 0).length,
    listingRequestsPerProject: Math.ceil((2 * pages) / projects),
    requestsPerMinute: observed.requestsPerMinute,
    observedMsPerRequest: plan.requestsUsed === 0 ? undefined : observed.tookMs / plan.requestsUsed,
    concurrency: policy.concurrency,
  };
  const { lastMessage, listed } = createRests(policy, observed.others)(null);
  const withoutRecheck = estimate({ ...common, rechecked: 0 });
  const isLong = withoutRecheck.seconds * 1000 > FRESH_MS;
  const rechecked = lastMessage || (listed && isLong) ? planned : 0;
  return rechecked === 0 ? withoutRecheck : estimate({ ...common, rechecked });
}
