import { kindOf } from '../../core/deletion/evidence.ts';
import { RetentionError } from '../../core/errors.ts';
import type { Breach } from '../../core/limits.ts';
import { lostFromSight, populationsAfter } from '../../core/population.ts';
import { countsOf, isIncomplete, type PlanSummary } from '../../core/plan.ts';
import type { PlanArrangement } from '../../core/ports/plans.ts';
import type { Ending } from '../around/close-run.ts';
import { breachFacts } from '../around/refusal.ts';
import type { Run } from '../context.ts';
import { dateOf } from '../plan/bystanders.ts';
import { arrange, runsRemaining, warnOfGrowth } from '../plan/defer.ts';
import { applyPlan, type ApplyRequest } from './apply-plan.ts';

export interface ConsumeRequest extends ApplyRequest {
  /** What the limits leave to later runs; `room` undefined: nothing. */
  readonly deferral: Pick<PlanArrangement, 'room'> & { readonly deferring: readonly Breach[] };
}

/** Applies a plan for this run, once: whoever consumes it first has it. Throws `plan_stale` where somebody else did. */
export async function consumePlan(run: Run, { deferral, ...request }: ConsumeRequest): Promise<Ending> {
  const { store, policy } = run;
  const plan = await arrange(store.plans, request.plan, { room: deferral.room, policy });
  if (!(await store.plans.consumePlan(plan.planId, run.runId))) {
    throw new RetentionError('plan_stale', `plan ${plan.planId} was applied already`);
  }
  if (plan.deferred > 0) await noteDeferred(run, plan, request);
  await rememberPopulations(run, plan);
  await warnOfGrowth(run, plan.deferred);
  const problem = await applyPlan(run, { ...request, plan });
  const outcomes = await store.audit.outcomes(run.runId);
  const { verified, already_gone: alreadyGone } = outcomes.counts;
  const isDone = verified + alreadyGone === countsOf(plan.projects).planned - plan.deferred;
  const facts = {
    plan_id: plan.planId,
    ...(problem === undefined ? {} : { problem: 'brake' }),
    ...(plan.deferred === 0 ? {} : { deferred_by: deferral.deferring.map(breachFacts) }),
  };
  const remaining = runsRemaining(policy, plan.deferred);
  const status = isDone && !plan.projects.some(isIncomplete) ? 'completed' : 'partial';
  return { status, plan, problem, outcomes, facts, runsRemaining: remaining };
}

async function rememberPopulations({ store, warn }: Run, { policy, projects }: PlanSummary): Promise<void> {
  const known = await store.populations.knownPopulations(policy);
  for (const { projectId, count } of lostFromSight(known, projects)) {
    warn(
      `project ${projectId} (${count} conversations at the last run) is no longer listed, or no longer covered by the policy: nothing of it was looked at`,
    );
  }
  await store.populations.recordPopulations(policy, populationsAfter(known, projects));
}

/** What is left to later runs has to be shown still after this one, like all that it does not delete. */
async function noteDeferred(
  { store, reader }: Run,
  plan: PlanSummary,
  { bystanders, relisting }: Pick<ApplyRequest, 'bystanders' | 'relisting'>,
): Promise<void> {
  const viewer = reader.viewer();
  for await (const item of store.plans.planItems(plan.planId)) {
    const { sessionId, projectId, seen } = item;
    if (item.deferred !== true || sessionId === null) continue;
    if (relisting !== undefined && relisting.look({ ...item, sessionId }) === 'not_listed') continue;
    bystanders.note(projectId, kindOf(seen.createdBy, viewer), dateOf(seen.createdAt));
  }
}
