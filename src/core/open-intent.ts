import type { AuditEntry } from './audit-entry.ts';
import { isKind, stronger, type Answered, type Kind } from './deletion/evidence.ts';
import { answeredIn, instantIn } from './deletion/facts.ts';
import { parseInstant, type Instant } from './instant.ts';
import { outcomeOfEvent } from './outcome.ts';

/** A conversation whose deletion was intended, and for which no final outcome followed (none yet, or `unverified`). */
export interface OpenIntent {
  readonly runId: string;
  readonly policy: string;
  readonly policyHash: string | null;
  readonly rule: string | null;
  readonly projectId: number;
  readonly sessionId: string;
  /** Of its creation; undefined: the intent is by an earlier rule and does not say. */
  readonly createdAt: Instant | undefined;
  readonly kind: Kind | undefined;
  /** Others of its kind that were listed with it, and were not to be deleted; undefined: it does not say. */
  readonly bystanders: number | undefined;
  /** Of the kind `own`: the key (its fingerprint) whose user's it is; undefined: it is not known. */
  readonly ownTo: string | undefined;
  /** Whose conversation it is; undefined: intended before states belonged to an account. */
  readonly account: string | undefined;
  /** DELETEs intended for it in that run. */
  readonly attempts: number;
  /** When the last DELETE was sent; where nobody lived to say so, when it was intended, just before. RFC 3339. */
  readonly requestedAt: string;
  /** False where it is only known when it was intended. */
  readonly isRequestKnown: boolean;
  /** The strongest answer to its DELETEs; `ambiguous` where none was recorded. */
  readonly answered: Answered;
  /** What the DELETE answered, if an answer was recorded and clear. */
  readonly deleteStatus: number | null;
  readonly seenAt: string | null;
  readonly seenBy: string | null;
  /** The calibrated 404 that was recorded, which still counts. */
  readonly absent:
    { readonly at: number; readonly status: number; readonly recreatedAt: Instant | undefined } | undefined;
  /** Its project was no longer visible, and that was reported. */
  readonly isParked: boolean;
  /** The run that reported it; undefined: it is not parked. */
  readonly parkedBy: string | undefined;
}

/**
 * What a run's entries about one conversation, oldest first, say of its last DELETE. Undefined when nothing among them is
 * open, or they do not name run, policy and conversation.
 */
export function openIntentOf(entries: readonly AuditEntry[]): OpenIntent | undefined {
  let known: OpenIntent | undefined;
  for (const entry of entries) {
    if (entry.event === 'deletion.intended') known = again(known, begun(entry));
    // One that stands alone is no less open.
    else if (known === undefined && entry.event === 'deletion.unverified') known = begun(entry);
    else if (
      known !== undefined &&
      (entry.event === 'deletion.absent' || outcomeOfEvent(entry.event) !== undefined)
    )
      known = updated(known, entry);
  }
  return known;
}

/** A further DELETE does not take back what an earlier one was answered. */
function again(known: OpenIntent | undefined, next: OpenIntent | undefined): OpenIntent | undefined {
  if (known === undefined || next === undefined) return next;
  return { ...next, answered: stronger(known.answered, next.answered) };
}

function updated(known: OpenIntent, entry: AuditEntry): OpenIntent {
  const answered = answeredIn(entry);
  return {
    ...known,
    requestedAt: textOr(entry['requested_at'], known.requestedAt),
    isRequestKnown: known.isRequestKnown || typeof entry['requested_at'] === 'string',
    // What was recorded of this DELETE is the last word on it; what nothing was recorded of stays ambiguous.
    answered: answered ?? known.answered,
    deleteStatus: numberOr(entry['delete_status'], known.deleteStatus),
    absent: absentIn(entry) ?? known.absent,
    ...parkedIn(entry),
  };
}

function parkedIn(entry: AuditEntry): Pick<OpenIntent, 'isParked' | 'parkedBy'> {
  const isParked = entry['parked'] === true;
  const by = textOr(entry['settled_by'], textOr(entry.run_id, undefined));
  return { isParked, parkedBy: isParked ? by : undefined };
}

function absentIn(entry: AuditEntry): OpenIntent['absent'] {
  const at = parseInstant(entry['absent_at']);
  if (entry.event !== 'deletion.absent' || at === undefined) return undefined;
  return { at, status: numberOr(entry['verify_status'], 404), recreatedAt: instantIn(entry['recreated_at']) };
}

function begun(entry: AuditEntry): OpenIntent | undefined {
  const { run_id: runId, policy, project_id: projectId, session_id: sessionId } = entry;
  if (runId === null || policy === null || projectId === null || sessionId === null) return undefined;
  const kind = entry['kind'];
  return {
    runId,
    policy,
    policyHash: entry.policy_hash,
    rule: entry.rule,
    projectId,
    sessionId,
    createdAt: instantIn(entry['created_at']),
    kind: isKind(kind) ? kind : undefined,
    bystanders: numberOr(entry['bystanders'], undefined),
    ownTo: textOr(entry['own_to'], undefined),
    account: textOr(entry['account'], undefined),
    attempts: numberOr(entry['attempt'] ?? entry['attempts'], 1),
    requestedAt: textOr(entry['requested_at'], entry.time),
    isRequestKnown: typeof entry['requested_at'] === 'string',
    // An entry by an earlier rule: found gone before any DELETE.
    answered: answeredIn(entry) ?? (entry['found_by'] === 'recheck' ? 'never_sent' : 'ambiguous'),
    deleteStatus: numberOr(entry['delete_status'], null),
    seenAt: textOr(entry['seen_at'], null),
    seenBy: textOr(entry['seen_by'], null),
    absent: undefined,
    ...parkedIn(entry),
  };
}

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}

function numberOr<T>(value: unknown, otherwise: T): number | T {
  return typeof value === 'number' ? value : otherwise;
}
