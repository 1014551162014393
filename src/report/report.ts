import { bandOf } from '../core/age-bands.ts';
import type { AuditHead } from '../core/audit-entry.ts';
import type { CommandLine } from '../core/command-line.ts';
import type { PlanItem, PlanSummary } from '../core/plan.ts';
import type { Verdict } from '../core/verdict.ts';
import { countsOf, isIncomplete } from '../core/plan.ts';
import { conversationKey, type Deletion } from './deletion-proof.ts';
import { counted, enumerated, grouped } from './quantities.ts';
import type { PlanToShow } from './run-json.ts';
import { runSentence, wasOnlyPlanned, type FinishedRun } from './run-outcome.ts';

/** One conversation of a report: what was decided, and, in a run's report, what became of it. */
export interface ReportRow extends Pick<PlanItem, 'projectId' | 'sessionId' | 'rule' | 'ageDays'> {
  /** Left out wherever names have no place. */
  readonly name: string | undefined;
  readonly state: RowState;
  /** The reason of the verdict or of the outcome; undefined for a deletion that speaks by its proof. */
  readonly reason: string | undefined;
  /** What the log says of its deletion. */
  readonly deletion: Deletion | undefined;
}

/** A verdict, or the outcome of what was to be deleted. `deferred`: left to a later run. */
export type RowState = Verdict | Deletion['outcome'] | 'deferred';

export interface Report extends Pick<PlanToShow, 'cost' | 'deferral'> {
  /** Limits that would refuse the plan now; undefined where nobody asked. */
  readonly breaches: PlanToShow['breaches'] | undefined;
  /** Undefined where a run ended before it had one. */
  readonly plan: PlanSummary | undefined;
  /** The run that it is about; undefined: a plan, whatever became of it later. */
  readonly finished: FinishedRun | undefined;
  readonly totals: ReportTotals;
  /** What the run's entries say beside its outcomes, one sentence each. */
  readonly entryNotes: readonly string[];
  /** The policy in plain words, one sentence each; empty where its text is not kept. */
  readonly policyWords: readonly string[];
  /** The end of the whole log when this report was made. */
  readonly auditHead: AuditHead;
  /** The public half of the key that signs here now; undefined: there is none yet. */
  readonly verifierKey: string | undefined;
  /** By the id of a hold: the matter that it belongs to. */
  readonly matters: ReadonlyMap<string, string>;
  readonly generatedAt: number;
  /** IANA name. */
  readonly timeZone: string;
  readonly commandLine: CommandLine;
  /** Whether its rows say names. */
  readonly hasNames: boolean;
  /** Those of one project together, read afresh by whoever asks. */
  readonly rows: () => AsyncIterable<ReportRow>;
}

/** What has to be known before the first row is written, added up over all of them. */
export interface ReportTotals {
  /** How many rows each rule asked to delete, and how many of them are deleted. */
  readonly byRule: ReadonlyMap<string, { readonly planned: number; readonly deleted: number }>;
  /** Per project and state. */
  readonly byProject: ReadonlyMap<number, ReadonlyMap<RowState, number>>;
  /** Proven deletions by the band of ages that they are from, see `bandOf`. */
  readonly deletedByBand: ReadonlyMap<number | null, number>;
  readonly rows: number;
}

/** Joins a plan's items with what the log says of them; what the log alone knows of a project stands at that project's end. */
export async function* rowsOf(
  items: AsyncIterable<PlanItem>,
  deletions: ReadonlyMap<string, Deletion>,
  withNames: boolean,
): AsyncGenerator<ReportRow> {
  const left = new Map<number, Map<string, Deletion>>();
  for (const [key, deletion] of deletions) {
    const { projectId } = deletion;
    left.set(projectId, (left.get(projectId) ?? new Map<string, Deletion>()).set(key, deletion));
  }
  function* rest(projectId: number | undefined): Generator<ReportRow> {
    if (projectId === undefined) return;
    for (const deletion of left.get(projectId)?.values() ?? []) yield rowOfLog(deletion);
    left.delete(projectId);
  }
  let project: number | undefined;
  for await (const item of items) {
    const { projectId, sessionId } = item;
    if (projectId !== project) yield* rest(project);
    project = projectId;
    const key = conversationKey({ projectId, sessionId: sessionId ?? '' });
    const deletion = item.verdict === 'delete' ? left.get(projectId)?.get(key) : undefined;
    if (deletion !== undefined) left.get(projectId)?.delete(key);
    yield rowOfItem(item, deletion, withNames);
  }
  yield* rest(project);
  for (const projectId of [...left.keys()].sort((one, other) => one - other)) yield* rest(projectId);
}

function rowOfItem(item: PlanItem, deletion: Deletion | undefined, withNames: boolean): ReportRow {
  const { projectId, sessionId, rule, ageDays, verdict, deferred, reason, seen } = item;
  const common = { projectId, sessionId, rule, ageDays, name: withNames ? seen.name : undefined, deletion };
  if (deletion !== undefined) return { ...common, state: deletion.outcome, reason: deletion.reason };
  return { ...common, state: deferred === true ? 'deferred' : verdict, reason };
}

