/** Timers wake late by a few milliseconds; intervals this short would lose a good part of their rate to that. */
const SHORT_INTERVAL_MS = 50;
const CATCH_UP_MS = 50;

/** When the next request may start. Instants are the clock's monotonic milliseconds. */
export interface Pace {
  /** Zero when a request may start now. */
  waitMs(now: number): number;
  /** A request starts now. */
  start(now: number): void;
  /** The one that started last goes out only now. */
  postpone(now: number): void;
  readonly isUnlimited: boolean;
}

/** Even spacing without bursts: N requests a minute start at least 60000/N ms apart. */
export function createPace(requestsPerMinute: number | 'unlimited'): Pace {
  const intervalMs = requestsPerMinute === 'unlimited' ? 0 : 60_000 / requestsPerMinute;
  if (!Number.isFinite(intervalMs) || intervalMs < 0) {
    throw new RangeError('requestsPerMinute must be a number above zero, or unlimited');
  }
  const catchUpMs = intervalMs < SHORT_INTERVAL_MS ? CATCH_UP_MS : 0;
  let nextAt = -Infinity;
  return {
    waitMs: (now) => Math.max(0, nextAt - now),
    start(now) {
      nextAt = Math.max(nextAt, now - catchUpMs) + intervalMs;
    },
    postpone(now) {
      nextAt = Math.max(nextAt, now - catchUpMs + intervalMs);
    },
    isUnlimited: intervalMs === 0,
  };
}
