import { RetentionError } from '../../core/errors.ts';
import { reportText } from '../../report/report-formats.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHistory } from '../history.ts';
import { reportOf } from '../report-of.ts';
import { subjectOf } from '../report-subject.ts';
import { formatOf, writeReportOf } from '../write-report.ts';

export interface ReportInput {
  /** Of a plan or a run, or the file that `plan --out` wrote. */
  readonly id: string;
  readonly out?: string;
  readonly format?: string;
  /** Leaves names out of a plan's report. */
  readonly redact?: boolean;
}

/** What a plan would do, or what a run did, for somebody to look at, keep and sign. */
export const report: Command<ReportInput> = async (world, { id, out, format: given, redact = false }) => {
  const { output, surroundings, flags } = world;
  if (flags.json === true && (given ?? 'json') !== 'json')
    throw new RetentionError('usage', '--json and another --format exclude each other');
  const format = formatOf(flags.json === true ? 'json' : given, out);
  if (out === undefined && format === 'html' && surroundings.stdout.isTTY === true) {
    throw new RetentionError('usage', 'a page is not for reading on a terminal', {
      hint: `Name a file: customgpt-retention report ${id} --out report.html. For the terminal: --format md`,
    });
  }
  return withHistory(world, async (store) => {
    const subject = await subjectOf(store, id, { now: surroundings.clock.now(), say: output.note });
    if (out !== undefined) {
      await writeReportOf(world, store, { subject, redact, file: out, format });
      return EXIT.done;
    }
    for await (const piece of reportText(await reportOf(world, store, { subject, redact }), format)) {
      await output.raw(piece);
      if (output.isLost) break;
    }
    return EXIT.done;
  });
};
