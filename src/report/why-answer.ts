import type { AuditEntry } from '../core/audit-entry.ts';
import { parseInstant } from '../core/instant.ts';
import type { OpenIntent } from '../core/open-intent.ts';
import type { PolicyWhy, WhyReport } from '../core/why.ts';
import { SENTENCE_COLUMNS } from './plan-text.ts';
import { enumerated, minuteAndSecond } from './quantities.ts';
import { sentenceSafe } from './safe-text.ts';

/** Policies whose reasons the answer names. */
const MOST_NAMED = 3;

/** In one sentence, or two: why the conversation is, will be, or was deleted, or not. */
export function whyAnswer(report: WhyReport, timeZone: string): string {
  const { sight, projectId, sessionId } = report;
  const what = `Conversation ${projectId}/${sessionId}`;
  const at = (time: number): string => `${minuteAndSecond(time, timeZone)} ${timeZone}`;
  if (sight.state === 'unusable') return `${what} stays: its row in the list cannot be used.`;
  const end = lastEnd(report.history);
  const isListed = sight.state === 'listed' && (sight.row.deletedAt === undefined || end === undefined);
  if (!isListed) return `${what} ${goneWords(report, end, at)}`;
  const again =
    end === undefined
      ? ''
      : ` It was found gone at ${timeOf(end, at)}, by ${end.run_id ?? '?'}: what is listed now came after that.`;
  return `${what} ${listedWords(report)}${again}`;
}

type At = (time: number) => string;

/** The last entry by which it is gone. */
function lastEnd(history: readonly AuditEntry[]): AuditEntry | undefined {
  return history.findLast(({ event }) => event === 'deletion.verified' || event === 'deletion.already_gone');
}

function timeOf({ time }: AuditEntry, at: At): string {
  const parsed = parseInstant(time);
  return parsed === undefined ? time : at(parsed);
}

function goneWords(report: WhyReport, end: AuditEntry | undefined, at: At): string {
  const [open] = report.open;
  if (open !== undefined) return openWords(open, at);
  const sighted = sightWords(report);
  if (end === undefined) return sighted ?? recordWords(report, at);
  const by = `by ${end.run_id ?? 'an unnamed run'} of policy ${end.policy ?? '?'}, rule ${end.rule ?? '?'}`;
  const how =
    end.event === 'deletion.verified'
      ? `is deleted: verified gone at ${timeOf(end, at)}, ${by}.`
      : `was not deleted by us: found already gone at ${timeOf(end, at)}, ${by}.`;
  const { sight } = report;
  const isThere = sight.state === 'not_listed' && sight.own === 'answers';
  return isThere ? `${how} Its own address answers again, though the listing does not show it.` : how;
}

function openWords({ runId, requestedAt, isRequestKnown, isParked }: OpenIntent, at: At): string {
  const time = parseInstant(requestedAt);
  const when = time === undefined ? requestedAt : at(time);
  const sent = isRequestKnown ? `a DELETE was sent at ${when}` : `a DELETE may have been sent at ${when}`;
  const next = isParked ? 'nothing more can be learned for now' : 'the next run of its policy looks again';
  return `is not settled: ${sent}, by ${runId}, and it is not proven gone; ${next}.`;
}

/** Undefined: nobody looked. */
function sightWords({ sight }: WhyReport): string | undefined {
  switch (sight.state) {
    case 'not_listed':
      return sight.own === 'answers'
        ? 'stays: the listing does not show it, and only what is listed is deleted. Its own address answers.'
        : 'is not listed any more, and nothing on record says that we deleted it.';
    case 'no_project':
      return 'stays, as far as we know: this key cannot see its project.';
    case 'not_readable':
      return `stays: its project cannot be listed now (${sentenceSafe(sight.problem, SENTENCE_COLUMNS)}).`;
    default:
      return undefined;
  }
}

/** By what plans said of it, where nobody asked the API. */
function recordWords({ policies, planned }: WhyReport, at: At): string {
  const rows = policies.flatMap(({ latest }) =>
    latest?.item === undefined ? [] : [{ ...latest, item: latest.item }],
  );
  const row = rows.find(({ item }) => item.verdict === 'delete') ?? rows[0];
  if (row !== undefined) {
    const { plan, item } = row;
    const does = item.verdict === 'delete' ? 'would be deleted' : 'stays';
    return `${does}, by the latest plan of policy ${plan.policy} (${plan.planId}, ${at(plan.decidedAt)}): ${reasonOf(item)}.`;
  }
  const [last] = planned;
  if (last === undefined) return 'has a past in the audit log, below; no plan on record names it.';
  return `is in no latest plan. The last that named it is ${last.plan.planId} of ${at(last.plan.decidedAt)}: ${reasonOf(last.item)}.`;
}

function listedWords({ policies, holds }: WhyReport): string {
  const decided = policies.flatMap((one) =>
    one.now?.decision === undefined ? [] : [{ ...one, decision: one.now.decision }],
  );
  const [hold] = holds;
  const held = decided.find(({ decision }) => decision.verdict === 'held');
  if (held !== undefined)
    return `stays: ${reasonOf(held.decision)}${hold === undefined ? '' : ` (${hold.holdId})`}.`;
  const deleting = decided.filter(({ decision }) => decision.verdict === 'delete');
  const chosen = deleting.find(({ policy }) => policy.mode === 'enforce') ?? deleting[0];
  if (chosen !== undefined) return dueWords(chosen, chosen.decision.rule ?? '?');
  if (decided.length === 0) return 'stays: no policy looks at its project.';
  const reasons = decided
    .slice(0, MOST_NAMED)
    .map(
      ({ policy, decision }) => (decided.length === 1 ? '' : `policy ${policy.name}: `) + reasonOf(decision),
    );
  const more = decided.length - reasons.length;
  return `stays: ${enumerated([...reasons, ...(more > 0 ? [`${more} more policies keep it, too`] : [])])}.`;
}

function dueWords({ policy, latest }: PolicyWhy, rule: string): string {
  const [refusal] = latest?.refusals ?? [];
  if (policy.mode === 'dry-run')
    return `would be deleted by policy ${policy.name}, rule ${rule}; but it is a dry run, and deletes only what a person applies.`;
  if (refusal !== undefined)
    return `is due by policy ${policy.name}, rule ${rule}; but its latest plan was, or would be, refused: ${sentenceSafe(refusal, SENTENCE_COLUMNS)}.`;
  if (latest?.item?.deferred === true)
    return `is due by policy ${policy.name}, rule ${rule}; its limits left it to a later run.`;
  // A run knows its limits, its protections and what it can list only once it is there.
  return `is due by policy ${policy.name}, rule ${rule}: its next run deletes it, if it can list the project, and if its limits and protections let it.`;
}

function reasonOf({ reason }: { readonly reason: string }): string {
  return sentenceSafe(reason, SENTENCE_COLUMNS);
}
