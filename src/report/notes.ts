import type { AuditEntry, Fact } from '../core/audit-entry.ts';
import { stopInWords } from '../core/findings.ts';
import { breachInWords } from '../core/limits.ts';
import { hasLostRows, isDryRun, type Report } from './report.ts';
import { counted, grouped } from './quantities.ts';
import { asBeforeWords, incompleteIn, leftovers } from './run-outcome.ts';

/** Everything that a reader must not miss, above all else: one sentence each. */
export function notesOf(report: Report): readonly string[] {
  const { plan, finished } = report;
  return [
    ...(isDryRun(report) ? refusals(report) : []),
    ...(finished === undefined ? (plan?.findings.warnings ?? []).map(ended) : ofRun(report, finished)),
    ...(hasLostRows(report) ? [LOST_ROWS] : []),
    ...incompleteIn(plan).map(
      ({ projectId, incomplete }) =>
        `Project ${projectId} could not be listed in full (${incomplete ?? ''}), so nothing of it is deleted.`,
    ),
    ...(plan?.findings.protections ?? [])
      .filter(({ matched }) => matched === 0)
      .map(({ kind, name }) => `${NOTHING_MATCHED[kind]} ${name} matches nothing.`),
  ];
}

/** What would refuse the plan, or leave some of it to later. */
function refusals({ plan, finished, breaches, deferral }: Report): readonly string[] {
  const isUnchecked = breaches === undefined && finished === undefined && plan?.status === 'open';
  return [
    ...(plan?.findings.stops ?? []).map((stop) => `A protection would refuse it: ${stopInWords(stop)}.`),
    ...(isUnchecked ? [UNCHECKED] : []),
    ...(breaches ?? []).map((breach) => `A limit would refuse it: ${breachInWords(breach)}.`),
    ...(deferral === undefined
      ? []
      : [
          `A run would delete the ${grouped(deferral.room)} oldest and leave ${grouped(deferral.deferred)} to later runs: ${deferral.breaches.map(breachInWords).join('; ')}.`,
        ]),
  ];
}

const UNCHECKED = 'Limits, and holds placed since, were not checked for this report: apply checks them.';
const LOST_ROWS =
  'The rows of the plan were removed, 30 days after it was closed: its counts are those of then, ages and what was merely planned are no longer known one by one.';
const NOTHING_MATCHED = { rule: 'Keep rule', exclude: 'Exclude entry', hold: 'Hold' } as const;

function ofRun(
  { plan, entryNotes, timeZone }: Report,
  finished: NonNullable<Report['finished']>,
): readonly string[] {
  const { run } = finished;
  const isRefused = run.status === 'refused';
  return [
    ...(run.problem === undefined
      ? []
      : [`${isRefused ? 'Why it was refused' : 'Ended early'}: ${run.problem}.`]),
    ...(isRefused && plan !== undefined ? [`No DELETE was sent; the plan is kept as ${plan.planId}.`] : []),
    ...asBeforeWords(run, timeZone),
    ...run.warnings.map(ended),
    ...leftovers(finished),
    ...entryNotes,
  ];
}

function ended(warning: string): string {
  return warning.endsWith('.') ? warning : `${warning}.`;
}

/** What an entry of a run adds to its notes. */
export function notesIn(entry: AuditEntry): readonly string[] {
  const fact = (name: string): string => {
    const value = entry[name];
    return typeof value === 'string' ? value : 'not recorded';
  };
  switch (entry.event) {
    case 'run.started':
      if (typeof entry['by'] !== 'string') return [];
      return [
        `Applied by ${entry['by']}${typeof entry['reason'] === 'string' ? `; reason given: ${entry['reason']}` : ''}.`,
      ];
    case 'limits.overridden':
      return [`The limits were overridden by ${fact('by')}; reason given: ${fact('reason')}.`];
    case 'listing.incomplete':
      // The listing for the plan is told of by the plan itself.
      if (entry['phase'] !== 'confirm') return [];
      return [`Project ${entry.project_id ?? '?'} could not be listed again at the end: ${fact('reason')}.`];
    case 'run.completed':
    case 'run.failed':
      return unconfirmedIn(entry).map(
        (projectId) => `No fresh listing of project ${projectId} confirms its deletions.`,
      );
    default:
      return [];
  }
}

function unconfirmedIn(entry: AuditEntry): readonly number[] {
  const unconfirmed: Fact | undefined = entry['unconfirmed'];
  return Array.isArray(unconfirmed) ? unconfirmed.filter((id) => typeof id === 'number') : [];
}

/** `kept 3 conversations`, `kept nothing`. */
export function matchedWords(matched: number, thing: 'conversation' | 'project'): string {
  return matched === 0 ? 'nothing' : counted(matched, thing);
}
