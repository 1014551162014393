import type { AuditEntry } from './audit-entry.ts';
import { outcomeOfEvent } from './outcome.ts';

/** A conversation whose deletion was intended, and for which no final outcome followed (none yet, or `unverified`). */
export interface OpenIntent {
  readonly runId: string;
  readonly policy: string;
  readonly policyHash: string | null;
  readonly rule: string | null;
  readonly projectId: number;
  readonly sessionId: string;
  /** Whose conversation it is; undefined: intended before states belonged to an account. */
  readonly account: string | undefined;
  /** DELETEs intended for it in that run. */
  readonly attempts: number;
  /** When the last DELETE was sent; where nobody lived to say so, when it was intended, just before. RFC 3339. */
  readonly requestedAt: string;
  /** False where it is only known when it was intended. */
  readonly isRequestKnown: boolean;
  /** What that DELETE answered, if an answer was recorded. */
  readonly deleteStatus: number | null;
  readonly seenAt: string | null;
  readonly seenBy: string | null;
  /** What found it gone before a DELETE of ours could have done it; null: nothing did. */
  readonly foundBy: string | null;
}

/**
 * What a run's entries about one conversation, oldest first, say of its last DELETE. Undefined when nothing among them is
 * open, or they do not name run, policy and conversation.
 */
export function openIntentOf(entries: readonly AuditEntry[]): OpenIntent | undefined {
  let known: OpenIntent | undefined;
  for (const entry of entries) {
    if (entry.event === 'deletion.intended') known = begun(entry);
    // One that stands alone is no less open.
    else if (known === undefined && entry.event === 'deletion.unverified') known = begun(entry);
    else if (known !== undefined && outcomeOfEvent(entry.event) !== undefined) {
      known = {
        ...known,
        requestedAt: textOr(entry['requested_at'], known.requestedAt),
        isRequestKnown: known.isRequestKnown || typeof entry['requested_at'] === 'string',
        deleteStatus: numberOr(entry['delete_status'], known.deleteStatus),
        foundBy: textOr(entry['found_by'], known.foundBy),
      };
    }
  }
  return known;
}

function begun(entry: AuditEntry): OpenIntent | undefined {
  const { run_id: runId, policy, project_id: projectId, session_id: sessionId } = entry;
  if (runId === null || policy === null || projectId === null || sessionId === null) return undefined;
  return {
    runId,
    policy,
    policyHash: entry.policy_hash,
    rule: entry.rule,
    projectId,
    sessionId,
    account: textOr(entry['account'], undefined),
    attempts: numberOr(entry['attempt'] ?? entry['attempts'], 1),
    requestedAt: textOr(entry['requested_at'], entry.time),
    isRequestKnown: typeof entry['requested_at'] === 'string',
    deleteStatus: numberOr(entry['delete_status'], null),
    seenAt: textOr(entry['seen_at'], null),
    seenBy: textOr(entry['seen_by'], null),
    foundBy: textOr(entry['found_by'], null),
  };
}

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}

function numberOr<T>(value: unknown, otherwise: T): number | T {
  return typeof value === 'number' ? value : otherwise;
}
