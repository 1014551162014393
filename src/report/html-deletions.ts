import type { CommandLine } from '../core/command-line.ts';
import type { PlanItem } from '../core/plan.ts';
import { ALREADY_GONE_WORDS, conversationKey, ruleWords, type Deletion } from './deletion-proof.ts';
import { groupedBy } from './grouping.ts';
import { html, NOTHING, timeHtml, type Html } from './html.ts';
import { tableHtml, type HtmlColumn, type HtmlRows } from './html-table.ts';
import { counted, grouped } from './quantities.ts';

interface DeletionSections {
  readonly runId: string;
  readonly commandLine: CommandLine;
  /** `2026-05-04`: the day that times without a date belong to. */
  readonly day: string;
  readonly deletions: readonly Deletion[];
  readonly items: readonly PlanItem[];
}

const PROOF_COLUMNS: readonly HtmlColumn[] = [
  { title: 'Conversation', kind: 'code' },
  { title: 'Rule' },
  { title: 'Age', kind: 'number' },
  { title: 'DELETE answered' },
  { title: 'Then GET answered' },
  { title: 'Then not listed' },
];

const REST_COLUMNS: readonly HtmlColumn[] = [
  { title: 'Conversation', kind: 'code' },
  { title: 'Outcome', kind: 'short' },
  { title: 'Why' },
  { title: 'Rule' },
  { title: 'DELETE answered' },
  { title: 'Last GET answered' },
];

const OUTCOME_WORDS = {
  verified: 'deleted',
  already_gone: 'already gone',
  unverified: 'unverified',
  failed: 'failed',
  skipped: 'skipped',
  open: 'no outcome yet',
} as const;

/** What was deleted, by project, each with its proof. */
export function deletedHtml({ runId, commandLine, day, deletions, items }: DeletionSections): Html {
  const deleted = deletions.filter(({ outcome }) => outcome === 'verified');
  if (deleted.length === 0) return NOTHING;
  const ages = new Map<string, number | null>();
  for (const { sessionId, projectId, ageDays } of items) {
    if (sessionId !== null) ages.set(conversationKey({ projectId, sessionId }), ageDays);
  }
  const groups = byProject(deleted).map(([projectId, rows]): HtmlRows => ({
    group: projectHeading(projectId, rows),
    rows: rows.map((deletion) => proofRow(deletion, day, ages.get(conversationKey(deletion)))),
  }));
  return tableHtml({
    id: 'deleted-table',
    caption: html`${counted(deleted.length, 'conversation')} deleted and proven gone. Times are UTC, on ${day}
    where no date is given; ages are those at the decision.`,
    columns: PROOF_COLUMNS,
    groups,
    elsewhere: exported(runId, commandLine),
  });
}

/** What was planned and is not deleted, and why. */
export function notDeletedHtml({ runId, commandLine, day, deletions }: DeletionSections): Html {
  const rest = deletions.filter(({ outcome }) => outcome !== 'verified');
  if (rest.length === 0) return NOTHING;
  const groups = byProject(rest).map(([projectId, rows]): HtmlRows => ({
    group: html`Project ${projectId}, ${counted(rows.length, 'conversation')}`,
    rows: rows.map((deletion) => restRow(deletion, day)),
  }));
  return html`<section aria-labelledby="not-deleted">
    <h2 id="not-deleted">Planned, and not counted as deleted</h2>
    <p>Only what is proven gone counts as deleted. What is still there is decided anew in the next run.</p>
    ${tableHtml({
      id: 'not-deleted-table',
      caption: html`${counted(rest.length, 'planned conversation')} with another outcome, or none.`,
      columns: REST_COLUMNS,
      groups,
      elsewhere: exported(runId, commandLine),
    })}
  </section> `;
}

