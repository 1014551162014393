import type { BodyKind } from './answers.ts';
import type { JournalEntry } from './journal.ts';
import type { PageTwist } from './pages.ts';
import type { RouteName } from './routes.ts';

/** Everything that is given must fit. */
export interface FaultMatch {
  readonly route?: RouteName | readonly RouteName[];
  readonly method?: string;
  readonly projectId?: number;
  readonly sessionId?: string;
  /** The `page` of the query; 1 when there is none. */
  readonly page?: number;
  /** Only after so many requests of any kind have arrived since the rule was added. */
  readonly afterRequests?: number;
  /** Only for so long after the rule was added, by the sandbox's clock. */
  readonly forMs?: number;
  /** Only the n-th request (from 1) of those that fit everything above. */
  readonly nth?: number;
  /** Only the n-th request (from 1) per conversation, of those that fit everything above `nth`. */
  readonly nthPerSession?: number;
}

/**
 * A number: seconds, whatever its sign or size. A string: the header as it stands. `dateInMs`: an HTTP date so far
 * from the sandbox's now.
 */
export type RetryAfter = number | string | { readonly dateInMs: number };

/** What happens instead of, or around, the honest answer. Where several rules match, the first to name a thing wins. */
export interface FaultEffect extends PageTwist {
  /** Before anything else is done; a pair is drawn from at random. */
  readonly latencyMs?: number | readonly [number, number];
  /** Replaces the answer. Alone, the body is the API's own JSON. */
  readonly status?: number;
  /** Replaces the body. Without `status` the request is carried out and keeps its honest status. */
  readonly body?: BodyKind;
  /** Whether a replaced answer's request is carried out all the same. Default false. */
  readonly executed?: boolean;
  /** The connection ends: before the request is carried out, after that, or in the middle of the answer's body. */
  readonly cut?: 'before' | 'after' | 'mid-body';
  readonly retryAfter?: RetryAfter;
  /** Answers with a redirect; the status is 302 unless `status` says otherwise. */
  readonly redirectTo?: string;
  /** A body that never ends: plain bytes, a gzip bomb, or one byte per `dripMs`. */
  readonly endless?: 'body' | 'gzip-bomb' | 'drip';
  /** Default 1000. */
  readonly dripMs?: number;
  /** The body stops half-way, in an answer that is otherwise complete. */
  readonly truncateBody?: boolean;
  /** A DELETE answers 200 and leaves everything as it is. */
  readonly swallow?: boolean;
  /** The `Date` header, off by so much, or missing. */
  readonly date?: 'absent' | { readonly shiftMs: number };
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FaultRule {
  readonly when?: FaultMatch;
  /** How often the rule strikes before it is spent. Default: no limit. */
  readonly times?: number;
  /** 0 to 1, drawn from the sandbox's seed. Default 1. */
  readonly probability?: number;
  readonly then: FaultEffect;
}

/** The request as rules see it. */
export interface FaultSubject extends Pick<JournalEntry, 'route' | 'method' | 'projectId' | 'sessionId'> {
  readonly page: number;
}

/** A rule with its memory. */
export class ActiveRule {
  readonly rule: FaultRule;
  readonly #addedAtMs: number;
  #seenCount = 0;
  #fitCount = 0;
  #strikeCount = 0;
  readonly #fitsBySession = new Map<string, number>();

  constructor(rule: FaultRule, addedAtMs: number) {
    this.rule = rule;
    this.#addedAtMs = addedAtMs;
  }

  strikes(subject: FaultSubject, nowMs: number, random: () => number): boolean {
    const { when = {}, times, probability } = this.rule;
    this.#seenCount += 1;
    if (this.#seenCount <= (when.afterRequests ?? 0)) return false;
    if (when.forMs !== undefined && nowMs - this.#addedAtMs >= when.forMs) return false;
    if (!fits(when, subject)) return false;
    if (!this.#isTurn(when, subject.sessionId ?? '')) return false;
    if (times !== undefined && this.#strikeCount >= times) return false;
    if (probability !== undefined && random() >= probability) return false;
    this.#strikeCount += 1;
    return true;
  }

  #isTurn(when: FaultMatch, sessionId: string): boolean {
    this.#fitCount += 1;
    if (when.nth !== undefined && when.nth !== this.#fitCount) return false;
    if (when.nthPerSession === undefined) return true;
    const turn = (this.#fitsBySession.get(sessionId) ?? 0) + 1;
    this.#fitsBySession.set(sessionId, turn);
    return turn === when.nthPerSession;
  }
}

function fits(when: FaultMatch, subject: FaultSubject): boolean {
  const { route } = when;
  const routes: readonly RouteName[] | undefined = typeof route === 'string' ? [route] : route;
  return (
    (routes === undefined || routes.includes(subject.route)) &&
    (when.method === undefined || when.method === subject.method) &&
    (when.projectId === undefined || when.projectId === subject.projectId) &&
    (when.sessionId === undefined || when.sessionId === subject.sessionId) &&
    (when.page === undefined || when.page === subject.page)
  );
}
