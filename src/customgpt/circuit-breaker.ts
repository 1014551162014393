import type { ApiFailure } from '../core/errors.ts';
import type { Chance, Clock, Log } from '../core/ports/surroundings.ts';

const FIRST_PAUSE_MS = 1000;
const LONGEST_BACK_OFF_MS = 60_000;
const LONGEST_TOLD_MS = 15 * 60_000;
/** So many failures in a row, over so many places, are the service's trouble and not one conversation's. */
const FAILURES_IN_A_ROW = 4;
const FAILING_PLACES = 2;
/** A pause that nobody has probed for so long belongs to an outage of the past. */
const FORGOTTEN_AFTER_MS = 60_000;

export interface Patience {
  /** Longest time a call goes on while the server, or the way to it, is in trouble. */
  readonly troubleMs: number;
  /** Longest time a call goes on while it is told to wait. */
  readonly throttledMs: number;
}

/** What one request taught about the service as a whole. */
export type Lesson =
  | { readonly kind: 'answered' }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | undefined; readonly status: number }
  | {
      readonly kind: 'trouble';
      readonly failure: ApiFailure;
      readonly status: number | undefined;
      readonly retryAfterMs?: number | undefined;
      readonly place: string;
    }
  /** It was aborted, or does not count. */
  | { readonly kind: 'nothing' };

/** Given to each request that may go; handed back with its lesson. */
export interface Ticket {
  readonly isProbe: boolean;
}

export interface LastFailure {
  readonly failure: ApiFailure;
  readonly status: number | undefined;
}

/** Half of the time up to all of it, so that many clients do not come back in step. */
export function jittered(ms: number, chance: Chance): number {
  return ms * (0.5 + chance.fraction() / 2);
}

/**
 * The one pause that all calls of a client share. While it lasts, nobody gets through, and then one request alone, as a probe:
 * only once that is answered do all go on. So an outage of an hour costs a request a minute.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #log: Log;
  readonly #patience: Patience;
  #paused = false;
  #pausedUntil = 0;
  #probing = false;
  #episodeStartedAt = 0;
  #level = 0;
  #lastPauseMs = 0;
  /** Of pauses that are over. */
  #pausedMs = 0;
  #resumedAt = -Infinity;
  #last: LastFailure = { failure: 'server_error', status: undefined };
  #failuresInARow = 0;
  readonly #failingPlaces = new Set<string>();

  constructor(options: { clock: Clock; chance: Chance; log: Log; patience: Patience }) {
    this.#clock = options.clock;
    this.#chance = options.chance;
    this.#log = options.log;
    this.#patience = options.patience;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** How long nothing but probes could be sent, all pauses together. */
  pausedMs(now: number): number {
    return this.#pausedMs + (this.#paused ? now - this.#episodeStartedAt : 0);
  }

  /** Zero when a request may go now; Infinity while a probe is on its way and its report will decide. */
  waitMs(now: number): number {
    if (!this.#paused) return 0;
    return this.#probing ? Infinity : Math.max(0, this.#pausedUntil - now);
  }

  /** Whether what was admitted may still go: somebody may have been told to wait since. */
  admits(ticket: Ticket, now: number): boolean {
    return !this.#paused || (ticket.isProbe && now >= this.#pausedUntil);
  }

  /** To be called only when {@link waitMs} is zero. */
  admit(now: number): Ticket {
    if (!this.#paused) return { isProbe: false };
    if (now - this.#pausedUntil > FORGOTTEN_AFTER_MS) {
      this.#pausedMs += now - this.#episodeStartedAt;
      this.#episodeStartedAt = now;
      this.#level = 0;
    }
    this.#probing = true;
    return { isProbe: true };
  }

  /** The failure that calls may end with, once this pause has outlasted their patience. */
  exhausted(now: number): LastFailure | undefined {
    if (!this.#paused) return undefined;
    const { throttledMs, troubleMs } = this.#patience;
    const patienceMs = this.#last.failure === 'throttled' ? throttledMs : troubleMs;
    return now - this.#episodeStartedAt >= patienceMs ? this.#last : undefined;
  }

  report(ticket: Ticket, lesson: Lesson): void {
    if (ticket.isProbe) this.#probing = false;
    switch (lesson.kind) {
      case 'nothing':
        return;
      case 'answered':
        this.#answered(ticket);
        return;
      case 'throttled':
        this.#pause(ticket, { failure: 'throttled', status: lesson.status }, lesson.retryAfterMs);
        return;
      case 'trouble':
        this.#trouble(ticket, lesson);
    }
  }

  #answered(ticket: Ticket): void {
    // An answer to a request from before the pause says nothing about now.
    if (this.#paused && !ticket.isProbe) return;
    this.#failuresInARow = 0;
    this.#failingPlaces.clear();
    if (!this.#paused) return;
    // Told to wait by an answer to an older request, while the probe was on its way: where it says for how long, that holds.
    if (this.#clock.monotonic() < this.#pausedUntil) return;
    this.#paused = false;
    this.#resumedAt = this.#clock.monotonic();
    this.#pausedMs += this.#resumedAt - this.#episodeStartedAt;
    this.#log.info({ pausedMs: Math.round(this.#resumedAt - this.#episodeStartedAt) }, 'requests resumed');
  }

  #trouble(ticket: Ticket, lesson: Extract<Lesson, { kind: 'trouble' }>): void {
    const last = { failure: lesson.failure, status: lesson.status };
    if (this.#paused) {
      if (ticket.isProbe) this.#pause(ticket, last, lesson.retryAfterMs);
      return;
    }
    this.#failuresInARow += 1;
    this.#failingPlaces.add(lesson.place);
    if (this.#failuresInARow < FAILURES_IN_A_ROW || this.#failingPlaces.size < FAILING_PLACES) return;
    this.#pause(ticket, last, lesson.retryAfterMs);
  }

  #pause(ticket: Ticket, last: LastFailure, toldMs: number | undefined): void {
    const now = this.#clock.monotonic();
    this.#last = last;
    if (this.#paused && !ticket.isProbe) {
      // One of those that were under way when the pause began: no reason to back off further, unless it says for how long.
      if (toldMs !== undefined) this.#pauseUntil(now + Math.min(toldMs, LONGEST_TOLD_MS));
      return;
    }
    if (this.#paused) {
      this.#level += 1;
    } else {
      // Opening and being turned away at once is the same congestion, not a new one.
      this.#level = now - this.#resumedAt < this.#lastPauseMs ? this.#level + 1 : 0;
      this.#paused = true;
      this.#episodeStartedAt = now;
    }
    const backOffMs = Math.min(FIRST_PAUSE_MS * 2 ** this.#level, LONGEST_BACK_OFF_MS);
    this.#lastPauseMs =
      toldMs === undefined ? jittered(backOffMs, this.#chance) : Math.min(toldMs, LONGEST_TOLD_MS);
    this.#pauseUntil(now + this.#lastPauseMs);
    this.#say(toldMs);
  }

  #pauseUntil(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  #say(toldMs: number | undefined): void {
    const facts = { ...this.#last, pauseMs: Math.round(this.#lastPauseMs) };
    this.#log.warn(facts, 'all requests pause');
    if (toldMs !== undefined && toldMs > LONGEST_TOLD_MS) {
      this.#log.warn({ toldMs, cappedToMs: LONGEST_TOLD_MS }, 'told to wait absurdly long');
    }
  }
}
