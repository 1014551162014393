import type { Instant } from './instant.ts';

/**
 * A conversation as the listing showed it. `undefined` means that the vendor sent no usable value, which is *unknown* and
 * never a default.
 */
export interface Conversation {
  readonly projectId: number;
  readonly sessionId: string;
  readonly name: string | undefined;
  readonly createdAt: Instant | undefined;
  readonly updatedAt: Instant | undefined;
  /** A user's id as text; `'anonymous'` when the vendor said null; `undefined` when the field was missing or unusable. */
  readonly createdBy: string | undefined;
  /** By the row's `deleted_at`, if that is a date: a list that goes on showing what was deleted marks it so. */
  readonly deletedAt?: Instant | undefined;
}

/** The newest message of a conversation: not asked for yet, or asked for and known (or not). */
export type LastMessage =
  { readonly state: 'unread' } | { readonly state: 'read'; readonly at: Instant | undefined };

/** A list row that cannot be a candidate: kept, counted as unknown, never deleted. */
export interface UnusableRow {
  readonly projectId: number;
  /** Present only where it is well-formed. */
  readonly sessionId: string | undefined;
  /** Undefined where it does not say, or nobody can read it. */
  readonly createdAt?: Instant | undefined;
  readonly problem: 'no_session_id' | 'bad_session_id' | 'wrong_project' | 'not_an_object' | 'oversized';
}

export interface Project {
  readonly id: number;
  readonly name: string | undefined;
}
