import { parseStrictJson } from '../../core/strict-json.ts';
import { RetentionError } from '../../core/errors.ts';
import { auditVerdictJson, auditVerdictLines, brokenAudit } from '../../report/audit-text.ts';
import { verifyAudit } from '../../audit/verify-audit.ts';
import { openStateHome } from '../../state-home/state-home.ts';
import { hasDatabase } from '../../store/open-database.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { keptCheckpoints } from '../kept-checkpoints.ts';
import { lineBatches } from '../lines.ts';
import { trustedKeys, verifyStored } from '../verify-state.ts';

export interface AuditVerifyInput {
  /** An exported log, compared with the one in the state directory where there is one; undefined: that one alone. */
  readonly file?: string | undefined;
  /** A file with a checkpoint that was kept elsewhere. */
  readonly checkpoint?: string | undefined;
  /** Verifier keys. */
  readonly key?: readonly string[] | undefined;
}

/** Checks the chain from its first entry to its head, and its signatures, and names the first bad entry. */
export const auditVerify: Command<AuditVerifyInput> = async (world, input) => {
  const settings = world.settings();
  const { stateDir } = settings;
  const home = openStateHome(stateDir);
  const { trusted, from } = trustedKeys(settings, home, input.key);
  const known = input.checkpoint === undefined ? [] : await keptCheckpoints(input.checkpoint, trusted);
  const file = input.file === undefined ? undefined : await wholeLog(input.file);
  const common = { file, known, trusted, mustBeSigned: from === 'given' };
  const isAlone = input.file !== undefined && !hasDatabase(stateDir) && home.heads.files().length === 0;
  const checked = isAlone ? { verdict: await verifyAudit(common) } : await verifyStored(world, home, common);
  const report = { ...checked, stateDir, file: input.file, keysFrom: from };
  await world.output.lines(...auditVerdictLines(report));
  await world.output.document(auditVerdictJson(report));
  const broken = brokenAudit(report);
  if (broken !== undefined) world.output.problem(broken);
  return broken === undefined ? EXIT.done : EXIT.state;
};

/** An exported file from its first entry on. @throws RetentionError `usage` when it is empty, or only a part */
async function wholeLog(file: string): Promise<AsyncIterable<readonly unknown[]>> {
  const batches = lineBatches(file);
  const first = await batches.next();
  if (first.done === true) throw new RetentionError('usage', `${file} is empty: there is nothing to verify`);
  const part = partIn(first.value.map(parseStrictJson));
  if (part !== undefined) {
    throw new RetentionError('usage', `${file} ${part}, so it is only a part of a log`, {
      hint: 'A chain can be checked from its first entry: customgpt-retention audit export > audit.jsonl',
    });
  }
  return (async function* () {
    yield first.value.map(parseStrictJson);
    for await (const lines of batches) yield lines.map(parseStrictJson);
  })();
}

/** Why it is no whole log, but what `audit export --run` writes. A log begins with an entry of no run, or soon has one. */
function partIn(entries: readonly unknown[]): string | undefined {
  const [first] = entries.map((entry) => factsOf(entry));
  if (first === undefined) return undefined;
  if (typeof first.seq === 'number' && first.seq > 1) return `begins at entry ${first.seq}`;
  const isOfOneRun =
    typeof first.run === 'string' && entries.every((entry) => factsOf(entry).run === first.run);
  const hasGap = entries.some((entry, index) => factsOf(entry).seq !== index + 1);
  return isOfOneRun && hasGap ? `has entries of run ${first.run} alone` : undefined;
}

function factsOf(entry: unknown): { readonly seq: unknown; readonly run: unknown } {
  const facts = typeof entry === 'object' && entry !== null ? entry : {};
  return {
    seq: 'seq' in facts ? facts.seq : undefined,
    run: 'run_id' in facts ? facts.run_id : undefined,
  };
}
