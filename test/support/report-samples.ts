import { plainCommandLine } from '../../src/core/command-line.ts';
import type { PlanItem } from '../../src/core/plan.ts';
import { Deletions } from '../../src/report/deletion-proof.ts';
import { notesIn } from '../../src/report/notes.ts';
import type { ReportFormat } from '../../src/report/format-names.ts';
import { reportText } from '../../src/report/report-formats.ts';
import { rowsOf, totalsOf, type Report } from '../../src/report/report.ts';
import { AT, type SampledRun } from './run-samples.ts';

/** The report of a run, or of the plan that it has. */
export async function reportOn(
  { items, entries, ...finished }: SampledRun,
  of: 'run' | 'plan' = 'run',
): Promise<Report> {
  const deletions = new Deletions();
  if (of === 'run') for (const entry of entries) deletions.take(entry);
  const hasNames = of === 'plan';
  const rows: Report['rows'] = () => rowsOf(inTurn(items), deletions.all, hasNames);
  return {
    plan: finished.plan,
    finished: of === 'run' ? finished : undefined,
    ...{ cost: undefined, breaches: [], deferral: undefined, hasNames, rows },
    totals: await totalsOf(rows()),
    entryNotes: of === 'run' ? entries.flatMap(notesIn) : [],
    policyWords: ['Rule 1, idle, deletes <b>old</b> conversations.'],
    auditHead: { seq: 12_345, hash: 'd'.repeat(64) },
    verifierKey: 'customgpt-retention+1a2b3c4d+AQkey',
    matters: new Map([['hold-1', 'CASE-17']]),
    generatedAt: AT + 100_000,
    timeZone: 'UTC',
    commandLine: plainCommandLine,
  };
}

async function* inTurn(items: readonly PlanItem[]): AsyncGenerator<PlanItem> {
  for (const item of items) yield await Promise.resolve(item);
}

export async function written(report: Report, format: ReportFormat = 'html'): Promise<string> {
  let text = '';
  for await (const piece of reportText(report, format)) text += piece;
  return text;
}

/** What a reader of a page sees, blanks collapsed. */
export function textOf(page: string): string {
  return page
    .replaceAll(/<(style|script|svg)\b[^]*?<\/\1>/g, '')
    .replaceAll(/<(?:td|th|li|dd|dt|p|tr|h\d|span|div|section)\b[^>]*>/g, ' ')
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll(/\s+/g, ' ');
}
