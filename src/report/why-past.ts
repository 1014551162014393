import type { AuditEntry } from '../core/audit-entry.ts';
import type { SourcedHold } from '../core/hold.ts';
import { parseInstant } from '../core/instant.ts';
import type { OpenIntent } from '../core/open-intent.ts';
import type { WhyReport } from '../core/why.ts';
import { VERDICT_WORDS } from './plan-rows-text.ts';
import { SENTENCE_COLUMNS } from './plan-text.ts';
import { grouped, minuteAndSecond } from './quantities.ts';
import { sentenceSafe } from './safe-text.ts';
import type { Look } from './paint.ts';
import { columnsFor, textTable, type Column } from './text-table.ts';

/** Earlier plans that are named. */
const MOST_PLANS = 5;

export function holdLinesOf(holds: readonly SourcedHold[], timeZone: string): readonly string[] {
  if (holds.length === 0) return ['No hold covers it.'];
  return holds.map(({ holdId, sessionId, matter, untilAt }) => {
    const what = sessionId === undefined ? 'its whole project' : 'it';
    const end = untilAt === undefined ? 'until released' : `until ${minuteAndSecond(untilAt, timeZone)}`;
    return `${holdId} covers ${what}, ${end} (matter ${sentenceSafe(matter, SENTENCE_COLUMNS)}).`;
  });
}

export function openLinesOf(open: readonly OpenIntent[]): readonly string[] {
  return open.map(({ runId, policy, rule, requestedAt, isParked }) => {
    const stuck = isParked ? '; stuck: nothing more can be learned for now' : '';
    return `Not settled: ${runId} of policy ${policy}, rule ${rule ?? '?'}, since ${requestedAt}${stuck}.`;
  });
}

const BEFORE_HOW = 60;

/** What is not on a terminal goes on in one line. */
function pastColumns({ columns }: Look): readonly Column[] {
  return [
    { title: 'WHEN', width: 19 },
    { title: 'WHAT', width: 12 },
    { title: 'BY', width: 16, breaks: 'anywhere' },
    { title: 'ENTRY', width: 5, align: 'right' },
    { title: 'HOW', width: columns === undefined ? 'rest' : columnsFor(columns) - BEFORE_HOW },
  ];
}

/** What plans said of it, and what the audit log has. */
export function pastLines(report: WhyReport, timeZone: string, look: Look): readonly string[] {
  const { history } = report;
  const rows = history.map((entry) => [
    whenOf(entry, timeZone),
    entry.event.replace(/^deletion\./, ''),
    entry.run_id ?? '–',
    grouped(entry.seq),
    sentenceSafe(detailsOf(entry, timeZone), SENTENCE_COLUMNS),
  ]);
  return [
    ...earlierLines(report, timeZone),
    ...(rows.length === 0
      ? ['Nothing was done to it: the audit log does not name it.']
      : ['', ...textTable(pastColumns(look), rows, { header: true }).split('\n')]),
  ];
}

function earlierLines({ planned, policies }: WhyReport, timeZone: string): readonly string[] {
  const latest = new Set(policies.map((one) => one.latest?.plan.planId));
  const earlier = planned.filter(({ plan }) => !latest.has(plan.planId));
  const more = earlier.length - MOST_PLANS;
  return [
    ...earlier.slice(0, MOST_PLANS).map(({ plan, item }) => {
      const said = `${VERDICT_WORDS[item.verdict]}, ${sentenceSafe(item.reason, SENTENCE_COLUMNS)}`;
      return `Earlier plan ${plan.planId} of policy ${plan.policy}, ${minuteAndSecond(plan.decidedAt, timeZone)}: ${said}.`;
    }),
    ...(more > 0 ? [`… and ${grouped(more)} earlier plans more.`] : []),
  ];
}

function whenOf({ time }: AuditEntry, timeZone: string): string {
  const at = parseInstant(time);
  return at === undefined ? time : minuteAndSecond(at, timeZone);
}

/** Facts of an entry that say what was sent and seen, in the order of the events. */
function detailsOf(entry: AuditEntry, timeZone: string): string {
  const { rule, event } = entry;
  const said = (key: string, words: string): readonly string[] => {
    const fact = entry[key];
    return typeof fact === 'string' || typeof fact === 'number' ? [`${words} ${fact}`] : [];
  };
  const reason = entry['reason'];
  const verifiedAt = parseInstant(entry['verified_at']);
  return [
    // Said once: what follows an intent is by its rule.
    ...(rule !== null && (event === 'deletion.intended' || event === 'deletion.skipped')
      ? [`rule ${rule}`]
      : []),
    ...said('plan_id', 'of'),
    ...said('attempt', 'attempt'),
    ...(event === 'deletion.intended'
      ? []
      : [...said('delete_status', 'DELETE'), ...said('verify_status', 'GET')]),
    ...(verifiedAt === undefined ? [] : [`gone by ${minuteAndSecond(verifiedAt, timeZone)}`]),
    ...said('matter', 'matter'),
    ...(entry['parked'] === true ? ['stuck'] : []),
    ...(typeof reason === 'string' ? [reason] : []),
  ].join(', ');
}
