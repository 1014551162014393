import { stopInWords } from '../../core/findings.ts';
import { HoldIndex, type SourcedHold } from '../../core/hold.ts';
import { breachInWords } from '../../core/limits.ts';
import type { PlanSummary } from '../../core/plan.ts';
import type { Policy } from '../../core/policy.ts';
import type { PlannedRow } from '../../core/ports/plans.ts';
import type { Store } from '../../core/ports/store.ts';
import { refusalParts } from '../../core/refusal-words.ts';
import type { RunRecord } from '../../core/run.ts';
import type { LatestPlan, WhyReport } from '../../core/why.ts';
import { checkLimits } from './check-limits.ts';

/** Of what something is asked. */
export interface WhyQuestion {
  readonly projectId: number;
  readonly sessionId: string;
  readonly policies: readonly Policy[];
  /** When all is judged, epoch ms. */
  readonly at: number;
}

export interface OnRecord {
  readonly store: Pick<Store, 'audit' | 'holds' | 'plans' | 'populations' | 'runs'>;
  /** IANA name: where the days of policies without a schedule begin. */
  readonly timeZone: string;
}

/** What the state knows of a conversation, without a look at the API. */
export async function whyOnRecord(record: OnRecord, question: WhyQuestion): Promise<WhyReport> {
  const { audit, holds, plans } = record.store;
  const { projectId, sessionId, at } = question;
  const planned = await plans.rowsOf(projectId, sessionId);
  const policies: WhyReport['policies'][number][] = [];
  for (const policy of question.policies)
    policies.push({ policy, now: undefined, latest: await latestOf(record, { policy, planned, at }) });
  const isIts = (one: { readonly projectId: number; readonly sessionId: string }): boolean =>
    one.projectId === projectId && one.sessionId === sessionId;
  return {
    ...{ projectId, sessionId, at, policies, planned, sight: { state: 'not_asked' }, requests: 0 },
    holds: covering(await holds.holdsInForce(at), question),
    history: await audit.entriesAbout(projectId, sessionId),
    open: (await audit.openIntents()).filter(isIts),
  };
}

function covering(
  held: readonly SourcedHold[],
  { at, ...conversation }: WhyQuestion,
): readonly SourcedHold[] {
  return held.filter((hold) => new HoldIndex([hold]).over(conversation, at) !== undefined);
}

interface Planned {
  readonly policy: Policy;
  readonly planned: readonly PlannedRow[];
  readonly at: number;
}

async function latestOf(record: OnRecord, parts: Planned): Promise<LatestPlan | undefined> {
  const { plans, runs } = record.store;
  const [plan] = await plans.plansOf(parts.policy.name, 1);
  if (plan === undefined) return undefined;
  const run = await runs.runOfPlan(plan.planId);
  return {
    plan,
    item: parts.planned.find((row) => row.plan.planId === plan.planId)?.item,
    run,
    refusals: await refusalsOf(record, parts, { plan, run }),
  };
}

/** What a run said, and else, of a plan that nobody has tried and that the policy would still make by the same rules, what it would say. */
async function refusalsOf(
  record: OnRecord,
  { policy, at }: Planned,
  { plan, run }: { readonly plan: PlanSummary; readonly run: RunRecord | undefined },
): Promise<readonly string[]> {
  if (run !== undefined)
    return run.status === 'refused' && run.problem !== undefined ? refusalParts(run.problem) : [];
  const isOpen = plan.status === 'open' && plan.expiresAt > at && plan.policyHash === policy.hash;
  if (!isOpen) return [];
  const { refusing } = await checkLimits(record, { policy, projects: plan.projects, at });
  return [...plan.findings.stops.map(stopInWords), ...refusing.map(breachInWords)];
}
