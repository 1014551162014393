import type { AuditFacts } from '../core/audit-entry.ts';
import type { Conversation } from '../core/conversation.ts';
import { stopInWords } from '../core/findings.ts';
import { formatRoughly } from '../core/instant.ts';
import { createAllowance } from '../core/limits.ts';
import { isIncomplete, type PlanSummary } from '../core/plan.ts';
import { consumePlan } from './apply/consume-plan.ts';
import { NOTHING_KEPT_SINCE } from './apply/kept-since.ts';
import type { RunResult } from './around/close-run.ts';
import { conductRun } from './around/conduct-run.ts';
import { refusal } from './around/refusal.ts';
import { auditFacts } from './audit-facts.ts';
import type { Run, RunDeps, RunRequest } from './context.ts';
import { Bystanders } from './plan/bystanders.ts';
import { breachInWords } from '../core/limits.ts';
import { checkLimits } from './plan/check-limits.ts';
import { planPolicy, type Planned } from './plan/plan-policy.ts';

/** One pass of one policy: plan, and where it says `enforce` and the limits hold, apply. */
export function runPolicy(deps: RunDeps, request: RunRequest): Promise<RunResult> {
  return conductRun(deps, request, async (run) => {
    const { policy, startedAt: at } = run;
    const bystanders = new Bystanders();
    const { plan, others } = await planRun(run, bystanders);
    await reportIncomplete(run, plan);
    await sayOutOfSight(run, plan);
    sayFindings(run, plan);
    const { projects, findings } = plan;
    const { spent, refusing, deferring, room } = await checkLimits(run, { policy, at, projects });
    if (policy.mode === 'dry-run') {
      for (const breach of refusing) run.warn(`a limit would refuse this plan: ${breachInWords(breach)}`);
      return { status: projects.some(isIncomplete) ? 'partial' : 'completed', plan };
    }
    if (refusing.length + findings.stops.length > 0) return refusal(plan, refusing);
    return consumePlan(run, {
      ...{ plan, others, bystanders, relisting: undefined, lost: [], keptSince: NOTHING_KEPT_SINCE },
      allowance: createAllowance(policy.limits, projects, spent),
      deferral: { deferring, room: deferring.length === 0 ? undefined : room },
    });
  });
}

async function planRun(run: Run, bystanders: Bystanders): Promise<Planned> {
  const { policy, store } = run;
  const planned = await planPolicy(run, {
    policy,
    account: run.account.text,
    bystanders,
    withKept: false,
    signal: run.signals.stop,
    onReappeared: async (conversations) => {
      await store.audit.append(
        conversations.map((one) => reappearance(run, one)),
        run.fence,
      );
    },
  });
  await store.runs.updateRun(run.runId, { planId: planned.plan.planId });
  return planned;
}

/** A project in which the plan before had found something to delete, and that this one did not see: nobody would miss it. */
async function sayOutOfSight({ store, policy, warn }: Run, plan: PlanSummary): Promise<void> {
  const before = (await store.plans.plansOf(policy.name, 2)).find(({ planId }) => planId !== plan.planId);
  // What a plan that was applied left behind is known by the sizes of its projects.
  if (before?.policyHash !== plan.policyHash || before.status === 'applied') return;
  const seen = new Set(plan.projects.map(({ projectId }) => projectId));
  for (const { projectId, planned } of before.projects) {
    if (planned === 0 || seen.has(projectId)) continue;
    warn(
      `project ${projectId}, in which the plan before would delete ${planned}, is not there any more: does the key still see it?`,
    );
  }
}

/** Says what the plan found of its protections: in a dry run also what would refuse it. */
export function sayFindings({ log, policy, warn }: Run, plan: PlanSummary): void {
  const { protections, warnings, stops } = plan.findings;
  if (protections.length > 0) {
    const matched = protections.map((one) => ({ kind: one.kind, name: one.name, matched: one.matched }));
    log.info({ policy: policy.name, protections: matched }, 'how often each protection matched');
  }
  for (const warning of warnings) warn(warning);
  if (policy.mode === 'dry-run') for (const stop of stops) warn(stopInWords(stop));
}

function reappearance(run: Run, { projectId, sessionId, createdAt }: Conversation): AuditFacts {
  const created = createdAt === undefined ? null : formatRoughly(createdAt);
  const facts = { created_at: created };
  return auditFacts(run, 'conversation.reappeared', { about: { projectId, sessionId }, facts });
}

async function reportIncomplete(run: Run, plan: PlanSummary): Promise<void> {
  const entries = plan.projects.filter(isIncomplete).map(({ projectId, incomplete }) =>
    auditFacts(run, 'listing.incomplete', {
      about: { projectId },
      facts: { phase: 'plan', reason: incomplete ?? '' },
    }),
  );
  if (entries.length > 0) await run.store.audit.append(entries, run.fence);
}
