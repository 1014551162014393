import type { AuditEntry } from '../../core/audit-entry.ts';
import { RetentionError } from '../../core/errors.ts';
import type { Store } from '../../core/ports/store.ts';
import { runsJson } from '../../report/run-json.ts';
import { runDetail, runsTable } from '../../report/run-text.ts';
import { lookOf } from '../colour.ts';
import type { Command, CommandWorld } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHistory } from '../history.ts';
import { withCounts } from '../run-counts.ts';
import { wholeRunId } from '../whole-ids.ts';

const SHOWN = 50;

export interface RunsInput {
  readonly id?: string | undefined;
}

/** History, newest first; or one run in full. */
export const runs: Command<RunsInput> = async (world, { id }) => {
  const { output } = world;
  const settings = world.settings();
  const { timeZone } = settings;
  return withHistory(world, async (store) => {
    if (id !== undefined) return await showOne(store, { ...world, timeZone }, id);
    const records = await store.runs.runs({ limit: SHOWN });
    const results = await Promise.all(records.map((run) => withCounts(store, run)));
    await output.lines(runsTable(results, { timeZone, ...lookOf(world) }));
    await output.document(runsJson(results));
    return EXIT.done;
  });
};

async function showOne(
  store: Store,
  world: CommandWorld & { readonly timeZone: string },
  given: string,
): ReturnType<Command<unknown>> {
  const { output, commandLine, timeZone } = world;
  const look = lookOf(world);
  const id = await wholeRunId(store.runs, given, output.note);
  const run = await store.runs.run(id);
  if (run === undefined) {
    throw new RetentionError('usage', `there is no run ${id}`, { hint: 'See: customgpt-retention runs' });
  }
  const result = await withCounts(store, run);
  const entries: AuditEntry[] = [];
  for await (const entry of store.audit.entries({ runId: id })) entries.push(entry);
  await output.lines(...runDetail(result, entries, { commandLine, timeZone, ...look }));
  const [document] = runsJson([result]).runs;
  await output.document({ ...document, entries });
  return EXIT.done;
}
