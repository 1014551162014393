import type { AuditEntry } from '../../core/audit-entry.ts';
import { RetentionError } from '../../core/errors.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Command } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withHistory } from '../history.ts';
import type { Output } from '../output.ts';
import { wholeRunId } from '../whole-ids.ts';

export interface AuditExportInput {
  readonly run?: string | undefined;
}

/** Writes the log as JSON Lines, oldest first; with `--json` as one document. */
export const auditExport: Command<AuditExportInput> = async (world, { run: given }) => {
  const write = async (store: Store): Promise<ExitCode> => {
    const run = given === undefined ? undefined : await wholeRunId(store.runs, given, world.output.note);
    if (run !== undefined && (await store.runs.run(run)) === undefined) {
      throw new RetentionError('usage', `there is no run ${run}`, { hint: 'See: customgpt-retention runs' });
    }
    if (run !== undefined) {
      world.output.note('a part of the log: each hash can be checked, the chain only over a whole export');
    }
    await writeEntries(world.output, store.audit.entries(run === undefined ? {} : { runId: run }));
    return EXIT.done;
  };
  // What is wrong with a log is no reason not to keep what there is of it.
  return withHistory(world, write, (problem) => {
    world.output.note(problem.message);
  });
};

/** Characters that are written together: a write for each entry would cost more than the entry. */
const PIECE_CHARACTERS = 64 * 1024;

async function writeEntries(output: Output, entries: AsyncIterable<AuditEntry>): Promise<void> {
  const [opening, separator, closing] = output.json ? ['{"entries":[', ',\n', ']}\n'] : ['', '\n', '\n'];
  let piece = opening;
  let before = '';
  for await (const entry of entries) {
    piece += before + JSON.stringify(entry);
    before = separator;
    if (piece.length < PIECE_CHARACTERS) continue;
    await output.raw(piece);
    piece = '';
    if (output.isLost) return;
  }
  // An empty log has not even a line to end.
  await output.raw(output.json || before !== '' ? piece + closing : piece);
}
