import { RetentionError } from '../../core/errors.ts';
import type { PlanSummary } from '../../core/plan.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findPlan } from '../plan-document.ts';
import { showPlans } from '../show-plans.ts';
import { withHistory } from '../history.ts';

export interface PlanShowInput {
  /** Id, or the file that `plan --out` wrote. */
  readonly show: string;
  /** Arguments that make a new plan, and have no place here. */
  readonly others: readonly string[];
}

/** A stored plan once more, as it was decided. Sends nothing and changes nothing. */
export const planShow: Command<PlanShowInput> = async (world, { show, others }) => {
  if (others.length > 0) {
    throw new RetentionError('usage', `--show prints a stored plan and takes no ${others.join(', ')}`, {
      hint: 'Leave --show out to make a new plan.',
    });
  }
  const settings = world.settings();
  return withHistory(world, async (store) => {
    const plan = await findPlan(store.plans, show);
    // Marked by the next run only; nobody can apply it any more.
    const isOverdue = plan.status === 'open' && plan.expiresAt <= world.surroundings.clock.now();
    const items = store.plans.planItems(plan.planId);
    const shown: PlanSummary = isOverdue ? { ...plan, status: 'expired' } : plan;
    const { timeZone } = settings;
    await showPlans({ ...world, timeZone }, [{ plan: shown, items, cost: undefined, breaches: [] }]);
    return EXIT.done;
  });
};
