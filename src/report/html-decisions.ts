import type { PlanCounts, PlanItem, PlanProject, PlanSummary, Verdict } from '../core/plan.ts';
import { populationOf } from '../core/population.ts';
import { groupedBy } from './grouping.ts';
import { html, NOTHING, type Html } from './html.ts';
import { tableHtml, type HtmlColumn } from './html-table.ts';
import { counted, grouped } from './quantities.ts';

const VERDICT_WORDS: Readonly<Record<Exclude<Verdict, 'delete'>, string>> = {
  held: 'held',
  unknown: 'unknown',
  keep: 'kept',
};

type Staying = PlanItem & { readonly verdict: Exclude<Verdict, 'delete'> };

const REASON_COLUMNS: readonly HtmlColumn[] = [
  { title: 'Reason' },
  { title: 'Verdict', kind: 'short' },
  { title: 'Conversations', kind: 'number' },
];

const STAYING_COLUMNS: readonly HtmlColumn[] = [
  { title: 'Conversation', kind: 'code' },
  { title: 'Project', kind: 'number' },
  { title: 'Age', kind: 'number' },
  { title: 'Verdict', kind: 'short' },
  { title: 'Why' },
];

/** What the rules left alone, and why: added up by reason, then one by one where the plan names it. */
export function stayingHtml(
  plan: PlanSummary | undefined,
  items: readonly PlanItem[],
  counts: Pick<PlanCounts, 'kept' | 'unknown'>,
): Html {
  const staying = items.filter((item): item is Staying => item.verdict !== 'delete');
  const named = (wanted: Verdict): number => staying.filter(({ verdict }) => verdict === wanted).length;
  // The last two are what the plan only counts.
  const reasons = [
    ...byReason(staying),
    ...countedRow('its project could not be listed in full', 'unknown', counts.unknown - named('unknown')),
    ...countedRow('no rule deletes it; counted, not listed one by one', 'keep', counts.kept - named('keep')),
  ];
  if (reasons.length === 0) return html`<p>Nothing else was listed.</p>`;
  return html`${tableHtml({
    id: 'reasons-table',
    isSmall: true,
    caption: html`Why conversations that were listed stay.`,
    columns: REASON_COLUMNS,
    groups: [{ rows: reasons }],
    elsewhere: elsewhere(plan),
  })}
  ${
    staying.length === 0
      ? NOTHING
      : tableHtml({
          id: 'staying-table',
          caption: html`${counted(staying.length, 'conversation')} that the plan names one by one.`,
          columns: STAYING_COLUMNS,
          groups: [{ rows: staying.map(stayingRow) }],
          elsewhere: elsewhere(plan),
        })
  }`;
}

/** Every project of the plan with its counts. */
export function projectsHtml(projects: readonly PlanProject[], plan: PlanSummary | undefined): Html {
  if (projects.length === 0) return html`<p>No project fell under the policy.</p>`;
  return tableHtml({
    id: 'projects-table',
    caption: html`Conversations by project, as the plan found them. A listing goes from the oldest to where no
    rule can reach any more, so it may be shorter than the project; what is in the project then is the API’s
    own count.`,
    columns: [
      { title: 'Project' },
      ...['In the project', 'Listed', 'Planned', 'Held', 'Unknown', 'Kept'].map((title): HtmlColumn => ({
        title,
        kind: 'number',
      })),
      { title: 'Listing' },
    ],
    groups: [
      {
        rows: projects.map((project) => [
          html`${project.projectId}`,
          html`${grouped(populationOf(project) ?? project.total)}`,
          html`${grouped(project.listed)}`,
          html`${grouped(project.planned)}`,
          html`${grouped(project.held)}`,
          html`${grouped(project.unknown)}`,
          html`${grouped(project.kept)}`,
          html`${project.incomplete === undefined ? 'complete' : `incomplete: ${project.incomplete}`}`,
        ]),
      },
    ],
    elsewhere: elsewhere(plan),
  });
}

function byReason(staying: readonly Staying[]): readonly (readonly Html[])[] {
  const groups = groupedBy(staying, ({ verdict, reason }) => `${verdict} ${reason}`);
  return [...groups.values()]
    .sort((one, other) => other.length - one.length)
    .flatMap((group) => {
      const [item] = group;
      return item === undefined ? [] : countedRow(item.reason, item.verdict, group.length);
    });
}

function countedRow(
  reason: string,
  verdict: keyof typeof VERDICT_WORDS,
  count: number,
): readonly (readonly Html[])[] {
  return count <= 0 ? [] : [[html`${reason}`, html`${VERDICT_WORDS[verdict]}`, html`${grouped(count)}`]];
}

function stayingRow(item: Staying): readonly Html[] {
  return [
    html`${item.sessionId ?? 'no usable id'}`,
    html`${item.projectId}`,
    html`${item.ageDays === null ? 'unknown' : `${item.ageDays} d`}`,
    html`${VERDICT_WORDS[item.verdict]}`,
    html`${item.reason}`,
  ];
}

function elsewhere(plan: PlanSummary | undefined): Html {
  return plan === undefined
    ? html`in the worker's own state`
    : html`in plan ${plan.planId}, kept in the worker's state`;
}
