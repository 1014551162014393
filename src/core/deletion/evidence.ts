import type { Viewer } from '../account.ts';
import type { Instant } from '../instant.ts';

/**
 * What can be seen of one deletion. Evidence is what could have come out otherwise: a 404 counts only where an id that cannot
 * exist was answered alike, and one that does exist was not; a listing only while it still shows its kind.
 */

const KINDS = ['anonymous', 'named', 'own', 'unstated'] as const;
/**
 * The vendor's rights know anonymous and team conversations apart, so a listing may lack a whole kind. `named`: of a
 * colleague; `own`: of the key's own user, who may see these when the right to see the team's is gone.
 */
export type Kind = (typeof KINDS)[number];

export const KIND_WORDS = {
  anonymous: 'anonymous conversations',
  named: 'conversations of team members',
  own: 'the conversations of its own user',
  unstated: 'conversations without a creator',
} as const satisfies Record<Kind, string>;

export function isKind(value: unknown): value is Kind {
  return KINDS.some((kind) => kind === value);
}

/** `createdBy` as in `Conversation`: a user's id, `'anonymous'`, or undefined where the API did not say. */
export function kindOf(createdBy: string | undefined, { users }: Pick<Viewer, 'users'>): Kind {
  if (createdBy === undefined) return 'unstated';
  if (createdBy === 'anonymous') return 'anonymous';
  return users.has(createdBy) ? 'own' : 'named';
}

/** The kinds whose rows show that one of `kind` would have been shown. */
export function witnessesOf(kind: Kind, { users }: Pick<Viewer, 'users'>): readonly Kind[] {
  if (kind !== 'own') return [kind];
  // Since the key was exchanged for another user's, what is the one's own is a colleague's to the other.
  return users.size === 1 ? ['own'] : [];
}

/** What DELETEs for one conversation were answered, weakest first. */
const ANSWERS = ['never_sent', 'not_found', 'ambiguous', 'accepted'] as const;
export type Answered = (typeof ANSWERS)[number];

/** The one that claims more: over all DELETEs for one id and creation date, in any run, it decides. */
export function stronger(one: Answered, other: Answered): Answered {
  return ANSWERS.indexOf(one) >= ANSWERS.indexOf(other) ? one : other;
}

export function isAnswered(value: unknown): value is Answered {
  return ANSWERS.some((answered) => answered === value);
}

/** What the conversation's own GET says, compared with what *gone* looks like in its project. */
export type Reading =
  /** 200, with the creation date that was planned, or with none that could tell. */
  | { readonly is: 'there'; readonly isPlannedOne: boolean }
  /** The calibrated 404; or 200 with another creation date: a new conversation, and the old one is no more. */
  | {
      readonly is: 'absent';
      readonly status: number;
      readonly at: number;
      /** Creation date of the one that took its place. */
      readonly recreatedAt: Instant | undefined;
    }
  /** A 404 as JSON, but not in the words of the id that cannot exist. */
  | {
      readonly is: 'unlike';
      readonly status: 404;
      readonly at: number;
      readonly said: string;
      /** `NotFoundWords.shape`. */ readonly shape: string;
    }
  /** No evidence either way. `said`: what came instead, in words. */
  | { readonly is: 'unknown'; readonly status: number | undefined; readonly said: string };

/** A listing that was read as a whole, as far as it had to speak. */
export interface ListingFacts {
  /** Epoch ms of its last page. */
  readonly at: number;
  /** Unique ids that it showed. */
  readonly ids: number;
  /** By the paginator; undefined: it did not say. */
  readonly total: number | undefined;
}

/** What a fresh listing, taken after the reading, says of the conversation. */
export type Sighting =
  | { readonly is: 'shown' }
  | {
      readonly is: 'not_shown';
      readonly listing: ListingFacts;
      /** A row of its kind that is still shown: `SESSION`, or `PROJECT/SESSION` of another project; undefined: none. */
      readonly witness: string | undefined;
      /** Shown under its id, created at another time. */
      readonly recreatedAt: Instant | undefined;
    }
  /** It no longer shows what nobody deleted, so it says nothing of what it does not show. */
  | { readonly is: 'blind'; readonly said: string }
  | { readonly is: 'unreadable'; readonly said: string };
