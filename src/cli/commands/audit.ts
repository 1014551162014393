import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { verifyChain } from '../../core/audit-chain.ts';
import { RetentionError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openHistory, settingsOf } from '../wire.ts';

export interface AuditVerifyInput {
  /** An exported log; undefined: the one in the state directory. */
  readonly file?: string | undefined;
}

/** Checks the chain from its first entry to its head and names the first bad entry. */
export const auditVerify: Command<AuditVerifyInput> = async (world, { file }) => {
  if (file !== undefined) return report(world, await verifyChain(linesOf(file)), file);
  const settings = settingsOf(world);
  const store = await openHistory(world, settings);
  try {
    return await report(
      world,
      await verifyChain(store.audit.entries(), await store.audit.head()),
      settings.stateDir,
    );
  } finally {
    await store.close();
  }
};

async function report(
  { output }: Parameters<Command<unknown>>[0],
  result: Awaited<ReturnType<typeof verifyChain>>,
  where: string,
): ReturnType<Command<unknown>> {
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
  throw new RetentionError(
    'state_unusable',
    `the audit log in ${where} is broken at entry ${seq}: ${problem}`,
    {
      hint: 'Compare with the audit lines in the program log and with earlier exports; do not run until it is explained.',
    },
  );
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

/** Writes the log as JSON Lines, oldest first. */
export const auditExport: Command<AuditExportInput> = async (world, { run }) => {
  const store = await openHistory(world, settingsOf(world));
  try {
    if (run !== undefined && (await store.run(run)) === undefined) {
      throw new RetentionError('usage', `there is no run ${run}`, { hint: 'See: customgpt-retention runs' });
    }
    if (run !== undefined) {
      world.output.note('a part of the log: each hash can be checked, the chain only over a whole export');
    }
    for await (const entry of store.audit.entries(run === undefined ? {} : { runId: run })) {
      await world.output.raw(`${JSON.stringify(entry)}\n`);
    }
    return EXIT.done;
  } finally {
    await store.close();
  }
};
