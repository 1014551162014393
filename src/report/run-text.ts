import type { AuditEntry } from '../core/audit-entry.ts';
import { plainCommandLine, type CommandLine } from '../core/command-line.ts';
import { isStopped } from '../core/findings.ts';
import { refusalParts } from '../core/refusal-words.ts';
import {
  PURPOSES,
  totalRequests,
  type RequestCounts,
  type RunCounts,
  type RunRecord,
  type RunStatus,
} from '../core/run.ts';
import {
  ALREADY_GONE_WORDS,
  deletionsIn,
  ruleWords,
  settledLaterCount,
  type Deletion,
} from './deletion-proof.ts';
import { NO_PAINT, OUTCOME_STYLES, RUN_STYLES, type Look, type Paint } from './paint.ts';
import { applyLine, projectLines, SENTENCE_COLUMNS, WARNING_COLUMNS } from './plan-text.ts';
import { protectionLines } from './protection-text.ts';
import { counted, durationOf, enumerated, grouped, minuteAndSecond } from './quantities.ts';
import {
  asBeforeWords,
  incompleteIn,
  leftovers,
  modeWords,
  runSentence,
  secondsOf,
  wasOnlyPlanned,
  type FinishedRun,
} from './run-outcome.ts';
import { sentenceSafe, terminalSafe } from './safe-text.ts';
import { columnsFor, textTable, type Column } from './text-table.ts';

const STARTED_COLUMNS = 16;

const BEFORE_POLICY = 64;

function runColumns(timeZone: string, paint: Paint): readonly Column[] {
  return [
    { title: 'RUN', width: 16, breaks: 'anywhere' },
    { title: startedTitle(timeZone), width: STARTED_COLUMNS },
    { title: 'STATUS', width: 11, paint: (line, cell) => paint(RUN_STYLES[cell as RunStatus], line) },
    { title: 'DELETED', width: 13 },
    { title: 'POLICY', width: 'rest' },
  ];
}

/** `STARTED (UTC)`; a longer name stands below, on one line or, broken at its slashes, on several. */
function startedTitle(timeZone: string): string {
  const zone = `(${timeZone})`;
  if (`STARTED ${zone}`.length <= STARTED_COLUMNS) return `STARTED ${zone}`;
  return `STARTED\n${zone.length <= STARTED_COLUMNS ? zone : zone.replaceAll('/', '/\n')}`;
}

/** How its reader names a command and reads a clock. */
interface Wording {
  readonly commandLine?: CommandLine;
  /** IANA name, default UTC. */
  readonly timeZone?: string;
}

/** Reasons of a refusal that a summary names. */
const MOST_REASONS = 3;

/** Incomplete projects that a summary names. */
const MOST_NAMED = 5;

const outcomeColumns = ({ columns, paint = NO_PAINT }: Look): readonly Column[] => [
  {
    title: 'OUTCOME',
    width: 12,
    paint: (line, cell) => paint(OUTCOME_STYLES[cell as Deletion['outcome']], line),
  },
  { title: 'PROJECT', width: 7, breaks: 'anywhere' },
  // A UUID fits; a longer id goes on in the next line, because half an id finds nothing.
  { title: 'SESSION', width: 36, breaks: 'anywhere' },
  { title: 'PROOF, OR WHY NOT', width: columnsFor(columns) - 61 },
];

/** What a run did and what to do next, in short lines for a terminal. */
export function runSummary(result: FinishedRun, wording: Wording = {}): string[] {
  const { run } = result;
  const { commandLine = plainCommandLine, timeZone = 'UTC' } = wording;
  const see = run.status === 'completed' ? [] : [`See: ${commandLine(`runs ${run.runId}`)}`];
  const why = shortProblem(run, commandLine);
  return [...summaryLines(result, why, timeZone), ...see, ...nextStep(result, commandLine)];
}

function summaryLines(result: FinishedRun, why: readonly string[], timeZone: string): string[] {
  const { run } = result;
  return [
    `${run.runId} of policy ${run.policy}: ${run.status}`,
    runSentence(result),
    ...why,
    ...asBeforeWords(run, timeZone),
    ...run.warnings.map((warning) => `Warning: ${sentenceSafe(warning, WARNING_COLUMNS)}`),
    ...leftovers(result),
    ...incompleteLines(result),
    ...restLine(result),
    ...protectionLines(result.plan),
    factsLine(run, timeZone),
    ...(run.auditHead === undefined ? [] : [`Audit head ${run.auditHead}`]),
  ];
}

/** Recent runs, one line each, within the columns of the terminal. */
export function runsTable(
  runs: readonly { readonly run: RunRecord; readonly counts: RunCounts }[],
  { timeZone = 'UTC', columns, paint = NO_PAINT }: Wording & Look = {},
): string {
  const policyColumns = columnsFor(columns) - BEFORE_POLICY;
  if (runs.length === 0) return 'No run yet.';
  const rows = runs.map(({ run, counts }) => [
    run.runId,
    minuteAndSecond(run.startedAt, timeZone).slice(0, 16),
    run.status,
    wasOnlyPlanned({ run, counts })
      ? `dry run, ${grouped(counts.planned)}`
      : `${grouped(counts.verified)} of ${grouped(counts.planned)}`,
    terminalSafe(run.policy, policyColumns),
  ]);
  return textTable(runColumns(timeZone, paint), rows, { header: true });
}

