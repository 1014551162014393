import type { CommandLine } from '../core/command-line.ts';
import { formatInstant } from '../core/instant.ts';
import type { Notice, NoticeKind } from '../core/notice.ts';
import type { RunRecord } from '../core/run.ts';

/* A notice as a document for programs, and as text for people. */

/** The body of a webhook. `data` has all its keys in every notice. */
export function noticeDocument(notice: Notice, commandLine: CommandLine) {
  const { kind, severity, at, policy, run, counts, problem, unmatched = [], next } = notice;
  return {
    type: kind,
    timestamp: formatInstant(at),
    data: {
      severity,
      text: sentenceOf(notice),
      next: commandLine(next),
      policy: policy ?? null,
      ...(run === undefined ? NO_RUN : runFacts(run)),
      counts: counts ?? null,
      problem: problem ?? null,
      streak: streakFacts(notice),
      stuck: stuckFacts(notice),
      protections: unmatched.slice(0, MOST_IDS).map(({ kind: what, name, before }) => ({
        ...{ kind: what, name, matched: 0, before: before ?? null },
      })),
    },
  };
}

/** As in `run --json`, but for `warnings`: how many; what they say stands in the run's record. */
function runFacts(run: RunRecord) {
  return {
    run_id: run.runId,
    plan_id: run.planId ?? null,
    mode: run.mode,
    trigger: run.trigger,
    status: run.status,
    started_at: formatInstant(run.startedAt),
    ended_at: timeOf(run.endedAt),
    warnings: run.warnings.length,
    as_before: run.asBefore,
    as_before_since: timeOf(run.alikeSince),
  };
}

const NO_RUN: Readonly<Record<keyof ReturnType<typeof runFacts>, null>> = {
  ...{ run_id: null, plan_id: null, mode: null, trigger: null, status: null, started_at: null },
  ...{ ended_at: null, warnings: null, as_before: null, as_before_since: null },
};

function streakFacts({ streak }: Notice) {
  return streak === undefined ? null : { runs: streak.runs, since: formatInstant(streak.since) };
}

function stuckFacts({ stuck }: Notice) {
  if (stuck === undefined) return null;
  return { conversations: stuck.conversations, project_ids: stuck.projectIds.slice(0, MOST_IDS) };
}

/** The body that Slack, and what is compatible with it, takes. */
export function slackDocument(notice: Notice, commandLine: CommandLine): { readonly text: string } {
  const lines = [sentenceOf(notice), `Next: ${commandLine(notice.next)}`];
  return { text: `${MARKS[notice.severity]} ${lines.map(slackSafe).join('\n')}` };
}

const MARKS: Readonly<Record<Notice['severity'], string>> = {
  info: ':white_check_mark:',
  warning: ':warning:',
  error: ':rotating_light:',
};

/** By Slack's rules these three, and no others; a line break in somebody's text must not look like one of ours. */
function slackSafe(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

const MOST_IDS = 100;
const MOST_NAMED = 10;

function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : formatInstant(at);
}

/** One sentence for people. */
function sentenceOf(notice: Notice): string {
  const { policy } = notice;
  return policy === undefined ? said(notice) : `Policy ${policy}: ${said(notice)}`;
}

function said(notice: Notice): string {
  return SAID[notice.kind](notice);
}

const SAID: Readonly<Record<NoticeKind, (notice: Notice) => string>> = {
  run_refused: (notice) => `the run was refused${why(notice)}`,
  run_failed: (notice) => `the run failed${why(notice)}`,
  run_interrupted: (notice) => `the run was interrupted${why(notice)}`,
  run_partial: (notice) => `the run ended partial${why(notice)}${outcomesOf(notice)}`,
  run_completed: (notice) => `the run was completed${outcomesOf(notice)}`,
  as_before: (notice) =>
    `${runsSince(notice)} in a row ended in the same way, ${notice.run?.status ?? 'not completed'}${why(notice)}`,
  recovered: (notice) =>
    `the run was completed${outcomesOf(notice)}; before it, ${runsSince(notice)} ended otherwise`,
  conversations_stuck: stuckWords,
  protection_unmatched: unmatchedWords,
  policies_broken: (notice) => `The policies cannot be used, and none of them runs${why(notice)}`,
  audit_broken: (notice) => `The audit log is not as it was written${why(notice)}`,
  test: () => 'A test: notices of customgpt-retention arrive here',
};

function why({ problem }: Notice): string {
  return problem === undefined ? '' : `: ${problem}`;
}

function outcomesOf({ counts, run }: Notice): string {
  if (counts === undefined) return '';
  if (run?.mode === 'dry-run') return `; a dry run: ${counts.planned} would be deleted`;
  const others = (['already_gone', 'unverified', 'failed', 'skipped', 'deferred'] as const).flatMap((name) =>
    counts[name] === 0 ? [] : [`${counts[name]} ${name.replace('_', ' ')}`],
  );
  return `; ${[`${counts.planned} planned`, `${counts.verified} verified as deleted`, ...others].join(', ')}`;
}

function runsSince({ streak }: Notice): string {
  const { runs = 0, since = 0 } = streak ?? {};
  return `${runs} ${runs === 1 ? 'run' : 'runs'} (since ${formatInstant(since)})`;
}

function stuckWords({ stuck }: Notice): string {
  const { conversations = 0, projectIds = [] } = stuck ?? {};
  const what = conversations === 1 ? '1 conversation' : `${conversations} conversations`;
  const named = projectIds.slice(0, MOST_NAMED).join(', ');
  const projects = projectIds.length === 1 ? 'project' : 'projects';
  return `${what} stuck in ${projects} ${named}${moreThan(MOST_NAMED, projectIds)}: a deletion was begun, and nobody can tell for now what became of it`;
}

function unmatchedWords({ unmatched = [] }: Notice): string {
  const named = unmatched
    .slice(0, MOST_NAMED)
    .map(({ kind, name, before }) => `${kind} ${name} (${before ?? 0} before)`)
    .join(', ');
  return `what protected something before protects nothing any more: ${named}${moreThan(MOST_NAMED, unmatched)}`;
}

function moreThan(most: number, all: readonly unknown[]): string {
  return all.length > most ? ` and ${all.length - most} more` : '';
}
