import { parseStrictJson } from '../../core/strict-json.ts';
import { join } from 'node:path';
import { isFault, RetentionError } from '../../core/errors.ts';
import type { StateHome } from '../../core/ports/state-home.ts';
import type { Store } from '../../core/ports/store.ts';
import { parseVerifierKey } from '../../core/signed-note.ts';
import type { VerifierKey } from '../../core/signed-note.ts';
import { auditVerdictJson, auditVerdictLines, brokenAudit } from '../../report/audit-text.ts';
import type { AuditReport, KeySource } from '../../report/audit-text.ts';
import { verifyAudit } from '../../audit/verify-audit.ts';
import type { VerifyRequest } from '../../audit/verify-audit.ts';
import { openStateHome } from '../../state-home/state-home.ts';
import { headsIn, knownHeads } from '../../store/known-heads.ts';
import { hasDatabase } from '../../store/open-database.ts';
import type { Command, CommandWorld } from '../command.ts';
import type { Settings } from '../../config/settings.ts';
import { EXIT } from '../exit-codes.ts';
import { keptCheckpoints } from '../kept-checkpoints.ts';
import { lineBatches } from '../lines.ts';
import { ownVerifierKey } from '../signing.ts';
import { withHistory } from '../history.ts';

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

async function verifyStored(
  world: CommandWorld,
  { heads }: StateHome,
  request: VerifyRequest,
): Promise<Pick<AuditReport, 'verdict' | 'problem'>> {
  const settings = world.settings();
  // Before the log, which a worker may be writing: the notes are then the older of the two.
  const known = knownHeads(heads);
  const remembered = headsIn(known).map((head) => ({
    ...head,
    how: `${head.how} in ${join(settings.stateDir, head.file)}`,
  }));
  const verify = async (store: Store): ReturnType<typeof verifyStored> => {
    const derivedDifferences = (): ReturnType<Store['derivedDifferences']> => store.derivedDifferences();
    const stored = { audit: store.audit, remembered, derivedDifferences };
    const verdict = await verifyAudit({ ...request, stored });
    const noted = known.problems[0];
    const isHeld = verdict.ok && request.known.length > 0;
    return {
      verdict,
      problem: noted && isHeld ? removable(noted) : (noted ?? (await problemOfBindings(store))),
    };
  };
  // How it differs from what is remembered, the verdict says with the place.
  return withHistory(world, verify, () => undefined);
}

/** Of a file beside a log that leads through the checkpoints that were kept elsewhere. */
function removable({ kind, message }: RetentionError): RetentionError {
  return new RetentionError(kind, message, {
    hint: 'The log holds, and so does your checkpoint: remove that file, and the next run writes it anew.',
  });
}

/** Whose the state is by the log must be so by the table, too: that is where runs look. */
async function problemOfBindings({ accounts }: Store): Promise<RetentionError | undefined> {
  try {
    await accounts.accountBindings();
    return undefined;
  } catch (error) {
    if (isFault(error, 'state_unusable')) return error;
    throw error;
  }
}

/** Those that are given; else our own; else none, and each checkpoint is taken at its word. */
function trustedKeys(
  settings: Settings,
  home: StateHome,
  given: readonly string[] = [],
): { readonly trusted: readonly VerifierKey[] | undefined; readonly from: KeySource } {
  if (given.length > 0) return { trusted: given.map(verifierKeyOf), from: 'given' };
  const own = ownVerifierKey(settings, home);
  return own === undefined ? { trusted: undefined, from: 'log' } : { trusted: [own.key], from: own.from };
}

function verifierKeyOf(text: string): VerifierKey {
  const key = parseVerifierKey(text);
  if (key !== undefined) return key;
  throw new RetentionError('usage', '--key is not a verifier key', {
    hint: 'It looks like customgpt-retention+1a2b3c4d+AQ…; audit verify prints it.',
  });
}

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
