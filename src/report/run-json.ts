import type { Estimate } from '../core/estimate.ts';
import { stopFacts } from '../core/findings.ts';
import type { Breach } from '../core/limits.ts';
import { formatInstant } from '../core/instant.ts';
import type { Outcome } from '../core/outcome.ts';
import type { ProjectRetention } from '../core/native-retention.ts';
import { countsOf, type PlanCounts, type PlanItem, type PlanSummary } from '../core/plan.ts';
import { retentionJson } from './retention-text.ts';
import type { RunCounts, RunRecord } from '../core/run.ts';

export interface PlanCost extends Estimate {
  readonly requestsPerMinute: number | 'unlimited';
}

export interface PlanToShow {
  readonly plan: PlanSummary;
  /** What applying it takes, at this pace; undefined where that is not known. */
  readonly cost: PlanCost | undefined;
  /** Limits that would refuse it now; empty: none. */
  readonly breaches: readonly Breach[];
  /** The vendor's own retention where something is protected; left out where nobody asked. */
  readonly retention?: readonly ProjectRetention[];
  /** What a run would leave to later ones now, because its policy asks for the oldest first; undefined: nothing. */
  readonly deferral?:
    { readonly room: number; readonly deferred: number; readonly breaches: readonly Breach[] } | undefined;
  readonly items: AsyncIterable<PlanItem>;
}

/** The document of `run --json` and `apply --json`. */
export function runsJson(results: readonly { readonly run: RunRecord; readonly counts: RunCounts }[]) {
  return { runs: results.map(({ run, counts }) => runJson(run, counts)) };
}

/** One run of `run --json`, `apply --json` and `runs --json`. */
function runJson(run: RunRecord, counts: RunCounts) {
  return {
    run_id: run.runId,
    policy: run.policy,
    mode: run.mode,
    trigger: run.trigger,
    status: run.status,
    // `deferred`: planned, and left to a later run.
    counts: { ...planCounts(counts), ...outcomeCounts(counts), deferred: counts.deferred },
    requests: run.requests ?? null,
    plan_id: run.planId ?? null,
    // RFC 3339, as every time here.
    started_at: formatInstant(run.startedAt),
    ended_at: run.endedAt === undefined ? null : formatInstant(run.endedAt),
    audit_head: run.auditHead ?? null,
    // What a person should look at.
    warnings: run.warnings,
    // How many runs right before ended in the same way.
    as_before: run.asBefore,
    // When the first of those runs started; null when none did.
    as_before_since: run.alikeSince === undefined ? null : formatInstant(run.alikeSince),
    // How many more runs, at least, what was deferred takes; null when nothing was.
    runs_remaining: run.runsRemaining ?? null,
  };
}

/** One plan of `plan --json`, without its decisions: there may be a million of those. */
export function planJson({ plan, cost, breaches, deferral, retention = [] }: Omit<PlanToShow, 'items'>) {
  const { protections, warnings, stops } = plan.findings;
  return {
    plan_id: plan.planId,
    policy: plan.policy,
    policy_hash: plan.policyHash,
    // `deferred`: what a run would leave to later ones now.
    counts: { ...planCounts(countsOf(plan.projects)), deferred: deferral?.deferred ?? plan.deferred },
    // What applying it takes; null for a plan shown again: it depends on how quickly the API answered.
    estimate: cost === undefined ? null : { requests: cost.requests, seconds: cost.seconds },
    // What `run` and `apply` would refuse the plan for now: protections, which no override passes, and limits; empty: nothing.
    refused_by: [
      ...stops.map(stopFacts),
      ...breaches.map(({ limit, wanted, allowed, projectId }) => ({
        kind: limit === 'population' ? limit : ('limit' as const),
        ...{ limit, wanted, allowed, project_id: projectId ?? null },
      })),
    ],
    // What keeps something from being deleted, and how much; `before`: in the latest earlier plan where it did.
    protections: protections.map(({ kind, name, matched, before }) => ({
      ...{ kind, name, matched },
      before: before ?? null,
    })),
    // What a person should look at.
    warnings,
    // What the vendor itself deletes, in projects where a hold or a keep rule protects something.
    native_retention: retention.map(retentionJson),
    // Projects of which nothing is planned, because their listing could not be trusted.
    incomplete: plan.projects.flatMap(({ projectId, incomplete }) =>
      incomplete === undefined ? [] : [{ project_id: projectId, reason: incomplete }],
    ),
  };
}

export function decisionJson(item: PlanItem) {
  return {
    project_id: item.projectId,
    session_id: item.sessionId,
    name: item.seen.name ?? null,
    verdict: item.verdict,
    rule: item.rule,
    reason: item.reason,
    age_days: item.ageDays,
  };
}

/**
 * The document of `plan --json` in pieces, one decision a line, so that the largest plan is never one text in memory.
 * The pieces joined are one JSON document and a line end.
 */
export async function* plansJsonText(plans: Iterable<PlanToShow>): AsyncGenerator<string> {
  let before = '{"plans":[';
  for (const { items, ...one } of plans) {
    // Everything but the closing brace, then the decisions as the last key.
    yield `${before}\n${JSON.stringify(planJson(one)).slice(0, -1)},"decisions":[`;
    let between = '\n';
    for await (const item of items) {
      yield `${between}${JSON.stringify(decisionJson(item))}`;
      between = ',\n';
    }
    yield ']}';
    before = ',';
  }
  yield before === ',' ? ']}\n' : `${before}]}\n`;
}

function planCounts({ listed, kept, held, unknown, planned }: PlanCounts): PlanCounts {
  return { listed, kept, held, unknown, planned };
}

function outcomeCounts(counts: RunCounts): Readonly<Record<Outcome, number>> {
  const { verified, already_gone, unverified, failed, skipped } = counts;
  return { verified, already_gone, unverified, failed, skipped };
}
