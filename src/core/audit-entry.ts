export const AUDIT_EVENTS = [
  'run.started',
  'run.refused',
  'run.completed',
  'run.interrupted',
  'run.failed',
  'listing.incomplete',
  'project.calibrated',
  'project.refused',
  'deletion.intended',
  'deletion.absent',
  'deletion.verified',
  'deletion.unverified',
  'deletion.already_gone',
  'deletion.failed',
  'deletion.skipped',
  'limits.overridden',
  'hold.added',
  'hold.released',
  'conversation.marked',
  'conversation.reappeared',
  'account.bound',
  'account.rebound',
  'checkpoint',
] as const;
export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** JSON values an event's own facts may hold. Identifiers above 2^53 must be strings (RFC 8785 rounds numbers). */
export type Fact = string | number | boolean | null | readonly Fact[] | { readonly [key: string]: Fact };

/** An entry before the log gives it its place: `seq`, `time`, `prev` and `hash` are the log's. */
export interface AuditFacts {
  readonly event: AuditEvent;
  readonly run_id: string | null;
  readonly policy: string | null;
  readonly policy_hash: string | null;
  readonly rule: string | null;
  readonly project_id: number | null;
  readonly session_id: string | null;
  /** The event's own facts, laid beside the common keys. Never a name, a message, a user's id, an address or the key. */
  readonly facts: { readonly [key: string]: Fact };
}

/** An entry as it stands in the log and in an export (contract, section 5). */
export interface AuditEntry extends Omit<AuditFacts, 'facts'> {
  readonly seq: number;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly prev: string;
  readonly hash: string;
  readonly [fact: string]: Fact;
}

/** The end of the chain: what the next entry builds on. `seq` 0 with 64 zeros is the empty log. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

export const GENESIS: AuditHead = { seq: 0, hash: '0'.repeat(64) };
