import { RetentionError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { asOf, findPlan } from '../plan-document.ts';
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
    const plan = asOf(await findPlan(store.plans, show, world.output.note), world.surroundings.clock.now());
    const items = store.plans.planItems(plan.planId);
    const { timeZone } = settings;
    await showPlans({ ...world, timeZone }, [{ plan, items, cost: undefined, breaches: [] }]);
    return EXIT.done;
  });
};
