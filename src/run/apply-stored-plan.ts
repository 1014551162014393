import type { Project } from '../core/conversation.ts';
import { RetentionError } from '../core/errors.ts';
import { createAllowance, createPlanAllowance } from '../core/limits.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import { conductRun, type RunDeps, type RunResult } from './around/conduct-run.ts';
import { auditFacts, type StopSignals } from './context.ts';
import { findProjects } from './plan/projects.ts';
import { createKeptSince } from './apply/kept-since.ts';
import { relist } from './apply/relist.ts';
import { exclusionsLost, refusal } from './around/refusal.ts';
import { checkLimits } from './plan/check-limits.ts';
import { applyConsumed, sayFindings } from './run-policy.ts';

/** A person's word that one plan may pass the limits. */
export interface Override {
  readonly by: string;
  readonly reason: string;
}

export interface ApplyRequest {
  readonly plan: PlanSummary;
  /** The policy's file as it is now. */
  readonly policy: Policy;
  readonly override: Override | undefined;
  readonly signals: StopSignals;
}

/**
 * Executes exactly one stored plan. Throws `plan_stale` when it was applied, has expired, was altered, or its policy's
 * file is not what it was; a limit ends in a refused run, and a plan of another account in a failed one.
 */
export async function applyStoredPlan(deps: RunDeps, request: ApplyRequest): Promise<RunResult> {
  const { plan, policy, override, signals } = request;
  await assertApplicable(deps, plan, policy);
  return conductRun(deps, { policy, plan, trigger: 'manual', mode: 'enforce', signals }, async (run) => {
    const { store, clock, log } = deps;
    await store.runs.updateRun(run.runId, { planId: plan.planId });
    const { spent, refusing, deferring, room } = await checkLimits(deps, {
      ...{ policy, at: run.startedAt, projects: plan.projects },
    });
    sayFindings(deps, run, plan);
    const isStopped = plan.findings.stops.length > 0;
    if (isStopped || (refusing.length > 0 && override === undefined)) return refusal(plan, refusing);
    const others = await deps.keeps.othersThan(policy.name);
    const { selected, visible } = await findProjects(run.reader, policy, run.signals.stop);
    const lostSince = await exclusionsLost(store.protections, policy, visible);
    // Limits that stand against it, too, were overridden.
    if (lostSince.length > 0) return refusal(plan, [], lostSince);
    if (refusing.length + deferring.length > 0 && override !== undefined) {
      const facts = { plan_id: plan.planId, by: override.by, reason: override.reason };
      await store.audit.append([auditFacts(run, 'limits.overridden', { facts })], run.fence);
    }
    const lost = projectsLost(selected, plan);
    const keptSince = createKeptSince(others, visible, clock.now());
    const relisting = await relist({
      ...{ deleter: run.deleter, clock, log, signals: run.signals, plan },
      plans: store.plans,
    });
    const allowance =
      override === undefined
        ? createAllowance(policy.limits, plan.projects, spent)
        : createPlanAllowance(plan.projects);
    const isDeferred = override === undefined && deferring.length > 0;
    const deferral = { deferring, room: isDeferred ? room : undefined };
    return applyConsumed(deps, {
      ...{ run, plan, allowance, deferral, relisting, lost, others, keptSince },
      bystanders: relisting.bystanders,
    });
  });
}

/** Projects of the plan that the policy no longer covers, by today's names, or that the key no longer sees. */
function projectsLost(selected: readonly Project[], plan: PlanSummary): readonly number[] {
  const ids = new Set(selected.map(({ id }) => id));
  return plan.projects
    .filter(({ planned, projectId }) => planned > 0 && !ids.has(projectId))
    .map((p) => p.projectId);
}

async function assertApplicable(deps: RunDeps, plan: PlanSummary, policy: Policy): Promise<void> {
  const stale = (message: string): RetentionError =>
    new RetentionError('plan_stale', `plan ${plan.planId}: ${message}`, {
      hint: `Make a new one: customgpt-retention plan --policy ${plan.policy}`,
    });
  if (plan.status === 'applied') throw stale('it was applied already');
  if (plan.status !== 'open' || deps.clock.now() > plan.expiresAt) throw stale('it has expired');
  if (policy.hash !== plan.policyHash) throw stale('its policy was edited since');
  if ((await deps.store.plans.planFingerprint(plan.planId)) !== plan.fingerprint) {
    throw stale('what is stored is not what was planned');
  }
}
