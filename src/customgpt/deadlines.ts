interface Bucket {
  readonly expiry: AbortSignal;
  readonly closing: AbortSignal;
  readonly callbacks: Set<() => void>;
}

/** Runs `onExpired` once `limitMs` have passed, unless the returned function was called before. */
export type StartDeadline = (limitMs: number, onExpired: () => void) => () => void;

/**
 * Deadlines of requests, in real time. Requests that start within a sixteenth of the limit share one timer: thousands
 * of requests a second then need a handful of timers, and a deadline comes at most a sixteenth late, never early.
 */
export function createDeadlines(): StartDeadline {
  const buckets = new Map<number, Bucket>();

  function bucketFor(limitMs: number): Bucket {
    const open = buckets.get(limitMs);
    if (open !== undefined && !open.closing.aborted) return open;
    const joiningMs = Math.ceil(limitMs / 16);
    const callbacks = new Set<() => void>();
    const expiry = AbortSignal.timeout(Math.ceil(limitMs) + joiningMs);
    const expire = () => {
      for (const callback of callbacks) callback();
      callbacks.clear();
    };
    expiry.addEventListener('abort', expire, { once: true });
    const bucket = { expiry, closing: AbortSignal.timeout(joiningMs), callbacks };
    buckets.set(limitMs, bucket);
    return bucket;
  }

  return (limitMs, onExpired) => {
    const { callbacks } = bucketFor(limitMs);
    callbacks.add(onExpired);
    return () => {
      callbacks.delete(onExpired);
    };
  };
}
