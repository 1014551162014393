import type { PlanItem } from '../core/plan.ts';
import { planRowsTable, type RowsLook } from '../report/plan-rows-text.ts';
import { hasNames, planHeadline } from '../report/plan-text.ts';
import { RuleTotals } from '../report/rule-totals.ts';
import { grouped } from '../report/quantities.ts';
import { plansJsonText, type PlanToShow } from '../report/run-json.ts';
import type { CommandWorld } from './command.ts';
import { lookOf } from './colour.ts';
import type { Output } from './output.ts';

/** Rows that are printed together. */
const BATCH = 200;
/** A table on a terminal is for reading: of a longer one so many rows of either end are shown. */
const END_ROWS = 100;

/** Prints plans with all their decisions, which are read as they are printed: there may be a million. */
export async function showPlans(
  {
    surroundings,
    output,
    commandLine,
    timeZone,
  }: Pick<CommandWorld, 'surroundings' | 'output' | 'commandLine'> & { readonly timeZone: string },
  plans: readonly PlanToShow[],
): Promise<void> {
  if (output.json) {
    for await (const piece of plansJsonText(plans)) {
      await output.raw(piece);
      if (output.isLost) return;
    }
    return;
  }
  const look = lookOf({ surroundings, output });
  const { isTTY } = surroundings.stdout;
  const shown = isTTY === true ? END_ROWS : Infinity;
  for (const { items, ...one } of plans) {
    const more = commandLine(`plan --show ${one.plan.planId}`);
    const isScrubbed = !hasNames(one.plan);
    const totals = await showRows(output, items, { shown, more, look: { ...look, isScrubbed } });
    await output.lines(...spaced(totals.lines(one.plan, look)));
    await output.lines('', ...planHeadline(one.plan, { ...one, commandLine, timeZone }), '');
  }
}

function spaced(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

/**
 * Prints rows in batches, which form one table, and gives back how often each rule was the reason. `shown`: so many rows of
 * either end; `more`: the command that prints all of them.
 */
async function showRows(
  output: Output,
  items: AsyncIterable<PlanItem>,
  { shown, more, look }: { readonly shown: number; readonly more: string; readonly look: RowsLook },
): Promise<RuleTotals> {
  let batch: PlanItem[] = [];
  let header = true;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await output.lines(planRowsTable(batch, { header, ...look }));
    header = false;
    batch = [];
  };
  const totals = new RuleTotals();
  const last: PlanItem[] = [];
  let count = 0;
  for await (const item of items) {
    totals.add(item);
    count += 1;
    if (count <= shown) batch.push(item);
    else if (last.push(item) > shown) last.shift();
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  const left = count - shown - last.length;
  if (left > 0) await output.lines(`… ${grouped(left)} more: ${more} > plan.txt`);
  batch = last;
  await flush();
  return totals;
}
