import { chainEntry } from './audit-chain.ts';
import type { AuditEntry, AuditFacts, AuditHead } from './audit-entry.ts';
import { isSignedBy, parseVerifierKey, readNote } from './signed-note.ts';
import type { NoteSigner, VerifierKey } from './signed-note.ts';

/** Each entry whose number is a multiple of this is a checkpoint: wherever one looks, so many entries hold one. */
export const CHECKPOINT_EVERY = 1_000;

const RUN_ENDS: ReadonlySet<string> = new Set([
  'run.completed',
  'run.refused',
  'run.interrupted',
  'run.failed',
]);

/** An entry in its place, with the facts that it was made of. */
export interface Link {
  readonly facts: AuditFacts;
  readonly entry: AuditEntry;
  /** False for the checkpoints in between, which belong to nobody. */
  readonly isOwn: boolean;
}

/**
 * Gives entries their places behind `head`, and puts in the checkpoints: at each multiple of {@link CHECKPOINT_EVERY}, and
 * right after the end of a run, as that run's last entry. @throws Error as `chainEntry` does
 */
export function linkEntries(
  entries: readonly AuditFacts[],
  place: { readonly head: AuditHead; readonly time: string; readonly signer: NoteSigner | undefined },
): readonly Link[] {
  const { time, signer } = place;
  const links: Link[] = [];
  let head = place.head;
  const add = (facts: AuditFacts, isOwn: boolean): void => {
    const entry = chainEntry(facts, { head, time });
    links.push({ facts, entry, isOwn });
    head = entry;
  };
  for (const facts of entries) {
    if (signer !== undefined && isCheckpointDue(head.seq + 1)) add(checkpointOver(head, signer), false);
    add(facts, true);
    if (signer !== undefined && endsRun(facts)) add(checkpointOver(head, signer, facts), true);
  }
  return links;
}

export function isCheckpointDue(seq: number): boolean {
  return seq % CHECKPOINT_EVERY === 0;
}

/** Whether the next entry is the checkpoint over this one. */
export function endsRun(entry: Pick<AuditEntry, 'event'>): boolean {
  return RUN_ENDS.has(entry.event);
}

type WhoseRun = Pick<AuditFacts, 'run_id' | 'policy' | 'policy_hash'>;
const NOBODYS: WhoseRun = { run_id: null, policy: null, policy_hash: null };

function checkpointOver(head: AuditHead, signer: NoteSigner, run: WhoseRun = NOBODYS): AuditFacts {
  return {
    event: 'checkpoint',
    run_id: run.run_id,
    policy: run.policy,
    policy_hash: run.policy_hash,
    rule: null,
    project_id: null,
    session_id: null,
    facts: { note: signer.sign(head), verifier_key: signer.verifierKey },
  };
}

/** The note that an entry carries; undefined for anything but a checkpoint with one. `entry` may be of any kind. */
export function noteOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || !('event' in entry && 'note' in entry)) return undefined;
  return entry.event === 'checkpoint' && typeof entry.note === 'string' ? entry.note : undefined;
}

/** How the problem begins that another key may solve. */
export const UNKNOWN_KEY = 'is signed by a key that is not known';

/** `problem` reads on from "entry 5 …". */
export type CheckpointCheck =
  { readonly ok: true; readonly key: VerifierKey } | { readonly ok: false; readonly problem: string };

/**
 * Whether a checkpoint is over the entry before it, and signed. By one of `trusted`; without them by the key that it names
 * itself, which says that nobody changed the note, and not who signed it. `seen` are keys that have been read before, by
 * their text: reading one takes longer than the rest of this.
 */
export function checkCheckpoint(
  entry: AuditEntry,
  trusted: readonly VerifierKey[] | undefined,
  seen: ReadonlyMap<unknown, VerifierKey> = new Map(),
): CheckpointCheck {
  const failed = (problem: string): CheckpointCheck => ({ ok: false, problem });
  const note = noteOf(entry) ?? '';
  const head = readNote(note);
  if (head === undefined) return failed('is a checkpoint without a readable note');
  if (head.seq !== entry.seq - 1 || head.hash !== entry.prev)
    return failed('is a checkpoint over something else than the entries before it');
  const text = entry['verifier_key'];
  const key = seen.get(text) ?? (typeof text === 'string' ? parseVerifierKey(text) : undefined);
  if (key === undefined) return failed('is a checkpoint without a readable key');
  if (!isSignedBy(note, key)) return failed('is a checkpoint with a forged signature');
  if (trusted === undefined || trusted.some((one) => one.text === text)) return { ok: true, key };
  return failed(`${UNKNOWN_KEY}: ${key.text}`);
}
