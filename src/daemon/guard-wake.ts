import type { Clock } from '../core/ports/surroundings.ts';
import { MINUTE_MS } from '../core/instant.ts';
import type { Wake } from './wake.ts';

/**
 * Wakes at every full minute, whatever the schedule: slots are on full minutes, so none can be overslept, neither in a
 * DST gap, nor after the machine was suspended, nor because the wall clock was set. Never sleeps longer than a minute,
 * so no timer comes near the 24.8 days at which they overflow.
 */
export function createGuardWake(clock: Pick<Clock, 'now' | 'sleep'>): Wake {
  return (_schedule, onWake) => {
    const stopped = new AbortController();
    void wakeEveryMinute(clock, onWake, stopped.signal);
    return {
      stop() {
        stopped.abort();
      },
    };
  };
}

async function wakeEveryMinute(
  clock: Pick<Clock, 'now' | 'sleep'>,
  onWake: () => void,
  stopped: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(MINUTE_MS - (clock.now() % MINUTE_MS), stopped);
    } catch {
      // Only the signal makes a sleep reject.
      return;
    }
    onWake();
  }
}
