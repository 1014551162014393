import type { Clock } from '../core/ports/surroundings.ts';
import type { CircuitBreaker, LastFailure, Lesson, Ticket } from './circuit-breaker.ts';
import { onAbort } from './on-abort.ts';
import type { Pace } from './pace.ts';

export type Admission =
  | { readonly kind: 'admitted'; readonly ticket: Ticket }
  /** By the caller's signal, or because the client was closed. */
  | { readonly kind: 'aborted' }
  /** The pause has outlasted the patience while this call waited. */
  | ({ readonly kind: 'exhausted' } & LastFailure);

interface Waiter {
  readonly isRead: boolean;
  settle(admission: Admission): void;
}

const ABORTED: Admission = { kind: 'aborted' };

/** Where every request waits its turn: one queue for all calls, moved on by the pace and the breaker together. */
export class RequestQueue {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #breaker: CircuitBreaker;
  readonly #waiting = new Set<Waiter>();
  #wake: { readonly at: number; readonly alarm: AbortController } | undefined;
  #closed = false;
  /** Turns that were given and are not used yet. */
  #postponed = 0;

  constructor(parts: { clock: Clock; pace: Pace; breaker: CircuitBreaker }) {
    this.#clock = parts.clock;
    this.#pace = parts.pace;
    this.#breaker = parts.breaker;
  }

  enter(isRead: boolean, signal: AbortSignal | undefined): Promise<Admission> {
    if (this.#closed || signal?.aborted === true) return Promise.resolve(ABORTED);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        isRead,
        settle: (admission) => {
          this.#waiting.delete(waiter);
          takeBack();
          resolve(admission);
        },
      };
      const takeBack = onAbort(signal, () => {
        waiter.settle(ABORTED);
        this.#moveOn();
      });
      this.#waiting.add(waiter);
      this.#moveOn();
    });
  }

  /**
   * Whoever has had his turn and looks at something first keeps it until he calls what is returned: were others to start
   * meanwhile, all who looked at the same thing would go out at once.
   */
  postpone(): () => void {
    if (this.#pace.isUnlimited) return () => undefined;
    this.#postponed += 1;
    return () => {
      this.#postponed -= 1;
      this.#pace.postpone(this.#clock.monotonic());
      this.#moveOn();
    };
  }

  /** Every admitted request comes back here once, whatever became of it. */
  leave(ticket: Ticket, lesson: Lesson): void {
    this.#breaker.report(ticket, lesson);
    if (this.#waiting.size === 0) return;
    const last = this.#breaker.exhausted(this.#clock.monotonic());
    if (last !== undefined) {
      for (const waiter of [...this.#waiting]) waiter.settle({ kind: 'exhausted', ...last });
    }
    this.#moveOn();
  }

  close(): void {
    this.#closed = true;
    for (const waiter of [...this.#waiting]) waiter.settle(ABORTED);
    this.#moveOn();
  }

  #waitMs(now: number): number {
    if (this.#postponed > 0) return Infinity;
    return Math.max(this.#breaker.waitMs(now), this.#pace.waitMs(now));
  }

  /** A probe should rather be a GET: a DELETE that fails half-way leaves a question behind. */
  #next(): Waiter | undefined {
    const [first] = this.#waiting;
    if (!this.#breaker.isPaused) return first;
    for (const waiter of this.#waiting) if (waiter.isRead) return waiter;
    return first;
  }

  #moveOn(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const now = this.#clock.monotonic();
      const waitMs = this.#waitMs(now);
      if (waitMs > 0) {
        this.#wakeAfter(waitMs, now);
        return;
      }
      this.#pace.start(now);
      next.settle({ kind: 'admitted', ticket: this.#breaker.admit(now) });
    }
    this.#cancelWake();
  }

  #wakeAfter(waitMs: number, now: number): void {
    if (waitMs === Infinity) {
      this.#cancelWake();
      return;
    }
    // Whole milliseconds: a clock that moves in doubles would otherwise stop a hair before the instant, for ever.
    const ms = Math.ceil(waitMs);
    if (this.#wake !== undefined && this.#wake.at <= now + ms) return;
    this.#cancelWake();
    const wake = { at: now + ms, alarm: new AbortController() };
    this.#wake = wake;
    const rung = () => {
      if (this.#wake !== wake) return;
      this.#wake = undefined;
      this.#moveOn();
    };
    this.#clock.sleep(ms, wake.alarm.signal).then(rung, ignoreCancelled);
  }

  #cancelWake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.alarm.abort();
  }
}

function ignoreCancelled(): void {
  // The sleep was cut short by ourselves: nobody waits any more, or an earlier instant was set.
}
