import { join } from 'node:path';
import { verifyAudit, type VerifyRequest } from '../audit/verify-audit.ts';
import type { Settings } from '../config/settings.ts';
import { isFault, RetentionError } from '../core/errors.ts';
import type { AuditVerification } from '../core/ports/status.ts';
import type { StateHome } from '../core/ports/state-home.ts';
import type { Store } from '../core/ports/store.ts';
import { parseVerifierKey, type VerifierKey } from '../core/signed-note.ts';
import { brokenAudit, type AuditReport, type KeySource } from '../report/audit-text.ts';
import { openStateHome } from '../state-home/state-home.ts';
import { headsIn, knownHeads } from '../store/known-heads.ts';
import type { CommandWorld } from './command.ts';
import { withHistory } from './history.ts';
import { ownVerifierKey } from './signing.ts';

/** Reads the log of the state directory from its first entry to its head, as `audit verify` does. */
export async function verifyState(world: CommandWorld, signal?: AbortSignal): Promise<AuditVerification> {
  const settings = world.settings();
  const { stateDir } = settings;
  const home = openStateHome(stateDir);
  const { trusted, from: keysFrom } = trustedKeys(settings, home);
  const checked = await verifyStored(world, home, {
    ...{ known: [], trusted, mustBeSigned: false, signal },
  });
  const { verdict } = checked;
  const broken = brokenAudit({ ...checked, stateDir, file: undefined, keysFrom });
  const at = world.surroundings.clock.now();
  return { at, entries: verdict.ok ? verdict.log.head.seq : 0, problem: broken?.message };
}

/** The log in the state directory, and what else is wrong there. */
export async function verifyStored(
  world: CommandWorld,
  { heads }: StateHome,
  { signal, ...request }: VerifyRequest & { readonly signal?: AbortSignal | undefined },
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
    const entries = (): ReturnType<Store['audit']['entries']> => until(signal, store.audit.entries());
    const audit = { entries, head: () => store.audit.head() };
    const stored = { audit, remembered, derivedDifferences };
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

/** Breaks off with the reason of the signal: to read a long log must not hold up who stops the process. */
async function* until<T>(signal: AbortSignal | undefined, all: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const one of all) {
    signal?.throwIfAborted();
    yield one;
  }
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
export function trustedKeys(
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
