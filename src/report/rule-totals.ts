import type { PlanItem, PlanSummary } from '../core/plan.ts';
import type { Verdict } from '../core/verdict.ts';
import { grouped } from './quantities.ts';
import type { Look } from './paint.ts';
import { sentenceSafe } from './safe-text.ts';
import { columnsFor, textTable, type Column } from './text-table.ts';

const LONGEST_RULE = 300;
const NUMBERS = ['WOULD DELETE', 'HELD', 'UNKNOWN', 'KEEPS'] as const;
const NUMBER_COLUMNS = [12, 9, 9, 9] as const;

/** What stands where no rule decided. */
const BY_NO_RULE: Readonly<Record<Verdict, string>> = {
  held: '(held)',
  unknown: '(no rule)',
  keep: '(no rule)',
  delete: '(no rule)',
};

type Counts = Partial<Record<Verdict, number>>;

/** How many conversations of a plan each rule is the reason for, by what becomes of them. */
export class RuleTotals {
  readonly #counts = new Map<string, Counts>();

  add({ verdict, rule }: Pick<PlanItem, 'verdict' | 'rule'>): void {
    const name = rule ?? BY_NO_RULE[verdict];
    let counts = this.#counts.get(name);
    if (counts === undefined) this.#counts.set(name, (counts = {}));
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  }

  /**
   * A table with what the rows showed, and with each keep rule by the plan's own count: what is merely kept has no row. Empty
   * where there is nothing to count.
   */
  lines(plan: Pick<PlanSummary, 'findings'>, { columns }: Look): string[] {
    const kept = new Map(
      plan.findings.protections.flatMap(({ kind, name, matched }) =>
        kind === 'rule' ? [[name, matched]] : [],
      ),
    );
    const names = [...new Set([...this.#counts.keys(), ...kept.keys()])];
    if (names.length === 0) return [];
    const rows = names.map((name) => {
      const counts = this.#counts.get(name) ?? {};
      const keeps = kept.get(name) ?? counts.keep;
      return [
        sentenceSafe(name, LONGEST_RULE),
        ...[counts.delete, counts.held, counts.unknown, keeps].map((count) =>
          count === undefined ? '' : grouped(count),
        ),
      ];
    });
    return textTable(totalsColumns(columns), rows, { header: true }).split('\n');
  }
}

/** The rules of all items, and none of them kept in memory. */
export async function ruleTotalsOf(items: AsyncIterable<PlanItem>): Promise<RuleTotals> {
  const totals = new RuleTotals();
  for await (const item of items) totals.add(item);
  return totals;
}

function totalsColumns(given: number | undefined): readonly Column[] {
  const taken = NUMBER_COLUMNS.reduce((sum, width) => sum + width + 2, 0);
  return [
    { title: 'RULE', width: Math.min(columnsFor(given) - taken, 60) },
    ...NUMBERS.map((title, index) => ({ title, width: NUMBER_COLUMNS[index] ?? 0, align: 'right' as const })),
  ];
}
