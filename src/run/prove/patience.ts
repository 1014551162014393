import type { Clock } from '../../core/ports/surroundings.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';

/** A standstill that lasts longer is an outage: the client itself gives up by then. */
const LONGEST_STANDSTILL_MS = 15 * 60_000;

/** A time-out that stands still while nothing can be asked, because the API is away or told everybody to wait. */
export interface Patience {
  /** Milliseconds that counted so far. */
  waitedMs(): number;
  isUp(): boolean;
}

/** Counts from now on, as if `spentMs` were over already. */
export function startPatience(
  {
    clock,
    reader,
  }: { readonly clock: Pick<Clock, 'monotonic'>; readonly reader: Pick<CustomGptReader, 'pausedMs'> },
  timeoutMs: number,
  spentMs = 0,
): Patience {
  const startedAt = clock.monotonic() - spentMs;
  const pausedBefore = reader.pausedMs();
  const elapsedMs = (): number => clock.monotonic() - startedAt;
  const waitedMs = (): number => {
    const standstillMs = Math.min(reader.pausedMs() - pausedBefore, LONGEST_STANDSTILL_MS);
    return elapsedMs() - standstillMs;
  };
  return { waitedMs, isUp: () => waitedMs() >= timeoutMs };
}
