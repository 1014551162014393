import { statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { RetentionError } from '../core/errors.ts';
import type { Store } from '../core/ports/store.ts';
import type { Report } from '../report/report.ts';
import { REPORT_FORMATS, reportText, type ReportFormat } from '../report/report-formats.ts';
import type { CommandWorld } from './command.ts';
import { isOutOfRoom, OutputError } from './output.ts';
import { writeHashed } from './plan-document.ts';
import { reportOf, type ReportSubject } from './report-of.ts';

/** By the flag, else by the end of the file's name, else a page. Throws `usage`. */
export function formatOf(given: string | undefined, file: string | undefined): ReportFormat {
  const byName = file === undefined ? '' : extname(file).slice(1).toLowerCase();
  const wanted = given ?? { htm: 'html', markdown: 'md', '': 'html' }[byName] ?? byName;
  const format = REPORT_FORMATS.find((one) => one === wanted);
  if (format !== undefined) return format;
  throw new RetentionError('usage', `a report is no ${JSON.stringify(wanted)}`, {
    hint: `Name a file that ends with ${REPORT_FORMATS.map((one) => `.${one}`).join(', ')}, or give --format.`,
  });
}

interface ReportOrder {
  readonly subject: ReportSubject;
  readonly redact?: boolean;
  readonly file: string;
  readonly format: ReportFormat;
}

/** Gathers the report of a subject, writes it, and says so. Throws as `writeReport` does. */
export async function writeReportOf(world: CommandWorld, store: Store, order: ReportOrder): Promise<void> {
  const { hasNames } = await writeReport(world, store, order);
  world.output.note(`report written to ${order.file}${hasNames ? '; it holds conversation names' : ''}`);
}

/**
 * Written beside and renamed, so that nobody finds half a report; for its owner's eyes only. Throws RetentionError `usage` and
 * OutputError.
 */
export async function writeReport(world: CommandWorld, store: Store, order: ReportOrder): Promise<Report> {
  const { file, format } = order;
  const report = await reportOf(world, store, order);
  // What is no file, such as a pipe, is not to be replaced.
  const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() ?? true;
  const draft = isFile ? `${file}.${report.finished?.run.runId ?? report.plan?.planId ?? 'draft'}` : file;
  try {
    await writeHashed(draft, reportText(report, format));
    if (isFile) await rename(draft, file);
    return report;
  } catch (error) {
    if (isFile) await rm(draft, { force: true });
    if (error instanceof RetentionError) throw error;
    if (!isOutOfRoom(error)) throw new RetentionError('usage', `${file} cannot be written`, { cause: error });
    const hint = 'What it is about is stored: make the report again with customgpt-retention report';
    throw new OutputError(file, { cause: error, state: 'was not written', hint });
  }
}
