import { plainCommandLine, type CommandLine } from '../core/command-line.ts';
import { stopInWords } from '../core/findings.ts';
import { breachInWords } from '../core/limits.ts';
import { populationOf } from '../core/population.ts';
import { countsOf, type PlanProject, type PlanSummary } from '../core/plan.ts';
import type { PlanCost, PlanToShow } from './run-json.ts';
import { retentionLines } from './retention-text.ts';
import { protectionLines } from './protection-text.ts';
import { counted, durationOf, enumerated, grouped, minuteAndSecond } from './quantities.ts';
import { sentenceSafe } from './safe-text.ts';
import { textTable, type Column } from './text-table.ts';

/** Longer lists of projects leave out those where nothing happens. */
const SHORT_LIST = 20;

/** The longest text of somebody else's that stands in a sentence. */
export const SENTENCE_COLUMNS = 300;

/** A warning may name five session ids, an exclusion a text of 500 signs. */
export const WARNING_COLUMNS = 1_000;

const PROJECT_COLUMNS: readonly Column[] = [
  { title: 'PROJECT', width: 12, breaks: 'anywhere' },
  { title: 'LISTED', width: 9, align: 'right' },
  { title: 'TOTAL', width: 9, align: 'right' },
  { title: 'WOULD DELETE', width: 12, align: 'right' },
  { title: 'HELD', width: 7, align: 'right' },
  { title: 'UNKNOWN', width: 7, align: 'right' },
  { title: 'KEPT', width: 9, align: 'right' },
];

/** Of a plan that nobody will apply any more. */
const COLUMNS_OF_THE_PAST = PROJECT_COLUMNS.map((column) =>
  column.title === 'WOULD DELETE' ? { ...column, title: 'PLANNED' } : column,
);

/** What a plan would do, as lines for a terminal, 80 columns where the words allow. */
export function planHeadline(
  plan: PlanSummary,
  shown: Pick<PlanToShow, 'cost' | 'breaches' | 'deferral' | 'retention'> & {
    readonly commandLine?: CommandLine;
    readonly timeZone?: string;
  },
): string[] {
  const { cost, breaches, deferral, retention = [] } = shown;
  const { commandLine = plainCommandLine, timeZone = 'UTC' } = shown;
  const { planned } = countsOf(plan.projects);
  return [
    `Plan ${plan.planId} of policy ${plan.policy}, mode ${plan.mode}`,
    `Decided ${minuteAndSecond(plan.decidedAt, timeZone)}, ${lifeWords(plan, timeZone)} (${timeZone})`,
    ...(hasNames(plan) ? [] : ['Names of conversations are removed once a plan can no longer be applied.']),
    '',
    ...projectLines(plan.projects),
    '',
    ...protectionLines(plan),
    ...retentionLines(retention),
    ...plan.findings.warnings.map((warning) => `Warning: ${sentenceSafe(warning, WARNING_COLUMNS)}`),
    sentence(plan),
    ...(planned === 0 || cost === undefined ? [] : [costLine(cost)]),
    ...plan.findings.stops.map(
      (stop) => `A protection would refuse this plan: ${sentenceSafe(stopInWords(stop), WARNING_COLUMNS)}.`,
    ),
    ...breaches.map((breach) => `A limit would refuse this plan: ${breachInWords(breach)}.`),
    ...(deferral === undefined ? [] : [deferralLine(deferral)]),
    nextStep(plan, breaches.length > 0, commandLine),
  ];
}

/** How long a plan can be applied, as far as it still can. */
function lifeWords({ status, expiresAt }: PlanSummary, timeZone: string): string {
  if (status === 'applied') return 'applied since';
  const end = minuteAndSecond(expiresAt, timeZone);
  return status === 'expired' ? `expired ${end}` : `to be applied until ${end}`;
}

/** Names are kept for as long as somebody may apply the plan, and removed some time after that. */
export function hasNames({ status }: Pick<PlanSummary, 'status'>): boolean {
  return status === 'open' || status === 'draft';
}

