import type { ProgressPhase } from './ports/surroundings.ts';
import { RemainingTime } from './remaining.ts';

/** How far something has come at some instant. */
export interface ProgressNow {
  readonly phase: ProgressPhase;
  readonly done: number;
  /** Undefined where nobody knows. */
  readonly total: number | undefined;
  readonly perSecond: number;
  /** Milliseconds; undefined while nothing can be said. */
  readonly leftMs: number | undefined;
}

/** Counts towards a total, and estimates the rest. Times are of one monotonic clock. */
export class ProgressCount {
  phase: ProgressPhase;
  readonly #total: number | undefined;
  readonly #startMs: number;
  readonly #remaining: RemainingTime | undefined;
  #done = 0;

  constructor(parts: {
    readonly phase: ProgressPhase;
    readonly total: number | undefined;
    readonly startMs: number;
    readonly requestsPerMinute: number | 'unlimited';
  }) {
    const { phase, total, startMs, requestsPerMinute } = parts;
    this.phase = phase;
    this.#total = total;
    this.#startMs = startMs;
    this.#remaining =
      total === undefined ? undefined : new RemainingTime({ total, startMs, requestsPerMinute });
  }

  advance(by: number, atMs: number): void {
    this.#done += by;
    this.#remaining?.note(this.#done, atMs);
  }

  at(atMs: number): ProgressNow {
    const seconds = Math.max(0.001, (atMs - this.#startMs) / 1000);
    return {
      phase: this.phase,
      done: this.#done,
      total: this.#total,
      perSecond: this.#done / seconds,
      leftMs: this.#remaining?.leftMs(atMs),
    };
  }
}
