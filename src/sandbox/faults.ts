import type { BodyKind } from './answers.ts';
import { ActiveRule, type FaultEffect, type FaultRule, type FaultSubject } from './fault-rules.ts';
import type { Misorder } from './misorder.ts';
import { randomSequence } from './random.ts';

export interface RateLimit {
  readonly perMinute: number;
  /** How a refused client is told to wait. 'none' leaves out every rate-limit header. */
  readonly retryAfter: 'seconds' | 'date' | 'none';
  /** Default 'foreign-json': the framework's own `{"message":"Too Many Attempts."}`. */
  readonly body?: BodyKind;
}

/**
 * The vendor knows rights over the conversations of anonymous visitors and of team members apart. `colleague`: a team member,
 * but not the user whose key it is.
 */
export type Creator = 'anonymous' | 'team' | 'colleague';

/** A conversation that was asked for and is not there. */
export interface Missing {
  readonly projectId: number;
  readonly sessionId: string;
  /** It was there once. */
  readonly wasThere: boolean;
}

const NO_EFFECT: FaultEffect = {};

/**
 * How the emulator misbehaves, and which way it plays what nobody knows about the vendor. Everything can be changed
 * while it runs; the values here are the defaults.
 */
export class Faults {
  /** A deleted conversation answers 200 on its messages for so long, by the sandbox's clock. */
  staleReadsMs = 0;
  /** A deleted conversation stays in the lists for so long, by the sandbox's clock. */
  staleListMs = 0;
  /** Every DELETE of a conversation answers 200 and does nothing. */
  swallowDeletes = false;
  /**
   * true: newest first whatever is asked. 'scrambled': in no order at all, but the same on every page. 'oldest-last' and
   * 'oldest-in-the-middle': in order, but for the oldest third, so that the first pages rise. 'reshuffled': another order
   * on every page.
   */
  ignoreOrder: boolean | 'scrambled' | Misorder = false;
  /** Conversations of one second change places from request to request, unless they are asked for by id. */
  shuffleTies = false;
  /** The last page of conversations that is shown, in any order; those behind it answer 422. */
  deepestPage: number | undefined = undefined;
  /** Conversations are told to have been created so much later than they were. */
  createdLaterMs = 0;
  /** What was deleted stays in the lists, marked by `deleted_at`. */
  keepDeletedRows = false;
  /**
   * 'oldest-first': whatever is asked. 'oldest-page-first': the same, but newest first within each page.
   */
  messageOrder: 'as-asked' | 'oldest-first' | 'oldest-page-first' = 'as-asked';
  /** '12-hour': `25 Jun 2023 05:01:11`, without a zone or half of the day, as recorded in 2023. */
  messageDates: 'iso' | '12-hour' = 'iso';
  rateLimit: RateLimit | undefined = undefined;
  /** What `GET /user` answers; 'html' is a page with status 200. */
  user: 'named' | 403 | 404 | 500 | 'html' = 'named';
  /** Listed, but every request into them is refused with this status. */
  readonly forbiddenProjects = new Map<number, 403 | 404>();
  /** Neither listed nor found. */
  readonly vanishedProjects = new Set<number>();
  /** Every request answers 401. */
  revokedKey = false;
  /** Another key than the first is the right one by now. */
  exchangedKey: string | undefined = undefined;
  /** Every request answers 404; true is an HTML page. */
  everything404: boolean | BodyKind = false;
  /** After each page of conversations that is served, a new conversation arrives in that project. */
  shiftingPages = false;
  /** After each page of conversations that is served, that project's oldest conversation disappears. */
  shrinkingPages = false;
  /** What a DELETE of a conversation answers that is gone already, or never was. */
  deleteTwice: 404 | 200 = 404;
  /** Whether a new message moves its conversation's `updated_at`. */
  messageMovesUpdatedAt = false;
  /** Ids as strings, dates without a zone, `per_page` as a string. */
  stringlyTyped = false;
  projectsPageSize = 10;
  conversationsPageSize = 10;
  messagesPageSize = 20;
  /** Whether `per_page` in a query is heeded (up to 100). */
  perPageHeeded = false;
  pastLastPage: 'empty' | 404 = 'empty';
  /** Whether the 404 of a missing conversation speaks of the project, as documented, or of the conversation. */
  notFoundNames: 'project' | 'conversation' = 'project';
  /** JSON of the 404 of a missing conversation, in other words than the documented ones. */
  notFoundBody: ((missing: Missing) => unknown) | undefined = undefined;
  /** What the messages of an id answer that nobody has or ever had: 200 as of an empty conversation, or a page in HTML. */
  unknownIds: 404 | 200 | 'html' = 404;
  /** Whose conversations the key may not read: they are in no list, and their messages answer `missingRight`. */
  readonly unreadable = new Set<Creator>();
  /** Whose conversations the key may not delete: a DELETE answers `missingRight`. */
  readonly undeletable = new Set<Creator>();
  missingRight: 403 | 404 = 403;
  /** Session ids that do not match are refused with 400, whatever else may be said of them. */
  idShape: RegExp | undefined = undefined;
  /** Query credits are spent: posting a message answers 429, and waiting does not help. */
  creditsSpent = false;

  /** From the sandbox's seed, in [0, 1). */
  readonly fraction: () => number;
  #active: ActiveRule[] = [];
  readonly #now: () => number;

  constructor(seed: number, now: () => number) {
    this.#now = now;
    this.fraction = randomSequence(seed);
  }

  get rules(): readonly FaultRule[] {
    return this.#active.map((active) => active.rule);
  }

  /** The returned function takes the rule away again. */
  add(rule: FaultRule): () => void {
    this.#active.push(new ActiveRule(rule, this.#now()));
    return () => {
      this.remove(rule);
    };
  }

  remove(rule: FaultRule): void {
    this.#active = this.#active.filter((active) => active.rule !== rule);
  }

  /** Takes all rules away. The values above stay as they are. */
  clearRules(): void {
    this.#active = [];
  }

  /** What the rules have in store for a request. Asking counts as the request's arrival. */
  effectFor(subject: FaultSubject): FaultEffect {
    if (this.#active.length === 0) return NO_EFFECT;
    const nowMs = this.#now();
    let effect = NO_EFFECT;
    for (const active of this.#active) {
      if (active.strikes(subject, nowMs, this.fraction)) effect = { ...active.rule.then, ...effect };
    }
    return effect;
  }

  latencyMs(effect: FaultEffect): number {
    const { latencyMs = 0 } = effect;
    if (typeof latencyMs === 'number') return latencyMs;
    const [low, high] = latencyMs;
    return low + this.fraction() * (high - low);
  }
}
