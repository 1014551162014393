import type { AuditEntry, Fact } from '../core/audit-entry.ts';
import { EVIDENCE } from '../core/deletion/facts.ts';
import { outcomeOfEvent, type Outcome } from '../core/outcome.ts';

/** What the audit log says about one conversation of a run; `undefined` where the entry does not say. */
export interface Deletion {
  readonly projectId: number;
  readonly sessionId: string;
  readonly rule: string | null;
  /** `open`: intended, and no outcome yet. */
  readonly outcome: Outcome | 'open';
  /** Instants are texts of the log: RFC 3339, UTC. */
  readonly time: string;
  readonly requestedAt: string | undefined;
  readonly deleteStatus: number | undefined;
  readonly attempts: number | undefined;
  readonly verifiedAt: string | undefined;
  readonly verifyStatus: number | undefined;
  readonly control: Control | undefined;
  readonly reason: string | undefined;
  /** Told by an entry that says nothing of a calibrated 404 or a witness: versions before rule 2 of evidence wrote such. */
  readonly isByEarlierRule: boolean;
  /** The later run that settled it, after its own worker had vanished. */
  readonly settledBy: string | undefined;
}

/** The fresh listing that no longer showed it; by an earlier rule: a request that the project still answered after the 404. */
export interface Control {
  readonly request: string;
  readonly status: number;
  readonly at: string;
}

/**
 * The last word on every conversation that a run's entries speak of, in the order in which they first appear. An
 * outcome outweighs an intent after it: that is how the store counts, and two counts must not differ.
 */
export class Deletions {
  /** By `conversationKey`. */
  readonly all = new Map<string, Deletion>();

  take(entry: AuditEntry): void {
    const deletion = deletionOf(entry);
    if (deletion === undefined) return;
    const key = conversationKey(deletion);
    if (deletion.outcome !== 'open' || !this.all.has(key)) this.all.set(key, deletion);
  }
}

/** How many of them a later run settled: what is unverified stays open. */
export function settledLaterCount(deletions: Iterable<Deletion>): number {
  return [...deletions].filter(
    ({ settledBy, outcome }) => settledBy !== undefined && outcome !== 'unverified',
  ).length;
}

/** The same of entries that are at hand. */
export function deletionsIn(entries: Iterable<AuditEntry>): readonly Deletion[] {
  const deletions = new Deletions();
  for (const entry of entries) deletions.take(entry);
  return [...deletions.all.values()];
}

export function conversationKey(of: { readonly projectId: number; readonly sessionId: string }): string {
  return `${of.projectId} ${of.sessionId}`;
}

/** What `already_gone` claims, for people. */
export const ALREADY_GONE_WORDS = 'not deleted by us, and no longer visible to this key';

/** To stand behind the proof of a deletion; '' where it is by the rule of today. */
export function ruleWords({ isByEarlierRule }: Deletion): string {
  return isByEarlierRule ? ', by an earlier rule' : '';
}

function deletionOf(entry: AuditEntry): Deletion | undefined {
  const { project_id: projectId, session_id: sessionId, rule, time } = entry;
  const outcome = entry.event === 'deletion.intended' ? 'open' : outcomeOfEvent(entry.event);
  if (outcome === undefined || projectId === null || sessionId === null) return undefined;
  return {
    projectId,
    sessionId,
    rule,
    outcome,
    time,
    requestedAt: text(entry['requested_at']),
    deleteStatus: number(entry['delete_status']),
    attempts: number(entry['attempts']),
    verifiedAt: text(entry['verified_at']),
    verifyStatus: number(entry['verify_status']),
    control: controlOf(entry['control']),
    reason: text(entry['reason']),
    isByEarlierRule: (outcome === 'verified' || outcome === 'already_gone') && entry['evidence'] !== EVIDENCE,
    settledBy: text(entry['settled_by']),
  };
}

function controlOf(fact: Fact | undefined): Control | undefined {
  if (typeof fact !== 'object' || fact === null || !('request' in fact)) return undefined;
  const [request, status, at] = [text(fact['request']), number(fact['status']), text(fact['at'])];
  if (request === undefined || status === undefined || at === undefined) return undefined;
  return { request, status, at };
}

function text(fact: Fact | undefined): string | undefined {
  return typeof fact === 'string' ? fact : undefined;
}

function number(fact: Fact | undefined): number | undefined {
  return typeof fact === 'number' ? fact : undefined;
}
