import { RetentionError } from '../../core/errors.ts';
import { runsJson } from '../../report/run-json.ts';
import { runSummary } from '../../report/run-text.ts';
import { applyStoredPlan, type Override } from '../../run/apply-stored-plan.ts';
import type { Decider } from '../../run/context.ts';
import type { Command } from '../command.ts';
import { exitCodeOfRun } from '../exit-codes.ts';
import { textOf } from '../flag-text.ts';
import { findPlan } from '../plan-document.ts';
import { policyOfPlan } from '../policy-of-plan.ts';
import { loadNeighbours } from '../policies.ts';
import { withStops } from '../stopping.ts';
import { withWorker } from '../compose.ts';

export interface ApplyInput {
  /** A plan's id, or the file that `plan --out` wrote. */
  readonly plan: string;
  readonly overrideLimits?: boolean;
  readonly by?: string;
  readonly reason?: string;
}

/** Executes exactly one stored plan. */
export const apply: Command<ApplyInput> = async (world, input) => {
  const { by, override } = personIn(input);
  return withWorker(world, { forPeople: true }, async (worker) => {
    const plan = await findPlan(worker.store.plans, input.plan, world.output.note);
    const policy = await policyOfPlan(plan);
    const deps = worker.depsWith(await loadNeighbours(world, policy.path));
    // A run of its own policy asks when it plans; a plan was made before, so what is held since is asked here.
    await deps.holds.holdsInForce(deps.clock.now());
    const result = await withStops(world.surroundings, worker.home, (signals) =>
      applyStoredPlan(deps, { plan, policy, override, by, signals }),
    );
    const { commandLine } = world;
    const { timeZone } = worker.settings;
    await world.output.lines(...runSummary(result, { commandLine, timeZone }));
    await world.output.document(runsJson([result]));
    if (result.fault !== undefined) world.output.problem(result.fault);
    return exitCodeOfRun(result);
  });
};

/** Who applies the plan, and whether the limits are overridden. Throws `usage`. */
function personIn({ overrideLimits, by, reason }: ApplyInput): {
  readonly by: Decider | undefined;
  readonly override: Override | undefined;
} {
  if (overrideLimits === true && !(by?.trim() && reason?.trim())) {
    throw new RetentionError('usage', '--override-limits needs --by WHO and --reason TEXT', {
      hint: 'customgpt-retention apply PLAN --override-limits --by "J. Doe" --reason "backlog of 2024, ticket 4711"',
    });
  }
  if (by === undefined) {
    if (reason !== undefined) throw new RetentionError('usage', '--reason needs --by WHO');
    return { by: undefined, override: undefined };
  }
  const who = textOf('--by', by);
  const why = reason === undefined ? undefined : textOf('--reason', reason);
  const override = overrideLimits === true && why !== undefined ? { by: who, reason: why } : undefined;
  return { by: { by: who, reason: why }, override };
}
