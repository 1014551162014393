import type { AuditEntry, Fact } from '../core/audit-entry.ts';
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
  /** What answered 404 where no DELETE did it. */
  readonly foundBy: string | undefined;
  /** The later run that settled it, after its own worker had vanished. */
  readonly settledBy: string | undefined;
}

/** The request that proved, after the 404, that the project still answers. */
export interface Control {
  readonly request: string;
  readonly status: number;
  readonly at: string;
}

/**
 * The last word on every conversation that a run's entries speak of, in the order in which they first appear. An
 * outcome outweighs an intent after it: that is how the store counts, and two counts must not differ.
 */
export function deletionsIn(entries: Iterable<AuditEntry>): readonly Deletion[] {
  const last = new Map<string, Deletion>();
  for (const entry of entries) {
    const deletion = deletionOf(entry);
    if (deletion === undefined) continue;
    const key = conversationKey(deletion);
    if (deletion.outcome !== 'open' || !last.has(key)) last.set(key, deletion);
  }
  return [...last.values()];
}

export function conversationKey(of: { readonly projectId: number; readonly sessionId: string }): string {
  return `${of.projectId} ${of.sessionId}`;
}

/** How a conversation that was gone already came to be known as gone. */
export function goneWords({ foundBy }: Deletion): string {
  return foundBy === 'delete' ? 'gone: the DELETE answered 404' : 'gone before a DELETE';
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
    foundBy: text(entry['found_by']),
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
