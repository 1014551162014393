import { formatRoughly, formatInstant, type Instant } from '../core/instant.ts';
import type { ClauseExplained, RulesExplained } from '../core/explain.ts';
import type { Decision } from '../core/plan.ts';
import type { LatestPlan, PolicyWhy, WhyReport } from '../core/why.ts';
import { clauseWords, TRUTH_WORDS } from './clause-words.ts';
import { whyAnswer } from './why-answer.ts';

/** The document of `why --json`. `listed`: null where nobody asked, or could tell. */
export function whyJson(report: WhyReport) {
  const { sight, history, planned } = report;
  const row = sight.state === 'listed' ? sight.row : undefined;
  return {
    project_id: report.projectId,
    session_id: report.sessionId,
    answer: whyAnswer(report, 'UTC'),
    at: formatInstant(report.at),
    listed: LISTED[sight.state],
    sight: sight.state,
    name: row?.name ?? null,
    created_at: instant(row?.createdAt),
    updated_at: instant(row?.updatedAt),
    created_by: row?.createdBy ?? null,
    requests: report.requests,
    policies: report.policies.map(policyJson),
    holds: report.holds.map(({ holdId, sessionId, matter, untilAt }) => ({
      hold_id: holdId,
      covers: sessionId === undefined ? 'project' : 'conversation',
      matter,
      until: instant(untilAt),
    })),
    plans: planned.map(({ plan, item }) => ({
      ...{ plan_id: plan.planId, policy: plan.policy, decided_at: formatInstant(plan.decidedAt) },
      ...{ verdict: item.verdict, rule: item.rule, reason: item.reason, deferred: item.deferred === true },
    })),
    open: report.open.map(({ policy, runId, requestedAt, isParked }) => ({
      ...{ policy, run_id: runId, since: requestedAt, stuck: isParked },
    })),
    entries: history,
  };
}

const LISTED: Readonly<Record<WhyReport['sight']['state'], boolean | null>> = {
  not_asked: null,
  listed: true,
  unusable: true,
  not_listed: false,
  no_project: null,
  not_readable: null,
};

function policyJson({ policy, now, latest }: PolicyWhy) {
  return {
    policy: policy.name,
    mode: policy.mode,
    policy_hash: policy.hash,
    covered: now?.coverage.isCovered ?? null,
    included_by: now?.coverage.includedBy ?? null,
    excluded_by: now?.coverage.excludedBy ?? null,
    ...decisionJson(now?.decision),
    // null: no rule needed it, or it is not known.
    last_message_at: now?.lastMessage.state === 'read' ? instant(now.lastMessage.at) : null,
    ...rulesJson(now?.rules),
    kept_by: (now?.others ?? []).flatMap((other) => (other.kind === 'kept' ? [other.by] : [])),
    latest_plan: latest === undefined ? null : latestJson(latest),
  };
}

/** As a plan made now would have it. */
function decisionJson(decision: Decision | undefined) {
  return {
    verdict: decision?.verdict ?? null,
    rule: decision?.rule ?? null,
    reason: decision?.reason ?? null,
    age_days: decision?.ageDays ?? null,
  };
}

function rulesJson(explained: RulesExplained | undefined) {
  if (explained === undefined) return { first_match: null, rules: [], min_age: null };
  const { first = null, rules, minAge } = explained;
  return {
    first_match: first,
    rules: rules.map(({ rule, match }) => ({
      ...{ rule: rule.name, action: rule.action, match: clauseJson(match) },
    })),
    min_age: { state: minAge.state, cutoff: formatInstant(minAge.cutoff) },
  };
}

interface ClauseJson {
  readonly clause: string;
  readonly result: string;
  readonly cutoff?: string;
  readonly parts?: readonly ClauseJson[];
}

function clauseJson({ selector, truth, cutoff, parts }: ClauseExplained): ClauseJson {
  return {
    clause: clauseWords(selector),
    result: TRUTH_WORDS[truth],
    ...(cutoff === undefined ? {} : { cutoff: formatInstant(cutoff) }),
    ...(parts.length === 0 ? {} : { parts: parts.map(clauseJson) }),
  };
}

function latestJson({ plan, item, run, refusals }: LatestPlan) {
  return {
    plan_id: plan.planId,
    decided_at: formatInstant(plan.decidedAt),
    status: plan.status,
    verdict: item?.verdict ?? null,
    rule: item?.rule ?? null,
    reason: item?.reason ?? null,
    deferred: item?.deferred === true,
    run_id: run?.runId ?? null,
    run_status: run?.status ?? null,
    refused_by: refusals,
  };
}

function instant(at: Instant | undefined): string | null {
  return at === undefined ? null : formatRoughly(at);
}
