import type { Estimate } from '../core/estimate.ts';
import { stopFacts, type Protection } from '../core/findings.ts';
import type { Breach, LimitName } from '../core/limits.ts';
import { formatInstant } from '../core/instant.ts';
import type { Outcome } from '../core/outcome.ts';
import type { ProjectRetention } from '../core/native-retention.ts';
import { countsOf, type PlanCounts, type PlanItem, type PlanSummary, type Verdict } from '../core/plan.ts';
import type { Mode } from '../core/policy.ts';
import { retentionJson } from './retention-text.ts';
import type { RequestCounts, RunCounts, RunRecord, RunStatus, Trigger } from '../core/run.ts';

/** One run of `run --json`, `apply --json` and `runs --json`. */
interface RunJson {
  readonly run_id: string;
  readonly policy: string;
  readonly mode: Mode;
  readonly trigger: Trigger;
  readonly status: RunStatus;
  /** `deferred`: planned, and left to a later run. */
  readonly counts: Readonly<Record<keyof PlanCounts | Outcome | 'deferred', number>>;
  readonly requests: RequestCounts | null;
  readonly plan_id: string | null;
  /** RFC 3339, as every time here. */
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly audit_head: string | null;
  /** What a person should look at. */
  readonly warnings: readonly string[];
  /** How many runs right before ended in the same way. */
  readonly as_before: number;
  /** When the first of those runs started; null when none did. */
  readonly as_before_since: string | null;
  /** How many more runs, at least, what was deferred takes; null when nothing was. */
  readonly runs_remaining: number | null;
}

interface PlanJson {
  readonly plan_id: string;
  readonly policy: string;
  readonly policy_hash: string;
  /** `deferred`: what a run would leave to later ones now. */
  readonly counts: PlanCounts & { readonly deferred: number };
  /** What applying it takes; null for a plan shown again: it depends on how quickly the API answered. */
  readonly estimate: Estimate | null;
  /** What `run` and `apply` would refuse the plan for now: protections, which no override passes, and limits; empty: nothing. */
  readonly refused_by: readonly (
    | {
        readonly kind: 'limit' | 'population';
        readonly limit: LimitName;
        readonly wanted: number;
        readonly allowed: number;
        readonly project_id: number | null;
      }
    | ReturnType<typeof stopFacts>
  )[];
  /** What keeps something from being deleted, and how much; `before`: in the latest earlier plan where it did. */
  readonly protections: readonly {
    readonly kind: Protection['kind'];
    readonly name: string;
    readonly matched: number;
    readonly before: number | null;
  }[];
  /** What a person should look at. */
  readonly warnings: readonly string[];
  /** What the vendor itself deletes, in projects where a hold or a keep rule protects something. */
  readonly native_retention: readonly ReturnType<typeof retentionJson>[];
  /** Projects of which nothing is planned, because their listing could not be trusted. */
  readonly incomplete: readonly { readonly project_id: number; readonly reason: string }[];
}

interface DecisionJson {
  readonly project_id: number;
  readonly session_id: string | null;
  readonly name: string | null;
  readonly verdict: Verdict;
  readonly rule: string | null;
  readonly reason: string;
  readonly age_days: number | null;
}

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
export function runsJson(results: readonly { readonly run: RunRecord; readonly counts: RunCounts }[]): {
  readonly runs: readonly RunJson[];
} {
  return { runs: results.map(({ run, counts }) => runJson(run, counts)) };
}

function runJson(run: RunRecord, counts: RunCounts): RunJson {
  return {
    run_id: run.runId,
    policy: run.policy,
    mode: run.mode,
    trigger: run.trigger,
    status: run.status,
    counts: { ...planCounts(counts), ...outcomeCounts(counts), deferred: counts.deferred },
    requests: run.requests ?? null,
    plan_id: run.planId ?? null,
    started_at: formatInstant(run.startedAt),
    ended_at: run.endedAt === undefined ? null : formatInstant(run.endedAt),
    audit_head: run.auditHead ?? null,
    warnings: run.warnings,
    as_before: run.asBefore,
    as_before_since: run.alikeSince === undefined ? null : formatInstant(run.alikeSince),
    runs_remaining: run.runsRemaining ?? null,
  };
}

/** One plan of `plan --json`, without its decisions: there may be a million of those. */
export function planJson({
  plan,
  cost,
  breaches,
  deferral,
  retention = [],
}: Omit<PlanToShow, 'items'>): PlanJson {
  const { protections, warnings, stops } = plan.findings;
  return {
    plan_id: plan.planId,
    policy: plan.policy,
    policy_hash: plan.policyHash,
    counts: { ...planCounts(countsOf(plan.projects)), deferred: deferral?.deferred ?? plan.deferred },
    estimate: cost === undefined ? null : { requests: cost.requests, seconds: cost.seconds },
    refused_by: [
      ...stops.map(stopFacts),
      ...breaches.map(({ limit, wanted, allowed, projectId }) => ({
        kind: limit === 'population' ? limit : ('limit' as const),
        ...{ limit, wanted, allowed, project_id: projectId ?? null },
      })),
    ],
    protections: protections.map(({ kind, name, matched, before }) => ({
      ...{ kind, name, matched },
      before: before ?? null,
    })),
    warnings,
    native_retention: retention.map(retentionJson),
    incomplete: plan.projects.flatMap(({ projectId, incomplete }) =>
      incomplete === undefined ? [] : [{ project_id: projectId, reason: incomplete }],
    ),
  };
}

export function decisionJson(item: PlanItem): DecisionJson {
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