/** One run in full: the summary, its times and hashes, its projects, and every conversation with an outcome. */
export function runDetail(
  result: FinishedRun,
  entries: Iterable<AuditEntry>,
  { commandLine = plainCommandLine, timeZone = 'UTC', ...look }: Wording & Look = {},
): string[] {
  const { run, plan } = result;
  const all = [...entries];
  const outcomes = outcomeRows(all, look);
  const settled = { ...result, settledLater: settledLaterCount(deletionsIn(all)) };
  const timeIn = (at: number): string => `${minuteAndSecond(at, timeZone)} ${timeZone}`;
  return [
    ...summaryLines(settled, wholeProblem(run), timeZone),
    ...nextStep(result, commandLine),
    '',
    `Trigger     ${run.trigger}${run.slotAt === undefined ? '' : `, slot ${timeIn(run.slotAt)}`}`,
    `Policy mode ${modeWords(result)}`,
    `Started     ${timeIn(run.startedAt)}`,
    `Ended       ${run.endedAt === undefined ? 'not yet' : timeIn(run.endedAt)}`,
    `Policy hash ${run.policyHash}`,
    ...(plan === undefined
      ? []
      : [`Plan        ${plan.planId}, ${plan.status}`, `Fingerprint ${plan.fingerprint}`]),
    ...(run.requests === undefined ? [] : [`Requests    ${requestWords(run.requests)}`]),
    ...(plan === undefined ? [] : ['', ...projectLines(plan.projects, { isOver: !wasOnlyPlanned(result) })]),
    '',
    ...(outcomes === '' ? ['No DELETE was sent for any conversation.'] : outcomes.split('\n')),
  ];
}

/** Every conversation that the entries of one run speak of, with its proof or the reason; '' when there is none. */
export function outcomeRows(entries: Iterable<AuditEntry>, look: Look = {}): string {
  const rows = deletionsIn(entries).map((deletion) => [
    deletion.outcome,
    String(deletion.projectId),
    deletion.sessionId,
    proofWords(deletion),
  ]);
  return rows.length === 0 ? '' : textTable(outcomeColumns(look), rows, { header: true });
}

function proofWords(deletion: Deletion): string {
  const { outcome, deleteStatus, verifyStatus, reason } = deletion;
  switch (outcome) {
    case 'verified':
      return `DELETE ${deleteStatus ?? '–'}, GET ${verifyStatus ?? '–'}${ruleWords(deletion)}`;
    case 'already_gone':
      return `${ALREADY_GONE_WORDS}${ruleWords(deletion)}`;
    case 'open':
      return 'no outcome yet';
    case 'unverified':
    case 'failed':
    case 'skipped':
      return sentenceSafe(reason ?? 'no reason recorded', SENTENCE_COLUMNS);
  }
}

/** In short; what is left out stands in the run's detail. */
function shortProblem({ problem, status, runId }: RunRecord, commandLine: CommandLine): string[] {
  if (problem === undefined) return [];
  const parts = status === 'refused' ? refusalParts(problem) : [problem];
  const said = parts.slice(0, MOST_REASONS).map((part) => sentenceSafe(part, WARNING_COLUMNS));
  const more = parts.length - said.length;
  const rest = more > 0 ? [`and ${grouped(more)} more: see ${commandLine(`runs ${runId}`)}`] : [];
  return [`Why: ${[...said, ...rest].join('; ')}`];
}

function wholeProblem({ problem }: RunRecord): string[] {
  return problem === undefined ? [] : [`Why: ${terminalSafe(problem, Number.POSITIVE_INFINITY)}`];
}

function incompleteLines({ plan }: FinishedRun): string[] {
  const projects = incompleteIn(plan);
  const more = projects.length - MOST_NAMED;
  return [
    ...projects.slice(0, MOST_NAMED).map(({ projectId, incomplete }) => {
      const why = sentenceSafe(incomplete ?? '', SENTENCE_COLUMNS);
      return `Project ${projectId} could not be listed in full (${why}): nothing of it was deleted.`;
    }),
    ...(more > 0 ? [`… and ${counted(more, 'project')} more that could not be listed in full.`] : []),
  ];
}

function restLine({ counts, plan }: FinishedRun): string[] {
  if (plan === undefined) return [];
  if (plan.projects.length === 0) return ['No project falls under this policy: look at projects.include.'];
  const { listed, planned, kept, held, unknown } = counts;
  const rest = enumerated([
    `${grouped(planned)} planned`,
    `${grouped(held)} held`,
    `${grouped(unknown)} unknown`,
    `${grouped(kept)} kept`,
  ]);
  return [`Listed ${counted(listed, 'conversation')}: ${rest}.`];
}

function factsLine(run: RunRecord, timeZone: string): string {
  const seconds = secondsOf(run);
  const requests = run.requests === undefined ? [] : [counted(totalRequests(run.requests), 'request')];
  const since = `since ${minuteAndSecond(run.startedAt, timeZone)} ${timeZone}`;
  const time = seconds === undefined ? since : durationOf(seconds);
  return [...requests, time].join(', ');
}

function requestWords(requests: RequestCounts): string {
  const parts = PURPOSES.filter((purpose) => requests[purpose] > 0).map(
    (purpose) => `${grouped(requests[purpose])} ${purpose}`,
  );
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function nextStep(result: FinishedRun, commandLine: CommandLine): string[] {
  const { planId, status, problem } = result.run;
  if (planId === undefined) return [];
  if (status === 'refused') {
    const look = `Look at its plan: ${commandLine(`plan --show ${planId}`)}`;
    return isStopped(problem)
      ? [look, 'No override lets this pass: correct the policy, and run again.']
      : [look, applyLine(planId, true, commandLine)];
  }
  const isToBeApplied = wasOnlyPlanned(result) && result.counts.planned > 0;
  return isToBeApplied ? [applyLine(planId, false, commandLine)] : [];
}
