import { statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { codeOf } from '../core/error-code.ts';
import { RetentionError } from '../core/errors.ts';
import type { Store } from '../core/ports/store.ts';
import type { Report } from '../report/report.ts';
import { REPORT_FORMATS, type ReportFormat } from '../report/format-names.ts';
import { reportText } from '../report/report-formats.ts';
import type { CommandWorld } from './command.ts';
import { isOutOfRoom, OutputError } from './output.ts';
import { writeHashed } from './plan-document.ts';
import { reportOf, type ReportSubject } from './report-of.ts';

const ENDINGS = REPORT_FORMATS.map((one) => `.${one}`).join(', ');
/** What may be replaced: not a state, a policy or anything else that somebody named by mistake. */
const REPORT_NAME = /\.(?:html?|json|csv|md|markdown)$/i;

/** By the flag, else by the end of the file's name, else a page. Throws `usage`. */
export function formatOf(given: string | undefined, file: string | undefined): ReportFormat {
  const byName = file === undefined ? '' : extname(file).slice(1).toLowerCase();
  const wanted = given ?? { htm: 'html', markdown: 'md', '': 'html' }[byName] ?? byName;
  const format = REPORT_FORMATS.find((one) => one === wanted);
  if (format !== undefined) return format;
  throw new RetentionError('usage', `${JSON.stringify(wanted)} is no format of a report`, {
    hint: `Name a file that ends with ${ENDINGS}, or give --format.`,
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
  const isFile = isToBeReplaced(file);
  const draft = isFile ? `${file}.${report.finished?.run.runId ?? report.plan?.planId ?? 'draft'}` : file;
  try {
    await writeHashed(draft, reportText(report, format));
    if (isFile) await rename(draft, file);
    return report;
  } catch (error) {
    if (isFile) await rm(draft, { force: true });
    if (error instanceof RetentionError) throw error;
    if (!isOutOfRoom(error))
      throw new RetentionError('usage', `${file} cannot be written (${codeOf(error) ?? 'unknown'})`, {
        cause: error,
      });
    const hint = 'What it is about is stored: make the report again with customgpt-retention report';
    throw new OutputError(file, { cause: error, state: 'was not written', hint });
  }
}

/** False for what is no file, such as a pipe: that is written into. Throws `usage` for a file that is no report by its name. */
function isToBeReplaced(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return found === undefined;
  if (REPORT_NAME.test(file)) return true;
  throw new RetentionError('usage', `${file} is there, and its name is not that of a report`, {
    hint: `Name a file that ends with ${ENDINGS}: those are replaced.`,
  });
}
