import { setMaxListeners } from 'node:events';
import { RetentionError } from '../core/errors.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import type { StopSignals } from '../run/stop-signals.ts';

/** Supervisors kill after ten seconds; what is left of them is for closing the store. */
const GRACE_MS = 8000;

export interface StopControl {
  readonly signals: StopSignals;
  /** Ends all work in order; asked a second time, at once. `reason` in words: `stopped by SIGTERM`. */
  readonly stop: (reason: string) => void;
  /** All work has ended: nothing is left to abandon, and no timer keeps the process alive. */
  readonly settle: () => void;
}

/** `stop` aborts immediately, `abandon` when those who were told to stop have had `graceMs`. */
export function createStopSignals(clock: Pick<Clock, 'sleep'>, graceMs: number = GRACE_MS): StopControl {
  const stop = new AbortController();
  const abandon = new AbortController();
  const settled = new AbortController();
  // Every request under way listens, and there is no bound on those that is worth a warning.
  setMaxListeners(0, stop.signal, abandon.signal);

  async function abandonLater(reason: RetentionError): Promise<void> {
    await clock.sleep(graceMs, settled.signal).catch(() => undefined);
    if (!settled.signal.aborted) abandon.abort(reason);
  }

  return {
    signals: { stop: stop.signal, abandon: abandon.signal },
    stop(reason) {
      // Whoever is woken by the signal rejects with its reason: it has to be a fault that ends a run in order.
      const fault = new RetentionError('interrupted', reason);
      if (stop.signal.aborted) {
        settled.abort();
        abandon.abort(fault);
        return;
      }
      stop.abort(fault);
      void abandonLater(fault);
    },
    settle() {
      settled.abort();
    },
  };
}
