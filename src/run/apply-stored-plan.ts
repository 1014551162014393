import type { Project } from '../core/conversation.ts';
import { RetentionError } from '../core/errors.ts';
import { createAllowance, createPlanAllowance } from '../core/limits.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import type { RunResult } from './around/close-run.ts';
import { conductRun } from './around/conduct-run.ts';
import { auditFacts } from './audit-facts.ts';
import type { Decider, RunDeps } from './context.ts';
import type { StopSignals } from './stop-signals.ts';
import { findProjects } from './plan/projects.ts';
import { createKeptSince } from './apply/kept-since.ts';
import { relist } from './apply/relist.ts';
import { exclusionsLost, refusal } from './around/refusal.ts';
import { checkLimits } from './plan/check-limits.ts';
import { consumePlan } from './apply/consume-plan.ts';
import { sayFindings } from './run-policy.ts';

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
  /** Who applies it, where that was said. */
  readonly by?: Decider | undefined;
  readonly signals: StopSignals;
}

/**
 * Executes exactly one stored plan. Throws `plan_stale` when it was applied, has expired, was altered, or its policy's
 * file is not what it was; a limit ends in a refused run, and a plan of another account in a failed one.
 */
export async function applyStoredPlan(deps: RunDeps, request: ApplyRequest): Promise<RunResult> {
  const { plan, policy, override, by, signals } = request;
  await assertApplicable(deps, plan, policy);
  return conductRun(deps, { policy, plan, by, trigger: 'manual', mode: 'enforce', signals }, async (run) => {
    const { store, clock } = run;
    const { projects, findings, planId } = plan;
    await store.runs.updateRun(run.runId, { planId });
    const check = await checkLimits(run, { policy, at: run.startedAt, projects });
    const { spent, refusing, deferring, room } = check;
    sayFindings(run, plan);
    if (findings.stops.length > 0 || (refusing.length > 0 && override === undefined))
      return refusal(plan, refusing);
    const others = await run.keeps.othersThan(policy.name);
    const { selected, visible } = await findProjects(run.reader, policy, run.signals.stop);
    const lostSince = await exclusionsLost(store.protections, policy, visible);
    // Limits that stand against it, too, were overridden.
    if (lostSince.length > 0) return refusal(plan, [], lostSince);
    if (refusing.length + deferring.length > 0 && override !== undefined) {
      const facts = { plan_id: planId, by: override.by, reason: override.reason };
      await store.audit.append([auditFacts(run, 'limits.overridden', { facts })], run.fence);
    }
    const relisting = await relist(run, plan);
    const isDeferred = override === undefined && deferring.length > 0;
    return consumePlan(run, {
      ...{ plan, others, relisting, bystanders: relisting.bystanders },
      lost: projectsLost(selected, plan),
      keptSince: createKeptSince(others, visible, clock.now()),
      allowance:
        override === undefined
          ? createAllowance(policy.limits, projects, spent)
          : createPlanAllowance(projects),
      deferral: { deferring, room: isDeferred ? room : undefined },
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
