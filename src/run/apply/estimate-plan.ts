import { restsOnChangeableTraits } from '../../core/decide.ts';
import { estimate, type Estimate } from '../../core/estimate.ts';
import { restsOnForeignKeeps } from '../../core/foreign-keeps.ts';
import { countsOf, type PlanSummary } from '../../core/plan.ts';
import type { Policy } from '../../core/policy.ts';
import { FRESH_MS } from './recheck.ts';

/** Conversations on a page: 10 in the vendor's example, unrecorded; never seen smaller. */
const SMALLEST_PAGE = 10;

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
  const rests = restsOnChangeableTraits(policy, null);
  const foreign = restsOnForeignKeeps(observed.others);
  const lastMessage = rests.lastMessage || foreign.lastMessage;
  const listed = rests.listed || foreign.listed;
  const withoutRecheck = estimate({ ...common, rechecked: 0 });
  const isLong = withoutRecheck.seconds * 1000 > FRESH_MS;
  const rechecked = lastMessage || (listed && isLong) ? planned : 0;
  return rechecked === 0 ? withoutRecheck : estimate({ ...common, rechecked });
}
