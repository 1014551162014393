import type { PlanItem } from '../core/plan.ts';
import type { Verdict } from '../core/verdict.ts';
import { NO_PAINT, VERDICT_STYLES, type Look, type Paint } from './paint.ts';
import { SENTENCE_COLUMNS } from './plan-text.ts';
import { sentenceSafe, terminalSafe } from './safe-text.ts';
import { columnsFor, textTable, type Column } from './text-table.ts';

/** From here on a row has room for a whole id. */
const WIDE_COLUMNS = 120;
/** The start of an id, which tells rows apart; commands that take a session take it, too. */
const SHORT_ID = 8;

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  delete: 'would delete',
  keep: 'keep',
  held: 'held',
  unknown: 'unknown',
};

interface ItemLayout {
  readonly columns: readonly Column[];
  readonly idColumns: number;
  readonly nameColumns: number;
}

/** `isScrubbed`: names were removed, so that a row without one says nothing. */
export interface RowsLook extends Look {
  readonly isScrubbed?: boolean;
}

function layoutFor({ columns: given, paint = NO_PAINT }: Look): ItemLayout {
  const all = columnsFor(given);
  const idColumns = all < WIDE_COLUMNS ? SHORT_ID : 36;
  // Project, age, verdict, and two columns between each and the next.
  const rest = all - idColumns - 7 - 6 - 12 - 5 * 2;
  const why = Math.max(22, Math.floor(rest / 2));
  const columns: readonly Column[] = [
    { title: 'PROJECT', width: 7, breaks: 'anywhere' },
    { title: 'ID', width: idColumns, breaks: 'anywhere' },
    { title: 'AGE', width: 6, align: 'right' },
    { title: 'VERDICT', width: 12, paint: verdictPaint(paint) },
    { title: 'WHY', width: why },
    // Last, because a name may be in any script: what a terminal makes of its width or direction moves nothing else.
    { title: 'NAME', width: 'rest' },
  ];
  return { columns, idColumns, nameColumns: rest - why };
}

const STYLES = new Map(
  Object.entries(VERDICT_STYLES).map(([verdict, style]) => [VERDICT_WORDS[verdict as Verdict], style]),
);

function verdictPaint(paint: Paint): (line: string, cell: string) => string {
  return (line, cell) => paint(STYLES.get(cell) ?? 'quiet', line);
}

/**
 * One row for each conversation of a batch; batches printed one after another form one table. The header goes above
 * the first.
 */
export function planRowsTable(
  items: readonly PlanItem[],
  { header, isScrubbed = false, ...look }: RowsLook & { readonly header: boolean },
): string {
  const layout = layoutFor(look);
  return textTable(
    layout.columns,
    items.map((item) => cellsOf(item, { ...layout, isScrubbed })),
    { header },
  );
}

function cellsOf(
  item: PlanItem,
  { idColumns, nameColumns, isScrubbed }: ItemLayout & { readonly isScrubbed: boolean },
): string[] {
  return [
    String(item.projectId),
    item.sessionId === null
      ? '(none)'
      : idColumns === SHORT_ID
        ? item.sessionId.slice(0, SHORT_ID)
        : item.sessionId,
    item.ageDays === null ? '?' : `${item.ageDays} d`,
    VERDICT_WORDS[item.verdict],
    sentenceSafe(whyOf(item), SENTENCE_COLUMNS),
    terminalSafe(item.seen.name ?? (isScrubbed ? '' : '(no name)'), nameColumns),
  ];
}

/** That a rule which deletes matches goes without saying, and would be a second line for most rows. */
function whyOf({ verdict, reason }: PlanItem): string {
  return verdict === 'delete' ? reason.replace(/^(rule .*) matches$/, '$1') : reason;
}