function rowOfLog(deletion: Deletion): ReportRow {
  const { projectId, sessionId, rule, outcome: state, reason } = deletion;
  return { projectId, sessionId, rule, ageDays: null, name: undefined, state, reason, deletion };
}

export async function totalsOf(rows: AsyncIterable<ReportRow>): Promise<ReportTotals> {
  const byRule = new Map<string, { planned: number; deleted: number }>();
  const byProject = new Map<number, Map<RowState, number>>();
  const deletedByBand = new Map<number | null, number>();
  let count = 0;
  for await (const { projectId, rule, state, ageDays } of rows) {
    count += 1;
    const states = byProject.get(projectId) ?? new Map<RowState, number>();
    byProject.set(projectId, states.set(state, (states.get(state) ?? 0) + 1));
    if (state === 'keep' || state === 'held' || state === 'unknown') continue;
    const ofRule = byRule.get(rule ?? '–') ?? { planned: 0, deleted: 0 };
    byRule.set(rule ?? '–', ofRule);
    ofRule.planned += 1;
    if (state !== 'verified') continue;
    ofRule.deleted += 1;
    const band = bandOf(ageDays);
    deletedByBand.set(band, (deletedByBand.get(band) ?? 0) + 1);
  }
  return { byRule, byProject, deletedByBand, rows: count };
}

/** Whether the rows of the plan are gone: they are removed some time after it was closed, and its counts stay. */
export function hasLostRows({ plan, totals }: Pick<Report, 'plan' | 'totals'>): boolean {
  const { planned, held, unknown } = countsOf(plan?.projects ?? []);
  const rows = [...totals.byProject.values()].flatMap((states) => [...states]);
  const known = rows.reduce((sum, [state, count]) => sum + (state === 'keep' ? 0 : count), 0);
  // Of projects that could not be listed there never were any.
  const incomplete = (plan?.projects ?? []).filter(isIncomplete).reduce((sum, one) => sum + one.unknown, 0);
  return known < planned + held + unknown - incomplete;
}

/** Whether nothing was, or is yet, deleted by what the report is about. */
export function isDryRun({ finished }: Pick<Report, 'finished'>): boolean {
  return finished === undefined || wasOnlyPlanned(finished);
}

/** The verdict in one sentence, and what stands beside it. */
export function verdictOf(report: Report): { readonly sentence: string; readonly rest: string } {
  const { finished, plan } = report;
  if (finished !== undefined && !wasOnlyPlanned(finished))
    return { sentence: runSentence(finished), rest: plan === undefined ? '' : restSentence(plan, true) };
  if (plan === undefined) return { sentence: 'Nothing was planned.', rest: 'Nothing was deleted.' };
  const { planned } = countsOf(plan.projects);
  const refused = plan.findings.stops.length + (report.breaches?.length ?? 0);
  const what = `Would delete ${counted(planned, 'conversation')}`;
  return {
    sentence:
      planned === 0 ? 'Nothing would be deleted.' : `${what}${refused > 0 ? ', but would be refused' : ''}.`,
    rest: `${restSentence(plan, false)} ${appliedSentence(plan)}`,
  };
}

function restSentence(plan: PlanSummary, wasRun: boolean): string {
  const { listed, held, unknown, kept, planned } = countsOf(plan.projects);
  const others = enumerated([
    ...(wasRun ? [`${grouped(planned)} planned`] : []),
    ...(held > 0 ? [`${grouped(held)} held`] : []),
    ...(unknown > 0 ? [`${grouped(unknown)} kept because something about them is unknown`] : []),
    `${grouped(kept)} kept`,
  ]);
  return `Of ${counted(listed, 'listed conversation')}: ${others}.`;
}

function appliedSentence({ status }: PlanSummary): string {
  if (status === 'applied') return 'The plan was applied since.';
  return `Nothing has been deleted.${status === 'expired' ? ' The plan has expired.' : ''}`;
}

/** How each state is called. */
export function stateInWords(state: RowState, isDry: boolean): string {
  switch (state) {
    case 'delete':
      return isDry ? 'would be deleted' : 'not begun';
    case 'keep':
      return 'kept';
    case 'verified':
      return 'deleted';
    case 'already_gone':
      return 'already gone';
    case 'open':
      return 'no outcome yet';
    case 'held':
    case 'unknown':
    case 'unverified':
    case 'failed':
    case 'skipped':
    case 'deferred':
      return state;
  }
}

/** The same for programs: in a run's report, what was planned and not begun is no deletion. */
export function stateForPrograms(state: RowState, isDry: boolean): string {
  return state === 'delete' && !isDry ? 'not_begun' : state;
}

/** In the order in which a reader looks for them. */
export const ROW_STATES: readonly RowState[] = [
  ...(['verified', 'delete', 'already_gone', 'unverified', 'failed', 'open', 'skipped', 'deferred'] as const),
  ...(['held', 'unknown', 'keep'] as const),
];
