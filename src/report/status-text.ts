import { backlogCount, oldestDueAt, type Backlog } from '../core/backlog.ts';
import type { CommandLine } from '../core/command-line.ts';
import { formatInstant } from '../core/instant.ts';
import type { OpenIntent } from '../core/open-intent.ts';
import type { RunRecord } from '../core/run.ts';
import type { PolicyStanding, Standing } from '../core/ports/status.ts';
import { needsAttention, type PolicyStatus } from '../core/status.ts';
import { SENTENCE_COLUMNS } from './plan-text.ts';
import { counted, dayIn, durationOf, grouped, minuteAndSecond } from './quantities.ts';
import { NO_PAINT, POLICY_STYLES, type Look } from './paint.ts';
import { sentenceSafe, terminalSafe } from './safe-text.ts';

/** How retention stands, and how to say it. */
export interface StatusReport extends Pick<Standing, 'policies' | 'open' | 'auditHead' | 'now'> {
  /** IANA name. */
  readonly timeZone: string;
  readonly commandLine: CommandLine;
  readonly look?: Look;
}

/** Open conversations that are named. */
const MOST_NAMED = 5;

/** A paragraph for each policy, what needs somebody first. */
export function statusLines(report: StatusReport): readonly string[] {
  const { policies, open, auditHead, look: { paint = NO_PAINT } = {} } = report;
  const inOrder = [...policies].sort(
    (one, other) => Number(needsAttention(other)) - Number(needsAttention(one)),
  );
  return [
    ...inOrder.flatMap((status) => [
      `${paint(POLICY_STYLES[status.state], status.state.padEnd(8))} ${terminalSafe(status.policy.name, 60)}`,
      ...policySentences(status, report).map((sentence) => `         ${sentence}`),
    ]),
    ...openLines(open),
    `Audit log: ${counted(auditHead.seq, 'entry', 'entries')}.`,
  ];
}

function policySentences(status: PolicyStanding, report: StatusReport): readonly string[] {
  const { history, dueAt, nextAt, policy } = status;
  const { timeZone, commandLine } = report;
  const at = (time: number): string => `${minuteAndSecond(time, timeZone).slice(0, 16)} ${timeZone}`;
  const { last, lastEnded, lastSuccess } = history;
  return [
    ...(dueAt === undefined ? [] : [`Due since ${at(dueAt)}, and nobody has run it: is serve running?`]),
    ...(last?.status === 'running' ? [runningSentence(at(last.startedAt), status)] : []),
    ...(lastEnded === undefined || lastEnded.status === 'completed'
      ? []
      : [failureSentence(lastEnded, status, report)]),
    lastSuccess === undefined ? 'It has not succeeded yet.' : successSentence(lastSuccess, at, report.now),
    ...(status.backlog === undefined ? [] : [backlogSentence(status.backlog, report)]),
    nextSentence(policy.schedule !== undefined, nextAt, at),
    ...(lastEnded === undefined || lastEnded.status === 'completed'
      ? []
      : [`See: ${commandLine(`runs ${lastEnded.runId}`)}`]),
  ];
}

function runningSentence(since: string, { isAbandoned }: PolicyStatus): string {
  return isAbandoned
    ? `A run began ${since}, and its worker is gone: the next run settles what it left open.`
    : `A run is under way since ${since}.`;
}

function failureSentence(run: RunRecord, { history }: PolicyStatus, { timeZone }: StatusReport): string {
  const since = dayIn(run.alikeSince ?? run.startedAt, timeZone);
  const times =
    history.failuresInARow > 1 ? `, ${grouped(history.failuresInARow)} runs in a row without success` : '';
  const why = run.problem === undefined ? '' : `: ${sentenceSafe(run.problem, SENTENCE_COLUMNS)}`;
  return `Its last run was ${run.status}${times} (like this since ${since})${why}.`;
}

function successSentence(run: RunRecord, at: (time: number) => string, now: number): string {
  const endedAt = run.endedAt ?? run.startedAt;
  const how = run.mode === 'dry-run' ? ', a dry run' : '';
  return `Last success: ${at(endedAt)}, ${durationOf((now - endedAt) / 1000)} ago${how}.`;
}

