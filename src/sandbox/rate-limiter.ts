import { disguised, type Answer } from './answers.ts';
import type { RateLimit } from './faults.ts';

const WINDOW_MS = 60_000;

/** A fixed window of a minute that starts with the first request in it, as the vendor's framework counts. */
export class RateLimiter {
  #windowEndsAt = Number.NEGATIVE_INFINITY;
  #usedCount = 0;

  /** The refusal, or the headers an admitted request's answer carries. */
  admit(limit: RateLimit, nowMs: number, url: string): { refusal?: Answer; headers: Record<string, string> } {
    if (nowMs >= this.#windowEndsAt) {
      this.#windowEndsAt = nowMs + WINDOW_MS;
      this.#usedCount = 0;
    }
    const told = limit.retryAfter !== 'none';
    if (this.#usedCount < limit.perMinute) {
      this.#usedCount += 1;
      return { headers: told ? this.#countHeaders(limit) : {} };
    }
    const plain = disguised(429, limit.body ?? 'foreign-json', url);
    const headers = told ? { ...this.#countHeaders(limit), ...this.#waitHeaders(limit, nowMs) } : {};
    return { refusal: { ...plain, headers: { ...plain.headers, ...headers } }, headers: {} };
  }

  #countHeaders(limit: RateLimit): Record<string, string> {
    return {
      'x-ratelimit-limit': String(limit.perMinute),
      'x-ratelimit-remaining': String(limit.perMinute - this.#usedCount),
    };
  }

  #waitHeaders(limit: RateLimit, nowMs: number): Record<string, string> {
    const seconds = Math.max(1, Math.ceil((this.#windowEndsAt - nowMs) / 1000));
    // Rounded up, or whoever comes back exactly when told would still be early.
    const endsAt = Math.ceil(this.#windowEndsAt / 1000) * 1000;
    return {
      'retry-after': limit.retryAfter === 'date' ? new Date(endsAt).toUTCString() : String(seconds),
      'x-ratelimit-reset': String(endsAt / 1000),
    };
  }
}
