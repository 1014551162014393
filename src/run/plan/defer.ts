import { agesJudgedBy } from '../../core/decide.ts';
import type { PlanSummary } from '../../core/plan.ts';
import type { Policy } from '../../core/policy.ts';
import type { PlanArrangement, PlanStore } from '../../core/ports/plans.ts';
import type { Run } from '../context.ts';
import { fullRoomOf } from './check-limits.ts';

/** Runs looked back on for the latest one that applied a plan. */
const LOOKED_BACK = 10;

/** Brings the plan into the order in which it is applied, and leaves to later runs what there is no room for. */
export async function arrange(
  plans: Pick<PlanStore, 'arrangePlan'>,
  plan: PlanSummary,
  { room, policy }: Pick<PlanArrangement, 'room'> & { readonly policy: Pick<Policy, 'rules'> },
): Promise<PlanSummary> {
  return { ...plan, deferred: await plans.arrangePlan(plan.planId, { room, clocks: agesJudgedBy(policy) }) };
}

/** How many more runs, at least, what was deferred takes; undefined where nothing was, or no run may delete anything. */
export function runsRemaining({ limits }: Pick<Policy, 'limits'>, deferred: number): number | undefined {
  const room = fullRoomOf(limits);
  return deferred === 0 || room === 0 ? undefined : Math.ceil(deferred / room);
}

/** Says that more was left than the time before: then the limits are too small for what expires. */
export async function warnOfGrowth(
  { store, policy, warn, runId: own }: Pick<Run, 'store' | 'policy' | 'warn' | 'runId'>,
  deferred: number,
): Promise<void> {
  if (deferred === 0) return;
  const recent = await store.runs.runs({ policy: policy.name, limit: LOOKED_BACK });
  for (const { runId, planId } of recent) {
    const before = runId === own || planId === undefined ? undefined : await store.plans.plan(planId);
    if (before?.status !== 'applied') continue;
    if (before.deferred > 0 && deferred > before.deferred)
      warn(
        `The backlog grows: ${deferred} conversations are deferred, and the run before deferred ${before.deferred}. Raise the limits of the policy, or run it more often.`,
      );
    return;
  }
}
