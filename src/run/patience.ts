import type { Clock, CustomGptReader } from '../core/ports.ts';

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
  const waitedMs = (): number => clock.monotonic() - startedAt - (reader.pausedMs() - pausedBefore);
  return { waitedMs, isUp: () => waitedMs() >= timeoutMs };
}
