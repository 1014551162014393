import type { Conversation, LastMessage } from './conversation.ts';
import type { Duration } from './duration.ts';
import { before } from './duration.ts';
import { foldSessionId } from './ids.ts';
import { earliestOf, laterOf, latestOf } from './instant.ts';

/** `unknown` is what cannot be known from what the vendor sent; it never deletes. */
export type Truth = 'yes' | 'no' | 'unknown';

/** Which instant of a conversation an age is counted from. */
export type AgeClock = 'created' | 'updated' | 'last_message';

/** How a pattern is compared with a name. */
export type NameTest = 'glob' | 'equals' | 'contains' | 'starts_with' | 'regex';

export interface NameMatcher {
  readonly test: (name: string) => boolean;
  readonly how: NameTest;
  /** As written. */
  readonly pattern: string;
  readonly ignoreCase: boolean;
  /** Its author says that it means the very signs it has, whatever they mean to other programs. */
  readonly literal: boolean;
  /** As written, in words: `matches test-*`, `contains VIP`. */
  readonly words: string;
}

/** Which conversations a rule is about: `match` as used, every pattern compiled. */
export type Selector =
  | { readonly kind: 'everything' }
  | { readonly kind: 'older_than'; readonly duration: Duration; readonly clock: AgeClock }
  /** Any of the matchers. */
  | { readonly kind: 'name'; readonly matchers: readonly NameMatcher[] }
  | { readonly kind: 'created_by'; readonly users: ReadonlySet<string> }
  | SessionIds
  | { readonly kind: 'any' | 'all'; readonly of: readonly Selector[] }
  | { readonly kind: 'not'; readonly of: Selector };

export interface SessionIds {
  readonly kind: 'session_ids';
  /** As written. */
  readonly ids: ReadonlySet<string>;
  /** The same folded, where a match protects: there case does not count. */
  readonly folded?: ReadonlySet<string>;
}

/** All that is known about one conversation when it is judged. */
export interface Subject {
  readonly conversation: Conversation;
  readonly lastMessage: LastMessage;
}

export interface Evaluation {
  readonly truth: Truth;
  /** True when an `unread` newest message was consulted, so that reading it could change the answer. */
  readonly wantsLastMessage: boolean;
}

/** The instant (epoch ms) that one duration before the run's `now` is: the same for equal durations. */
export type Cutoffs = (duration: Duration) => number;

export interface EvaluationContext {
  /** Epoch ms: the one instant that the whole run is judged at. */
  readonly now: number;
  readonly cutoff: Cutoffs;
}

export type Trait = 'name' | 'created_by' | AgeClock | 'session_id';

const YES: Evaluation = { truth: 'yes', wantsLastMessage: false };
const NO: Evaluation = { truth: 'no', wantsLastMessage: false };
const UNKNOWN: Evaluation = { truth: 'unknown', wantsLastMessage: false };
const UNREAD: Evaluation = { truth: 'unknown', wantsLastMessage: true };

/**
 * All cutoffs of a run made at `now` (epoch ms). Each is computed once: to subtract calendar months takes ten times as long
 * as all else that is decided of a row. Benchmark: rows decided by months.
 */
export function cutoffsAt(now: number): Cutoffs {
  const known = new WeakMap<Duration, number>();
  return (duration) => {
    const cutoff = known.get(duration) ?? before(now, duration);
    known.set(duration, cutoff);
    return cutoff;
  };
}

/** Whether the selector matches, in three-valued (Kleene) logic. Pure. */
export function evaluate(selector: Selector, subject: Subject, context: EvaluationContext): Evaluation {
  switch (selector.kind) {
    case 'everything':
      return YES;
    case 'older_than':
      return isOlder(selector, subject, context);
    case 'name': {
      const { name } = subject.conversation;
      return name === undefined ? UNKNOWN : known(selector.matchers.some((matcher) => matcher.test(name)));
    }
    case 'created_by': {
      const { createdBy } = subject.conversation;
      return createdBy === undefined ? UNKNOWN : known(selector.users.has(createdBy));
    }
    case 'session_ids':
      return known(isListed(selector, subject.conversation.sessionId));
    case 'any':
    case 'all':
      return combine(selector, subject, context);
    case 'not':
      return negate(evaluate(selector.of, subject, context));
  }
}

/** Whether any part of the selector counts an age from this clock. */
export function usesClock(selector: Selector, clock: AgeClock): boolean {
  return traitsUsed(selector).has(clock);
}

/** What the selector looks at: what has to be checked again before a DELETE, because it may have changed. */
export function traitsUsed(selector: Selector): ReadonlySet<Trait> {
  switch (selector.kind) {
    case 'everything':
      return new Set();
    case 'older_than':
      return new Set<Trait>([selector.clock]);
    case 'name':
    case 'created_by':
      return new Set<Trait>([selector.kind]);
    case 'session_ids':
      return new Set<Trait>(['session_id']);
    case 'any':
    case 'all':
      return new Set(selector.of.flatMap((part) => [...traitsUsed(part)]));
    case 'not':
      return traitsUsed(selector.of);
  }
}

