import type { AuditFacts } from '../core/audit-entry.ts';
import type { Conversation } from '../core/conversation.ts';
import { RetentionError } from '../core/errors.ts';
import { stopInWords } from '../core/findings.ts';
import { formatInstant } from '../core/instant.ts';
import { breachesOf, createAllowance, type Allowance, type Breach, type Spent } from '../core/limits.ts';
import { populationBreaches, populationsAfter } from '../core/population.ts';
import { countsOf, type PlanProject, type PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import { applyPlan } from './apply-plan.ts';
import {
  conductRun,
  type Ending,
  type OpenRun,
  type RunDeps,
  type RunRequest,
  type RunResult,
} from './conduct-run.ts';
import { auditFacts } from './context.ts';
import { NOTHING_KEPT_SINCE, type KeptSince } from './kept-since.ts';
import { makePlan } from './make-plan.ts';
import type { Relisting } from './recheck.ts';
import { refusal } from './refusal.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** One pass of one policy: plan, and where it says `enforce` and the limits hold, apply. */
export function runPolicy(deps: RunDeps, request: RunRequest): Promise<RunResult> {
  return conductRun(deps, request, async (run) => {
    const others = await deps.keeps.othersThan(run.policy.name);
    const plan = await planRun(deps, run, others);
    await reportIncomplete(deps, run, plan);
    const { stops } = plan.findings;
    sayFindings(deps, run, plan);
    if (run.policy.mode === 'dry-run')
      return { status: plan.projects.some(isIncomplete) ? 'partial' : 'completed', plan };
    const { spent, breaches } = await checkLimits(deps, run.policy, plan.projects);
    if (breaches.length + stops.length > 0) return refusal(plan, breaches);
    const allowance = createAllowance(run.policy.limits, plan.projects, spent);
    return applyConsumed(deps, {
      run,
      plan,
      allowance,
      relisting: undefined,
      lost: [],
      ...{ others, keptSince: NOTHING_KEPT_SINCE },
    });
  });
}

async function planRun(deps: RunDeps, run: OpenRun, others: readonly Policy[]): Promise<PlanSummary> {
  const { reader, policy, signals } = run;
  const { store, holds, clock, chance, log, progress } = deps;
  const plan = await makePlan(
    { reader, plans: store, audit: store.audit, clock, chance, log, progress },
    {
      policy,
      others,
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
  await store.updateRun(run.runId, { planId: plan.planId });
  return plan;
}

/** What stands against applying this plan, and what the policy has spent of its daily and weekly room, by the audit log. */
export async function checkLimits(
  deps: Pick<RunDeps, 'store' | 'clock'>,
  { name, limits }: Pick<Policy, 'name' | 'limits'>,
  projects: readonly PlanProject[],
): Promise<{ readonly spent: Spent; readonly breaches: readonly Breach[] }> {
  const spent = await spentBy(deps, { name });
  const known = await deps.store.knownPopulations(name);
  return {
    spent,
    breaches: [...populationBreaches(known, projects), ...breachesOf(limits, projects, spent)],
  };
}

async function spentBy(
  { store, clock }: Pick<RunDeps, 'store' | 'clock'>,
  policy: Pick<Policy, 'name'>,
): Promise<Spent> {
  const now = clock.now();
  return {
    lastDay: await store.audit.intendedSince(policy.name, now - DAY_MS),
    lastWeek: await store.audit.intendedSince(policy.name, now - 7 * DAY_MS),
  };
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
    readonly relisting: Relisting | undefined;
    /** Projects of the plan that must not be touched any more. */
    readonly lost: readonly number[];
    /** The other policies of the folder. */
    readonly others: readonly Policy[];
    readonly keptSince: KeptSince;
  },
): Promise<Ending> {
  const { run, plan, allowance } = parts;
  const { store, holds, clock, log, progress, verifyTimeoutMs, requestsPerMinute } = deps;
  if (!(await store.consumePlan(plan.planId, run.runId))) {
    throw new RetentionError('plan_stale', `plan ${plan.planId} was applied already`);
  }
  const known = await store.knownPopulations(plan.policy);
  await store.recordPopulations(plan.policy, populationsAfter(known, plan.projects));
  const { runId, policy, fence, isLeaseLive, clockWatch, deleter, signals } = run;
  const common = { runId, policy, fence, isLeaseLive, clockWatch, deleter, signals, plan, allowance };
  const context = {
    ...common,
    audit: store.audit,
    plans: store,
    holds,
    clock,
    log,
    progress,
    verifyTimeoutMs,
    requestsPerMinute,
  };
  const { unconfirmed, problem } = await applyPlan(context, parts);
  const outcomes = await store.audit.outcomeCounts(runId);
  const complete =
    outcomes.verified + outcomes.already_gone === countsOf(plan.projects).planned &&
    unconfirmed.length === 0 &&
    !plan.projects.some(isIncomplete);
  const facts = { plan_id: plan.planId, unconfirmed, ...(problem === undefined ? {} : { problem: 'brake' }) };
  return { status: complete ? 'completed' : 'partial', plan, problem, outcomes, facts };
}

function reappearance(run: OpenRun, { projectId, sessionId, createdAt }: Conversation): AuditFacts {
  const created = createdAt === undefined ? null : formatInstant(createdAt);
  const facts = { mark: 'reappeared', created_at: created };
  return auditFacts(run, 'conversation.marked', { about: { projectId, sessionId }, facts });
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
