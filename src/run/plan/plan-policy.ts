import type { PlanSummary } from '../../core/plan.ts';
import type { Policy } from '../../core/policy.ts';
import type { Run } from '../context.ts';
import { makePlan } from './make-plan.ts';
import type { Planner, PlanRequest } from './planning.ts';

export interface Planned {
  readonly plan: PlanSummary;
  /** The other policies of the folder, by which it was made. */
  readonly others: readonly Policy[];
  /** Milliseconds that it took. */
  readonly tookMs: number;
}

/** A plan by the holds and by what the other policies keep as their files say now. Throws RetentionError as `makePlan` does. */
export async function planPolicy(
  planner: Planner & Pick<Run, 'keeps' | 'holds'>,
  request: Omit<PlanRequest, 'others' | 'holds'>,
): Promise<Planned> {
  const { clock } = planner;
  const others = await planner.keeps.othersThan(request.policy.name);
  const holds = await planner.holds.holdsInForce(clock.now());
  await planner.store.policies.keepPolicy(request.policy);
  const startedAt = clock.monotonic();
  const plan = await makePlan(planner, { ...request, others, holds });
  return { plan, others, tookMs: clock.monotonic() - startedAt };
}
