import type { AuditEntry, AuditFacts } from './audit-entry.ts';
import { openChangeOf } from './open-words.ts';

/** The intent to delete a conversation, as entries have it. */
export interface Intent {
  /** Tells one conversation from another. */
  readonly key: string;
  readonly projectId: number;
  readonly sessionId: string;
  readonly runId: string | null;
  /** When the conversation was last seen for its policy; undefined: the entry does not say. */
  readonly seenAt: string | undefined;
}

/** Undefined for any other entry, and for one that names no conversation. */
export function intentOf(facts: AuditFacts): Intent | undefined {
  const { event, project_id: projectId, session_id: sessionId, run_id: runId } = facts;
  if (event !== 'deletion.intended' || projectId === null || sessionId === null) return undefined;
  const { seen_at: seenAt } = facts.facts;
  const key = keyOf(projectId, sessionId);
  return { key, projectId, sessionId, runId, seenAt: typeof seenAt === 'string' ? seenAt : undefined };
}

/** What a store knows of a conversation that may be another run's. */
export interface ClaimsOn {
  /** Who has an open intent for it. */
  readonly open: readonly { readonly policy: string; readonly runId: string }[];
  /** Who verified that it is deleted, and when (RFC 3339). */
  readonly verified: readonly { readonly runId: string | null; readonly time: string }[];
}

/**
 * Whose a conversation is while the drafts of a group are decided. It is claimed where a run of another policy has an open intent
 * for it, and still works on, or has verified that it is deleted since it was last seen for this one. What a run left behind
 * whose lease is over is no claim.
 */
export class ClaimBook {
  readonly #stored: ReadonlyMap<string, ClaimsOn>;
  /** By id of the run: its policy. */
  readonly #atWork: ReadonlyMap<string, string>;
  /** The entries of earlier drafts, by conversation. */
  readonly #written = new Map<string, AuditEntry[]>();

  constructor(stored: ReadonlyMap<string, ClaimsOn>, atWork: ReadonlyMap<string, string>) {
    this.#stored = stored;
    this.#atWork = atWork;
  }

  isClaimed({ key, runId, seenAt }: Intent): boolean {
    const stored = this.#stored.get(key);
    const written = this.#written.get(key);
    if (runId === null || (stored === undefined && written === undefined)) return false;
    const { open, verified } = replayed(stored ?? NO_CLAIMS, written ?? []);
    const byOthers = verified.filter(({ runId: by }) => by !== null && by !== runId);
    return (
      byOthers.some(({ time }) => seenAt !== undefined && time > seenAt) ||
      open.some(({ policy, runId: by }) => by !== runId && this.#atWork.get(by) === policy)
    );
  }

  /** To be told of each entry, once it is in the chain. */
  take(entry: AuditEntry): void {
    const { event, project_id: projectId, session_id: sessionId } = entry;
    if (projectId === null || sessionId === null || !event.startsWith('deletion.')) return;
    const key = keyOf(projectId, sessionId);
    const before = this.#written.get(key);
    if (before === undefined) this.#written.set(key, [entry]);
    else before.push(entry);
  }
}

const NO_CLAIMS: ClaimsOn = { open: [], verified: [] };

/**
 * What the store will know after these entries. An intent takes the place of an older one of its policy; that one is left here
 * until it is settled, which may claim for a moment too much, and never too little.
 */
function replayed(stored: ClaimsOn, entries: readonly AuditEntry[]): ClaimsOn {
  let { open, verified } = stored;
  for (const entry of entries) {
    const { event, policy, run_id: runId, time } = entry;
    if (event === 'deletion.verified') verified = [...verified, { runId, time }];
    const change = openChangeOf(entry);
    if (change === undefined || policy === null || runId === null) continue;
    const others = open.filter((one) => one.runId !== runId);
    open = change === 'settles' ? others : [...others, { policy, runId }];
  }
  return { open, verified };
}

function keyOf(projectId: number, sessionId: string): string {
  return `${projectId}/${sessionId}`;
}
