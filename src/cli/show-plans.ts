import type { PlanItem } from '../core/plan.ts';
import { planHeadline, planRowsTable } from '../report/plan-text.ts';
import { plansJsonText, type PlanToShow } from '../report/run-json.ts';
import type { CommandWorld } from './command.ts';
import type { Output } from './output.ts';

/** Rows that are printed together. */
const BATCH = 200;

/** Prints plans with all their decisions, which are read as they are printed: there may be a million. */
export async function showPlans(
  {
    output,
    commandLine,
    timeZone,
  }: Pick<CommandWorld, 'output' | 'commandLine'> & { readonly timeZone: string },
  plans: readonly PlanToShow[],
): Promise<void> {
  if (output.json) {
    for await (const piece of plansJsonText(plans)) {
      await output.raw(piece);
      if (output.isLost) return;
    }
    return;
  }
  for (const { items, ...one } of plans) {
    await showRows(output, items);
    await output.lines('', ...planHeadline(one.plan, { ...one, commandLine, timeZone }), '');
  }
}

async function showRows(output: Output, items: AsyncIterable<PlanItem>): Promise<void> {
  let batch: PlanItem[] = [];
  let isFirst = true;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await output.lines(planRowsTable(batch, { header: isFirst }));
    isFirst = false;
    batch = [];
  };
  for await (const item of items) {
    batch.push(item);
    if (batch.length >= BATCH) await flush();
  }
  await flush();
}