/** The table of a plan's projects, and a line for each that could not be listed. `isOver`: of a run that was not a mere plan. */
export function projectLines(
  projects: readonly PlanProject[],
  { isOver = false }: { readonly isOver?: boolean } = {},
): string[] {
  if (projects.length === 0) return ['No project falls under this policy.'];
  const isQuiet = (project: PlanProject): boolean =>
    project.planned + project.held + project.unknown === 0 && project.incomplete === undefined;
  const quiet = projects.length > SHORT_LIST ? projects.filter(isQuiet) : [];
  const shown = quiet.length === 0 ? projects : projects.filter((project) => !isQuiet(project));
  const rows = shown.map((project) => [
    String(project.projectId),
    ...[project.listed, totalOf(project), project.planned, project.held, project.unknown, project.kept].map(
      grouped,
    ),
  ]);
  const kept = countsOf(quiet).kept;
  return [
    ...textTable(isOver ? COLUMNS_OF_THE_PAST : PROJECT_COLUMNS, rows, { header: true }).split('\n'),
    ...(quiet.length === 0
      ? []
      : [`… and ${counted(quiet.length, 'project')} where all that was listed is kept (${grouped(kept)}).`]),
    ...shown.flatMap(incompleteLine),
    ...unreachedLine(projects),
  ];
}

function incompleteLine({ projectId, incomplete }: PlanProject): string[] {
  if (incomplete === undefined) return [];
  const why = sentenceSafe(incomplete, SENTENCE_COLUMNS);
  return [`Project ${projectId} is incomplete (${why}): nothing of it is deleted.`];
}

function unreachedLine(projects: readonly PlanProject[]): string[] {
  const sampled = projects.filter((project) => project.incomplete === undefined && project.sampled);
  if (sampled.length === 0) return [];
  const unreached = sampled.reduce((sum, one) => sum + Math.max(0, totalOf(one) - one.listed), 0);
  const seen = sampled.reduce((sum, { total }) => sum + total, 0);
  const were = counted(unreached, 'newer conversation was', 'newer conversations were');
  const where = counted(sampled.length, 'project');
  return [
    `${were} not listed, because no rule can reach that far; all of that stays.`,
    `Order sampled in ${where}: ${grouped(seen)} read, two later pages looked at; percentages are of what was read.`,
  ];
}

/** Where the listing stopped early, the rest is the paginator's word. */
function totalOf(project: PlanProject): number {
  return populationOf(project) ?? project.total;
}

function sentence(plan: PlanSummary): string {
  const { planned, held, unknown, kept } = countsOf(plan.projects);
  const rest = enumerated([
    ...(held > 0 ? [`${grouped(held)} held`] : []),
    ...(unknown > 0 ? [`${grouped(unknown)} unknown`] : []),
    `${grouped(kept)} kept`,
  ]);
  const stay = `${grouped(held + unknown + kept)} stay (${rest})`;
  const yet = plan.status === 'applied' ? '' : ' Nothing has been deleted.';
  return `Would delete ${counted(planned, 'conversation')}; ${stay}.${yet}`;
}

function costLine({ requests, seconds, requestsPerMinute }: PlanCost): string {
  const pace = requestsPerMinute === 'unlimited' ? 'with no pace set' : `at ${requestsPerMinute} a minute`;
  const time = seconds === 0 ? '' : `, about ${durationOf(seconds)}`;
  return `Applying it takes about ${counted(requests, 'request')}${time} ${pace}.`;
}

function deferralLine({ room, deferred, breaches }: NonNullable<PlanToShow['deferral']>): string {
  const why = breaches.map(breachInWords).join('; ');
  return `A run would delete the ${grouped(room)} oldest and leave ${grouped(deferred)} to later runs: ${why}.`;
}

function nextStep(plan: PlanSummary, isRefused: boolean, commandLine: CommandLine): string {
  if (plan.status === 'applied') return 'It was applied already; a plan is applied once.';
  if (plan.status !== 'open')
    return `It has expired. Make a new one: ${commandLine(`plan --policy ${plan.policy}`)}`;
  if (countsOf(plan.projects).planned === 0) return 'There is nothing to apply.';
  if (plan.findings.stops.length > 0)
    return 'It cannot be applied, and no override changes that: correct the policy, and make a new plan.';
  return applyLine(plan.planId, isRefused, commandLine);
}

/** How a person applies a plan, and how one that limits refuse. */
export function applyLine(planId: string, isRefused: boolean, commandLine: CommandLine): string {
  const apply = `apply ${planId}`;
  if (!isRefused) return `Apply it: ${commandLine(apply)}`;
  return `Apply it anyway: ${commandLine(`${apply} --override-limits --by WHO --reason TEXT`)}`;
}