/**
 * The instant (epoch ms) from which on no conversation can be deleted by any rule, by its `created_at` alone: so a
 * listing, oldest first, may stop at the first conversation created at or after it. `-Infinity` when no rule deletes.
 * Sound for every clock, because {@link evaluate} never counts an age from before the creation.
 */
export function reachOf(
  policy: {
    readonly rules: readonly { readonly selector: Selector; readonly action: 'keep' | 'delete' }[];
    readonly limits: { readonly minAge: Duration };
  },
  now: number,
): number {
  const cutoff = cutoffsAt(now);
  const deleting = policy.rules.filter((rule) => rule.action === 'delete');
  const furthest = Math.max(...deleting.map((rule) => reachOfSelector(rule.selector, cutoff)));
  // Exactly as old as `min_age` is not younger than it, hence the millisecond.
  return Math.min(furthest, cutoff(policy.limits.minAge) + 1);
}

/**
 * The instant (epoch ms) from which on a newest message makes a conversation too young for every age that is counted from
 * it; undefined when no rule counts so. Whoever has seen one such message need look no further.
 */
export function messageReachOf(
  rules: readonly { readonly selector: Selector }[],
  now: number,
): number | undefined {
  const cutoffs = rules.flatMap(({ selector }) => messageCutoffs(selector, cutoffsAt(now)));
  return cutoffs.length === 0 ? undefined : Math.max(...cutoffs);
}

function messageCutoffs(selector: Selector, cutoff: Cutoffs): readonly number[] {
  switch (selector.kind) {
    case 'older_than':
      return selector.clock === 'last_message' ? [cutoff(selector.duration)] : [];
    case 'any':
    case 'all':
      return selector.of.flatMap((part) => messageCutoffs(part, cutoff));
    case 'not':
      return messageCutoffs(selector.of, cutoff);
    case 'everything':
    case 'name':
    case 'created_by':
    case 'session_ids':
      return [];
  }
}

/** Created at or after this instant, nothing makes the selector say `yes`. */
function reachOfSelector(selector: Selector, cutoff: Cutoffs): number {
  switch (selector.kind) {
    case 'older_than':
      return cutoff(selector.duration);
    case 'any':
      return Math.max(...selector.of.map((part) => reachOfSelector(part, cutoff)));
    case 'all':
      return Math.min(...selector.of.map((part) => reachOfSelector(part, cutoff)));
    case 'everything':
    case 'name':
    case 'created_by':
    case 'session_ids':
    case 'not':
      return Infinity;
  }
}

function isListed({ ids, folded }: SessionIds, sessionId: string): boolean {
  return ids.has(sessionId) || folded?.has(foldSessionId(sessionId)) === true;
}

function isOlder(
  { duration, clock }: { readonly duration: Duration; readonly clock: AgeClock },
  { conversation, lastMessage }: Subject,
  { now, cutoff: cutoffs }: EvaluationContext,
): Evaluation {
  const cutoff = cutoffs(duration);
  const { createdAt } = conversation;
  // Nothing about a conversation can be earlier than its creation, whatever another field says. So a young one
  // needs no further look on any clock, and a listing in order of creation may stop at it (reachOf).
  if (createdAt !== undefined && earliestOf(createdAt) > now) return UNKNOWN;
  if (createdAt !== undefined && earliestOf(createdAt) >= cutoff) return NO;
  let at = clock === 'created' ? createdAt : conversation.updatedAt;
  if (clock === 'last_message') {
    if (lastMessage.state === 'unread') return UNREAD;
    at = lastMessage.at;
  }
  if (at === undefined || earliestOf(at) > now) return UNKNOWN;
  const since = createdAt === undefined ? at : laterOf(createdAt, at);
  // Roughly known, it must lie on one side of the cutoff as a whole.
  if (latestOf(since) < cutoff) return YES;
  return earliestOf(since) >= cutoff ? NO : UNKNOWN;
}

function combine(
  { kind, of }: { readonly kind: 'any' | 'all'; readonly of: readonly Selector[] },
  subject: Subject,
  context: EvaluationContext,
): Evaluation {
  const decisive: Truth = kind === 'any' ? 'yes' : 'no';
  // Asked nothing, it knows nothing: an empty `all` must not match everything, nor must an empty `any` under `not`.
  let isUnknown = of.length === 0;
  let wantsLastMessage = false;
  for (const part of of) {
    const evaluation = evaluate(part, subject, context);
    if (evaluation.truth === decisive) return evaluation;
    isUnknown ||= evaluation.truth === 'unknown';
    wantsLastMessage ||= evaluation.wantsLastMessage;
  }
  if (wantsLastMessage) return UNREAD;
  return isUnknown ? UNKNOWN : known(kind === 'all');
}

function negate(evaluation: Evaluation): Evaluation {
  if (evaluation.truth === 'unknown') return evaluation;
  return known(evaluation.truth === 'no');
}

function known(truth: boolean): Evaluation {
  return truth ? YES : NO;
}