function backlogSentence(backlog: Backlog, { now, timeZone }: StatusReport): string {
  const unread = backlog.unread.length;
  const except = unread === 0 ? '' : `, without ${counted(unread, 'project')} that could not be listed`;
  const asOf = `as of ${dayIn(backlog.asOf, timeZone)}${except}`;
  const count = backlogCount(backlog);
  if (count === 0) return `Nothing expired is left, ${asOf}.`;
  const due = oldestDueAt(backlog);
  const lag = due === undefined ? '' : `, the oldest for ${durationOf((now - due) / 1000)}`;
  return `Expired and still there: ${grouped(count)}${lag} (${asOf}).`;
}

function nextSentence(
  isScheduled: boolean,
  nextAt: number | undefined,
  at: (time: number) => string,
): string {
  if (!isScheduled) return 'It has no schedule: it runs only on command.';
  return nextAt === undefined ? 'Its schedule names no further date.' : `Next run: ${at(nextAt)}.`;
}

function openLines(open: readonly OpenIntent[]): readonly string[] {
  if (open.length === 0) return [];
  const more = open.length - MOST_NAMED;
  return [
    `${counted(open.length, 'conversation')} not settled: a DELETE may have gone out, and it is not proven gone. The next run looks again.`,
    ...open.slice(0, MOST_NAMED).map(({ projectId, sessionId, requestedAt, isParked }) => {
      const stuck = isParked ? ', stuck: nothing more can be learned for now' : '';
      return `         ${projectId}/${sessionId}, since ${requestedAt}${stuck}`;
    }),
    ...(more > 0 ? [`         … and ${grouped(more)} more.`] : []),
  ];
}

/** Whether somebody has to look: a policy does not do its work, or a deletion that was begun cannot be settled. */
export function isAlarming({ policies, open }: Pick<Standing, 'policies' | 'open'>): boolean {
  return policies.some(needsAttention) || open.some(({ isParked }) => isParked);
}

/** The document of `status --json`. */
export function statusJson({
  policies,
  open,
  auditHead,
  now,
}: Pick<Standing, 'policies' | 'open' | 'auditHead' | 'now'>) {
  return {
    ok: !isAlarming({ policies, open }),
    policies: policies.map(({ policy, state, history, dueAt, nextAt, backlog }) => ({
      policy: policy.name,
      mode: policy.mode,
      state,
      last_run: history.last === undefined ? null : runJson(history.last),
      last_success: history.lastSuccess === undefined ? null : runJson(history.lastSuccess),
      failures_in_a_row: history.failuresInARow,
      // Why the last run that ended was not completed; null where it was.
      problem: history.lastEnded?.problem ?? null,
      due_since: instant(dueAt),
      next_run_at: instant(nextAt),
      backlog: backlog === undefined ? null : backlogJson(backlog, now),
    })),
    open: open.map(({ policy, runId, projectId, sessionId, requestedAt, isParked }) => ({
      policy,
      run_id: runId,
      project_id: projectId,
      session_id: sessionId,
      since: requestedAt,
      stuck: isParked,
    })),
    audit_head: auditHead,
  };
}

/** `oldest_expired_seconds`: how long the oldest of them is past its cutoff; null where no rule looks at an age. */
function backlogJson(backlog: Backlog, now: number) {
  const due = oldestDueAt(backlog);
  return {
    conversations: backlogCount(backlog),
    oldest_expired_seconds: due === undefined ? null : Math.max(0, Math.round((now - due) / 1000)),
    as_of: formatInstant(backlog.asOf),
    unread_projects: backlog.unread.length,
  };
}

function runJson({ runId, status, startedAt, endedAt }: RunRecord) {
  return { run_id: runId, status, started_at: instant(startedAt), ended_at: instant(endedAt) };
}

function instant(at: number | undefined): string | null {
  return at === undefined ? null : formatInstant(at);
}
