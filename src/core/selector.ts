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

/** A part of a selector that looks at a conversation itself. */
export type Leaf = Exclude<Selector, { readonly kind: 'any' | 'all' | 'not' }>;

/** All leaves of the selector. `isTurned`: under an odd number of `not`, so that it says the opposite. */
export function leavesOf(
  selector: Selector,
  isTurned = false,
): readonly { readonly leaf: Leaf; readonly isTurned: boolean }[] {
  switch (selector.kind) {
    case 'any':
    case 'all':
      return selector.of.flatMap((part) => leavesOf(part, isTurned));
    case 'not':
      return leavesOf(selector.of, !isTurned);
    default:
      return [{ leaf: selector, isTurned }];
  }
}

/** The leaves by which a rule keeps what they match: those of a keep rule, and under `not` those of a delete rule. */
export function keepingLeaves(rule: {
  readonly selector: Selector;
  readonly action: 'keep' | 'delete';
}): readonly Leaf[] {
  const isKeep = rule.action === 'keep';
  return leavesOf(rule.selector).flatMap(({ leaf, isTurned }) => (isTurned === isKeep ? [] : [leaf]));
}

/** What the selector looks at: what has to be checked again before a DELETE, because it may have changed. */
export function traitsUsed(selector: Selector): ReadonlySet<Trait> {
  return new Set(leavesOf(selector).flatMap(({ leaf }) => traitOf(leaf)));
}

function traitOf(leaf: Leaf): Trait | readonly [] {
  switch (leaf.kind) {
    case 'everything':
      return [];
    case 'older_than':
      return leaf.clock;
    case 'name':
    case 'created_by':
      return leaf.kind;
    case 'session_ids':
      return 'session_id';
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
