import { formatInstant } from '../../core/instant.ts';
import { html, NOTHING, timeHtml, type Html } from '../html.ts';
import { escapeHtml } from '../safe-text.ts';
import { ALREADY_GONE_WORDS, ruleWords, type Deletion } from '../deletion-proof.ts';
import { counted, enumerated, grouped } from '../quantities.ts';
import { section } from './tables.ts';
import { isDryRun, ROW_STATES, stateInWords, type Report, type ReportRow, type RowState } from '../report.ts';

/** Rows of one table: a browser lays out only those that are in sight. */
const ROWS_TOGETHER = 250;

const COLUMNS = ['Conversation', 'Age', 'Verdict', 'Rule', 'Why'] as const;
const COLGROUP = `<colgroup>${COLUMNS.map(() => '<col>').join('')}</colgroup>`;
const HEADS = COLUMNS.map((title) => `<th scope="col">${title}</th>`).join('');

/** Every conversation with its verdict and the reason, by project. */
export async function* conversationsHtml(report: Report): AsyncGenerator<string> {
  const { totals } = report;
  if (totals.rows === 0) {
    yield section('conversations', 'Conversations', html`<p class="quiet">${NONE}</p>`).html;
    return;
  }
  const head = html`<h2 id="conversations">Conversations</h2>
    ${toolsHtml(report)}
    <p class="quiet">${captionOf(report)}</p>`;
  yield `<section class="sheet" aria-labelledby="conversations">${head.html}`;
  const look = { isDry: isDryRun(report), day: dayOf(report) };
  let project: number | undefined;
  let count = 0;
  let rows = '';
  for await (const row of report.rows()) {
    if (row.projectId !== project) {
      yield `${rows}${project === undefined ? '' : `${ROWS_END}</details>`}${projectStart(report, row.projectId)}${rowsStart('')}`;
      [project, count, rows] = [row.projectId, 0, ''];
    } else if (count % ROWS_TOGETHER === 0) {
      yield `${rows}${ROWS_END}${rowsStart(' more')}`;
      rows = '';
    }
    count += 1;
    rows += rowText(row, look);
  }
  yield `${rows}${ROWS_END}</details></section>`;
}

const NONE = 'No conversation is named here one by one.';

function rowsStart(more: string): string {
  return `<div class="rows${more}"><table>${COLGROUP}<thead><tr>${HEADS}</tr></thead><tbody>`;
}

const ROWS_END = '</tbody></table></div>';

function projectStart({ totals, finished }: Report, projectId: number): string {
  const states = totals.byProject.get(projectId) ?? new Map<RowState, number>();
  const isDry = isDryRun({ finished });
  const words = ROW_STATES.flatMap((state) => {
    const count = states.get(state);
    return count === undefined ? [] : [`${grouped(count)} ${stateInWords(state, isDry)}`];
  });
  const summary = html`<summary>
    <h3>Project ${projectId}</h3>
    <span>${enumerated(words)}</span>
  </summary>`;
  return `<details class="project" open>${summary.html}`;
}

/** The day of the run, UTC, which its times do not repeat. */
function dayOf({ finished }: Pick<Report, 'finished'>): string {
  return finished === undefined ? '' : formatInstant(finished.run.startedAt).slice(0, 10);
}

function captionOf({ hasNames, totals, plan, finished }: Report): string {
  const listed = `${counted(totals.rows, 'conversation')} that the plan names one by one; what is merely kept is only counted.`;
  if (isDryRun({ finished }))
    return hasNames ? listed : `${listed} This report names them by their ids only.`;
  return `${listed} Ages are those at the decision${plan === undefined ? '' : ` of plan ${plan.planId}`}; times are UTC, on ${dayOf({ finished })} where no date is given.`;
}

function toolsHtml({ totals, finished }: Report): Html {
  const isDry = isDryRun({ finished });
  const states = ROW_STATES.filter((state) => [...totals.byProject.values()].some((of) => of.has(state)));
  return html`<div class="tools" id="tools" hidden>
    <label class="wide"
      >Find <input id="find" type="search" placeholder="id, name, rule, reason" autocomplete="off"
    /></label>
    <label
      >Verdict
      <select id="which">
        <option value="">all</option>
        ${states.map((state) => html`<option value="${state}">${stateInWords(state, isDry)}</option>`)}
      </select></label
    >
    <button type="button" id="open">Open all</button> <button type="button" id="close">Close all</button>
    <output id="found" data-total="${totals.rows}"></output>
  </div>`;
}

/** As text, without a template: there may be 100,000 of them. */
function rowText(row: ReportRow, { isDry, day }: { readonly isDry: boolean; readonly day: string }): string {
  const { sessionId, name, ageDays, state, rule } = row;
  const id = `<span class="id">${escapeHtml(sessionId ?? '(no id)')}</span>`;
  const head = name === undefined ? id : `<b>${escapeHtml(name)}</b> ${id}`;
  const age = ageDays === null ? 'unknown' : `${ageDays} d`;
  return `<tr class="${state}"><th scope="row">${head}</th><td>${age}</td><td>${stateInWords(state, isDry)}</td><td>${escapeHtml(rule ?? '–')}</td><td>${whyText(row, day)}</td></tr>\n`;
}

function whyText({ state, reason, deletion }: ReportRow, day: string): string {
  if (deletion === undefined) return escapeHtml(reason ?? '');
  if (state === 'verified') return proofHtml(deletion, day).html;
  const why = reason ?? (state === 'already_gone' ? `${ALREADY_GONE_WORDS}${ruleWords(deletion)}` : '');
  const { requestedAt, deleteStatus } = deletion;
  if (requestedAt === undefined) return escapeHtml(why);
  const sent = html`DELETE ${answer(deleteStatus, requestedAt, day)}`.html;
  return why === '' ? sent : `${escapeHtml(why)} (${sent})`;
}

/** The answers that prove it, each with its instant. */
function proofHtml(deletion: Deletion, day: string): Html {
  const { deleteStatus, requestedAt, verifyStatus, verifiedAt, control, attempts, settledBy } = deletion;
  const more = [
    ...(attempts === undefined || attempts < 2 ? [] : [`${attempts} attempts`]),
    ...(settledBy === undefined ? [] : [`settled by ${settledBy}`]),
  ];
  return html`DELETE ${answer(deleteStatus, requestedAt, day)}, GET ${answer(verifyStatus, verifiedAt, day)},
  not listed
  ${answer(undefined, control?.at, day)}${ruleWords(deletion)}${more.length === 0 ? NOTHING : ` (${more.join(', ')})`}`;
}

function answer(status: number | undefined, time: string | undefined, day: string): Html {
  const at = time === undefined ? NOTHING : html` ${timeHtml(time, day)}`;
  return html`${status ?? ''}${at}`;
}
