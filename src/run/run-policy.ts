import type { Viewer } from '../core/account.ts';
import type { AuditFacts } from '../core/audit-entry.ts';
import type { Conversation } from '../core/conversation.ts';
import { kindOf } from '../core/deletion/evidence.ts';
import { RetentionError } from '../core/errors.ts';
import { stopInWords } from '../core/findings.ts';
import { formatRoughly } from '../core/instant.ts';
import { createAllowance, type Allowance, type Breach } from '../core/limits.ts';
import { lostFromSight, populationsAfter } from '../core/population.ts';
import { countsOf, type PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import type { PlanStore } from '../core/ports/plans.ts';
import { applyPlan } from './apply/apply-plan.ts';
import { checkLimits } from './plan/check-limits.ts';
import {
  conductRun,
  type Ending,
  type OpenRun,
  type RunDeps,
  type RunRequest,
  type RunResult,
} from './around/conduct-run.ts';
import { auditFacts } from './context.ts';
import { NOTHING_KEPT_SINCE, type KeptSince } from './apply/kept-since.ts';
import { arrange, runsRemaining, warnOfGrowth } from './plan/defer.ts';
import { makePlan } from './plan/make-plan.ts';
import type { Relisting } from './apply/relist.ts';
import { breachFacts, refusal } from './around/refusal.ts';
import { Bystanders, dateOf } from './plan/bystanders.ts';

/** One pass of one policy: plan, and where it says `enforce` and the limits hold, apply. */
export function runPolicy(deps: RunDeps, request: RunRequest): Promise<RunResult> {
  return conductRun(deps, request, async (run) => {
    const others = await deps.keeps.othersThan(run.policy.name);
    const bystanders = new Bystanders();
    const plan = await planRun(deps, run, { others, bystanders });
    await reportIncomplete(deps, run, plan);
    const { stops } = plan.findings;
    sayFindings(deps, run, plan);
    if (run.policy.mode === 'dry-run')
      return { status: plan.projects.some(isIncomplete) ? 'partial' : 'completed', plan };
    const { policy, startedAt: at } = run;
    const { spent, refusing, deferring, room } = await checkLimits(deps, {
      ...{ policy, at, projects: plan.projects },
    });
    if (refusing.length + stops.length > 0) return refusal(plan, refusing);
    const allowance = createAllowance(policy.limits, plan.projects, spent);
    const deferral = { deferring, room: deferring.length === 0 ? undefined : room };
    return applyConsumed(deps, {
      ...{ run, plan, allowance, deferral, others },
      ...{ relisting: undefined, lost: [], keptSince: NOTHING_KEPT_SINCE, bystanders },
    });
  });
}

async function planRun(
  deps: RunDeps,
  run: OpenRun,
  { others, bystanders }: { readonly others: readonly Policy[]; readonly bystanders: Bystanders },
): Promise<PlanSummary> {
  const { reader, policy, signals } = run;
  const { store, holds, clock } = deps;
  const plan = await makePlan(
    { ...deps, reader },
    {
      policy,
      account: run.account.text,
      others,
      bystanders,
      holds: await holds.holdsInForce(clock.now()),
      withKept: false,
      signal: signals.stop,
      onReappeared: async (conversations) => {
        await store.audit.append(
          conversations.map((one) => reappearance(run, one)),
          run.fence,
        );
      },
    },
  );
  await store.runs.updateRun(run.runId, { planId: plan.planId });
  return plan;
}

/** Says what the plan found of its protections: in a dry run also what would refuse it. */
export function sayFindings({ log }: Pick<RunDeps, 'log'>, run: OpenRun, plan: PlanSummary): void {
  const { protections, warnings, stops } = plan.findings;
  if (protections.length > 0) {
    const matched = protections.map((one) => ({ kind: one.kind, name: one.name, matched: one.matched }));
    log.info({ policy: run.policy.name, protections: matched }, 'how often each protection matched');
  }
  for (const warning of warnings) run.warn(warning);
  if (run.policy.mode === 'dry-run') for (const stop of stops) run.warn(stopInWords(stop));
}

/** Applies a plan for this run, once: whoever consumes it first has it. */
export async function applyConsumed(
  deps: RunDeps,
  parts: {
    readonly run: OpenRun;
    readonly plan: PlanSummary;
    readonly allowance: Allowance;
    /** What the limits leave to later runs; `room` undefined: nothing. */
    readonly deferral: { readonly room: number | undefined; readonly deferring: readonly Breach[] };
    readonly relisting: Relisting | undefined;
    readonly bystanders: Bystanders;
    /** Projects of the plan that must not be touched any more. */
    readonly lost: readonly number[];
    /** The other policies of the folder. */
    readonly others: readonly Policy[];
    readonly keptSince: KeptSince;
  },
): Promise<Ending> {
  const { run, allowance, deferral, bystanders } = parts;
  const { store, holds, clock, chance, log, progress, verifyTimeoutMs, requestsPerMinute } = deps;
  const plan = await arrange(store.plans, parts.plan, { room: deferral.room, policy: run.policy });
  if (!(await store.plans.consumePlan(plan.planId, run.runId))) {
    throw new RetentionError('plan_stale', `plan ${plan.planId} was applied already`);
  }
  if (plan.deferred > 0) await noteDeferred({ plans: store.plans, viewer: run.reader.viewer() }, plan, parts);
  const known = await store.populations.knownPopulations(plan.policy);
  for (const { projectId, count } of lostFromSight(known, plan.projects)) {
    run.warn(
      `project ${projectId} (${count} conversations at the last run) is no longer listed, or no longer covered by the policy: nothing of it was looked at`,
    );
  }
  await store.populations.recordPopulations(plan.policy, populationsAfter(known, plan.projects));
  const { runId, policy, account, fence, isLeaseLive, clockWatch, deleter, signals, warn } = run;
  const context = {
    ...{ runId, policy, account, fence, isLeaseLive, clockWatch, deleter, signals, warn },
    ...{ plan, allowance, bystanders, audit: store.audit, plans: store.plans },
    ...{ holds, clock, chance, log, progress, verifyTimeoutMs, requestsPerMinute },
  };
  await warnOfGrowth(store, run, plan.deferred);
  const { problem } = await applyPlan(context, parts);
  const outcomes = await store.audit.outcomes(runId);
  const { verified, already_gone: alreadyGone } = outcomes.counts;
  const complete =
    verified + alreadyGone === countsOf(plan.projects).planned - plan.deferred &&
    !plan.projects.some(isIncomplete);
  const facts = {
    plan_id: plan.planId,
    ...(problem === undefined ? {} : { problem: 'brake' }),
    ...(plan.deferred === 0 ? {} : { deferred_by: deferral.deferring.map(breachFacts) }),
  };
  const remaining = runsRemaining(run.policy, plan.deferred);
  const status = complete ? 'completed' : 'partial';
  return { status, plan, problem, outcomes, facts, runsRemaining: remaining };
}

/** What is left to later runs has to be shown still after this one, like all that it does not delete. */
async function noteDeferred(
  { plans, viewer }: { readonly plans: PlanStore; readonly viewer: Viewer },
  plan: PlanSummary,
  { bystanders, relisting }: { readonly bystanders: Bystanders; readonly relisting: Relisting | undefined },
): Promise<void> {
  for await (const item of plans.planItems(plan.planId)) {
    const { sessionId, projectId, seen } = item;
    if (item.deferred !== true || sessionId === null) continue;
    if (relisting !== undefined && relisting.look({ ...item, sessionId }) === 'not_listed') continue;
    bystanders.note(projectId, kindOf(seen.createdBy, viewer), dateOf(seen.createdAt));
  }
}

function reappearance(run: OpenRun, { projectId, sessionId, createdAt }: Conversation): AuditFacts {
  const created = createdAt === undefined ? null : formatRoughly(createdAt);
  const facts = { created_at: created };
  return auditFacts(run, 'conversation.reappeared', { about: { projectId, sessionId }, facts });
}

async function reportIncomplete({ store }: RunDeps, run: OpenRun, plan: PlanSummary): Promise<void> {
  const entries = plan.projects.filter(isIncomplete).map(({ projectId, incomplete }) =>
    auditFacts(run, 'listing.incomplete', {
      about: { projectId },
      facts: { phase: 'plan', reason: incomplete ?? '' },
    }),
  );
  if (entries.length > 0) await store.audit.append(entries, run.fence);
}

function isIncomplete(project: PlanSummary['projects'][number]): boolean {
  return project.incomplete !== undefined;
}
