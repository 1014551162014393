import { joinedRows } from './joined-rows.ts';
import { isDryRun, stateForPrograms, type Report, type ReportRow } from './report.ts';
import { terminalSafe } from './safe-text.ts';

const COLUMNS: readonly (readonly [
  title: string,
  of: (row: ReportRow, isDry: boolean) => string | number | null | undefined,
])[] = [
  ['project_id', ({ projectId }) => projectId],
  ['session_id', ({ sessionId }) => sessionId],
  ['name', ({ name }) => name],
  ['state', ({ state }, isDry) => stateForPrograms(state, isDry)],
  ['rule', ({ rule }) => rule],
  ['age_days', ({ ageDays }) => ageDays],
  ['reason', ({ reason }) => reason],
  ['requested_at', ({ deletion }) => deletion?.requestedAt],
  ['delete_status', ({ deletion }) => deletion?.deleteStatus],
  ['verified_at', ({ deletion }) => deletion?.verifiedAt],
  ['verify_status', ({ deletion }) => deletion?.verifyStatus],
  ['not_listed_at', ({ deletion }) => deletion?.control?.at],
];

/** One row for each conversation, as RFC 4180 has it. */
export async function* reportCsv(report: Report): AsyncGenerator<string> {
  const columns = COLUMNS.filter(([title]) => title !== 'name' || report.hasNames);
  yield `${columns.map(([title]) => title).join(',')}\r\n`;
  const isDry = isDryRun(report);
  yield* joinedRows(report.rows(), (row) => `${columns.map(([, of]) => cell(of(row, isDry))).join(',')}\r\n`);
}

/** A spreadsheet takes a text that begins like this for a formula, and a name is a stranger's text. */
const FORMULA = /^\s*[=+\-@＝＋－＠]/;

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  // What would move a terminal's cursor, or turn its text round, is written out.
  const shown = terminalSafe(value, Number.POSITIVE_INFINITY);
  const text = FORMULA.test(value) ? `'${shown}` : shown;
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