/** How many each rule planned, and how many of them are deleted. */
export function rulesHtml({ deletions, items }: DeletionSections): Html {
  const rules = new Map<string, { planned: number; deleted: number }>();
  const at = (rule: string | null): { planned: number; deleted: number } => {
    const known = rules.get(rule ?? '') ?? { planned: 0, deleted: 0 };
    rules.set(rule ?? '', known);
    return known;
  };
  for (const { verdict, rule } of items) if (verdict === 'delete') at(rule).planned += 1;
  for (const { outcome, rule } of deletions) if (outcome === 'verified') at(rule).deleted += 1;
  if (rules.size === 0) return NOTHING;
  return tableHtml({
    id: 'rules-table',
    isSmall: true,
    caption: html`Deletions by the rule that asked for them.`,
    columns: [{ title: 'Rule' }, { title: 'Planned', kind: 'number' }, { title: 'Deleted', kind: 'number' }],
    groups: [
      {
        rows: [...rules].map(([rule, { planned, deleted }]) => [
          html`${rule === '' ? '–' : rule}`,
          html`${grouped(planned)}`,
          html`${grouped(deleted)}`,
        ]),
      },
    ],
    elsewhere: html`in the policy`,
  });
}

function exported(runId: string, commandLine: CommandLine): Html {
  return html`<code>${commandLine(`audit export --run ${runId}`)}</code>`;
}

function byProject(deletions: readonly Deletion[]): readonly [number, readonly Deletion[]][] {
  const projects = groupedBy(deletions, ({ projectId }) => projectId);
  return [...projects].sort(([one], [other]) => one - other);
}

/** What was listed is the same for all of a project, so it stands here once. */
function projectHeading(projectId: number, rows: readonly Deletion[]): Html {
  const request = rows.find(({ control }) => control !== undefined)?.control?.request;
  const control = request === undefined ? NOTHING : html`; fresh listing by <code>${request}</code>`;
  return html`Project ${projectId}, ${counted(rows.length, 'conversation')}${control}`;
}

function proofRow(deletion: Deletion, day: string, age: number | null | undefined): readonly Html[] {
  const { sessionId, rule, deleteStatus, requestedAt, verifyStatus, verifiedAt, control } = deletion;
  return [
    html`${sessionId}`,
    html`${rule ?? '–'}`,
    html`${age === null || age === undefined ? 'unknown' : `${age} d`}`,
    html`${answer(deleteStatus, requestedAt, day)}${attemptWords(deletion)}`,
    answer(verifyStatus, verifiedAt, day),
    html`${answer(control?.status, control?.at, day)}${ruleWords(deletion)}`,
  ];
}

function restRow(deletion: Deletion, day: string): readonly Html[] {
  const { sessionId, outcome, reason, rule, deleteStatus, requestedAt, verifyStatus, verifiedAt } = deletion;
  const why =
    reason ?? (outcome === 'already_gone' ? `${ALREADY_GONE_WORDS}${ruleWords(deletion)}` : 'not recorded');
  const wasSent = requestedAt !== undefined;
  return [
    html`${sessionId}`,
    html`${OUTCOME_WORDS[outcome]}`,
    html`${why}`,
    html`${rule ?? '–'}`,
    wasSent ? html`${answer(deleteStatus, requestedAt, day)}${attemptWords(deletion)}` : NOT_SENT,
    verifyStatus === undefined && verifiedAt === undefined ? html`–` : answer(verifyStatus, verifiedAt, day),
  ];
}

const NOT_SENT = html`<span class="quiet">not sent</span>`;

function answer(status: number | undefined, time: string | undefined, day: string): Html {
  const at = time === undefined ? NOTHING : html` ${timeHtml(time, day)}`;
  return html`<span class="answer">${status ?? 'unanswered'}</span>${at}`;
}

function attemptWords({ attempts, settledBy }: Deletion): Html {
  if (settledBy !== undefined) return html` <span class="quiet">settled by ${settledBy}</span>`;
  return attempts === undefined || attempts < 2
    ? NOTHING
    : html` <span class="quiet">attempt ${attempts}</span>`;
}
