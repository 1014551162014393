import { setImmediate as immediate } from 'node:timers/promises';
import type { Clock } from '../../src/core/ports/surroundings.ts';

export interface VirtualClock extends Clock {
  /** Calls of `sleep` that have not ended. */
  readonly sleeping: number;
  /**
   * Moves time on by hand, waking sleepers in order, each at its own instant; what they do next, including sleeping
   * again within the span, happens before time moves further. Works while the clock is held, too.
   */
  advance(ms: number): Promise<void>;
  /** Stops time from moving by itself until the returned function is called. Holds add up. */
  hold(): () => void;
  /** Sets the wall clock forward or back; sleepers and `monotonic` do not notice. */
  shiftWallClock(ms: number): void;
}

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/** Long enough for an answer over loopback to arrive, short enough that an hour costs nothing. */
const IDLE_MS = 2;
/** Rounds of the event loop that must pass without anybody looking at the clock. */
const IDLE_ROUNDS = 3;
/** So far apart that nobody can mistake one clock for the other. */
const MONOTONIC_START = 1000;

/** A sync can take longer than any stretch of idleness, and is no reason for hours to pass. */
function isWaitingForDisk(): boolean {
  return process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'));
}

/**
 * Time for tests with real sockets. Nobody waits for real: as soon as somebody sleeps and nothing has touched the clock
 * for {@link IDLE_MS}, time jumps to the next instant at which a sleeper wakes. `startAt` is in epoch milliseconds.
 */
export function createVirtualClock(
  startAt: number,
  options: { readonly manual?: boolean; readonly idleMs?: number } = {},
): VirtualClock {
  const idleMs = options.idleMs ?? IDLE_MS;
  const sleepers = new Set<Sleeper>();
  let elapsedMs = 0;
  let wallShiftMs = 0;
  let holds = options.manual === true ? 1 : 0;
  let touches = 0;
  let isWatching = false;

  function earliest(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) if (first === undefined || sleeper.at < first.at) first = sleeper;
    return first;
  }

  /** All who wake at that instant wake together, in the order in which they fell asleep. */
  function wakeAt(instant: number): void {
    elapsedMs = Math.max(elapsedMs, instant);
    for (const sleeper of [...sleepers]) if (sleeper.at <= elapsedMs) sleeper.wake();
  }

  /** True when a stretch of real time passed in which the event loop ran freely and nobody used the clock. */
  async function isIdle(): Promise<boolean> {
    const touchesBefore = touches;
    const startedAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    // A timer this late means that the process was busy, or was not given the processor.
    if (performance.now() - startedAt > idleMs * 2 + 3) return false;
    for (let round = 0; round < IDLE_ROUNDS; round += 1) await immediate();
    return touches === touchesBefore && holds === 0 && !isWaitingForDisk();
  }

  async function watch(): Promise<void> {
    if (isWatching) return;
    isWatching = true;
    while (sleepers.size > 0 && holds === 0) {
      if (!(await isIdle())) continue;
      const next = earliest();
      // Whoever sleeps for ever is woken by his signal only.
      if (next === undefined || next.at === Infinity) break;
      wakeAt(next.at);
    }
    isWatching = false;
  }

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    touches += 1;
    return new Promise((resolve, reject) => {
      const refuse = () => {
        sleepers.delete(sleeper);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the port promises the signal's own reason
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        at: elapsedMs + Math.max(0, ms),
        wake() {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', refuse);
          resolve();
        },
      };
      if (signal?.aborted === true) {
        refuse();
        return;
      }
      signal?.addEventListener('abort', refuse, { once: true });
      sleepers.add(sleeper);
      void watch();
    });
  }

  return {
    now() {
      touches += 1;
      // Whole milliseconds, like the clock it stands for; who sleeps with jitter leaves fractions.
      return Math.floor(startAt + wallShiftMs + elapsedMs);
    },
    monotonic() {
      touches += 1;
      return MONOTONIC_START + elapsedMs;
    },
    sleep,
    get sleeping() {
      return sleepers.size;
    },
    async advance(ms) {
      const until = elapsedMs + ms;
      for (let next = earliest(); next !== undefined && next.at <= until; next = earliest()) {
        wakeAt(next.at);
        for (let round = 0; round < IDLE_ROUNDS; round += 1) await immediate();
      }
      elapsedMs = Math.max(elapsedMs, until);
      touches += 1;
    },
    hold() {
      holds += 1;
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        holds -= 1;
        void watch();
      };
    },
    shiftWallClock(ms) {
      wallShiftMs += ms;
    },
  };
}
