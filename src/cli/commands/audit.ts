import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { verifyChain, type EntryCheck } from '../../core/audit-chain.ts';
import { isFault, RetentionError } from '../../core/errors.ts';
import type { Store } from '../../core/ports.ts';
import type { Command, CommandWorld } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { openHistory, settingsOf } from '../wire.ts';

export interface AuditVerifyInput {
  /** An exported log; undefined: the one in the state directory. */
  readonly file?: string | undefined;
}

/** Checks the chain from its first entry to its head and names the first bad entry. */
export const auditVerify: Command<AuditVerifyInput> = async (world, { file }) => {
  if (file !== undefined) return verifyFile(world, file);
  const settings = settingsOf(world);
  const store = await openHistory(world, settings);
  try {
    const check = await checkOf(store);
    if (check.ok) await verifyHolds(world, store);
    return await report(world, check, settings.stateDir);
  } finally {
    await store.close();
  }
};

async function checkOf(store: Store): Promise<EntryCheck> {
  let read = 0;
  const counted = async function* (): AsyncGenerator {
    for await (const entry of store.audit.entries()) {
      read += 1;
      yield entry;
    }
  };
  try {
    return await verifyChain(counted(), await store.audit.head());
  } catch (error) {
    // A row that contradicts itself cannot even be read; those before it were in order, without a gap.
    if (!isFault(error, 'state_unusable')) throw error;
    return { ok: false, seq: read + 1, problem: 'is not as it was written' };
  }
}

/** What is held by the log must be held by the table, too: that is where deletions look. */
async function verifyHolds({ output, surroundings }: CommandWorld, store: Store): Promise<void> {
  try {
    await store.holdsInForce(surroundings.clock.now());
  } catch (error) {
    if (isFault(error, 'state_unusable'))
      await output.document({ ok: false, seq: null, problem: error.message });
    throw error;
  }
}

async function verifyFile(world: CommandWorld, file: string): Promise<ExitCode> {
  const lines = linesOf(file);
  const first = await lines.next();
  if (first.done === true) throw new RetentionError('usage', `${file} is empty: there is nothing to verify`);
  const begins = isPart(first.value);
  if (begins !== undefined) {
    throw new RetentionError('usage', `${file} begins at entry ${begins}, so it is only a part of a log`, {
      hint: 'A chain can be checked from its first entry: customgpt-retention audit export > audit.jsonl',
    });
  }
  return report(world, await verifyChain(resumed(first.value, lines)), file);
}

/** The `seq` of a first line that is not the start of a log, as `audit export --run` writes. */
function isPart(first: unknown): number | undefined {
  const seq = typeof first === 'object' && first !== null && 'seq' in first ? first.seq : undefined;
  return typeof seq === 'number' && seq > 1 ? seq : undefined;
}

async function* resumed(first: unknown, rest: AsyncIterable<unknown>): AsyncGenerator {
  yield first;
  yield* rest;
}

async function report({ output }: CommandWorld, result: EntryCheck, where: string): Promise<ExitCode> {
  if (result.ok) {
    await output.lines(
      `The audit log in ${where} is whole: ${result.head.seq} entries, no gap, every hash fits.`,
      `Head: ${result.head.seq} ${result.head.hash}`,
    );
    await output.document({ ok: true, entries: result.head.seq, head: result.head.hash });
    return EXIT.done;
  }
  const { seq, problem } = result;
  await output.document({ ok: false, seq, problem });
  output.problem(
    new RetentionError(
      'state_unusable',
      `the audit log in ${where} is broken at entry ${seq}: it ${problem}`,
      {
        hint: 'Compare with the audit lines in the program log and with earlier exports; do not run until it is explained.',
      },
    ),
  );
  return EXIT.state;
}

async function* linesOf(file: string): AsyncGenerator {
  const input = createReadStream(file);
  const failed = new Promise<never>((_, reject) => {
    input.once('error', () => {
      reject(new RetentionError('usage', `${file} cannot be read`));
    });
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const line = await Promise.race([lines.next(), failed]);
    if (line.done === true) return;
    yield parsed(line.value);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export interface AuditExportInput {
  readonly run?: string | undefined;
}

/** Writes the log as JSON Lines, oldest first; with `--json` as one document. */
export const auditExport: Command<AuditExportInput> = async (world, { run }) => {
  const store = await openHistory(world, settingsOf(world));
  try {
    if (run !== undefined && (await store.run(run)) === undefined) {
      throw new RetentionError('usage', `there is no run ${run}`, { hint: 'See: customgpt-retention runs' });
    }
    if (run !== undefined) {
      world.output.note('a part of the log: each hash can be checked, the chain only over a whole export');
    }
    const opening = '{"entries":[';
    let separator = opening;
    for await (const entry of store.audit.entries(run === undefined ? {} : { runId: run })) {
      await world.output.raw(
        `${world.output.json ? separator : ''}${JSON.stringify(entry)}${world.output.json ? '' : '\n'}`,
      );
      separator = ',\n';
    }
    if (world.output.json) await world.output.raw(`${separator === opening ? opening : ''}]}\n`);
    return EXIT.done;
  } finally {
    await store.close();
  }
};
