import { parseRetryAfter } from '../core/http-date.ts';
import { MINUTE_MS } from '../core/instant.ts';
import type { Chance, Clock, Log } from '../core/ports/surroundings.ts';
import { sendOnce, type Answer } from './send-once.ts';
import type { Parcel } from './targets.ts';

const TIMEOUT_MS = 10_000;
/** Before the second attempt, the third, …: about two minutes together. */
const DELAYS_MS = [5_000, 15_000, 35_000, 60_000];
/** A receiver that asks for more is not waited for. */
const LONGEST_DELAY_MS = 5 * MINUTE_MS;
/** At the end of the program. */
const LAST_WAIT_MS = 5_000;
/** A receiver that is away for long must not fill the memory. */
const MOST_UNDER_WAY = 200;

export interface DeliveryParts {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Of one attempt, in real time, as the sockets are. */
  readonly timeoutMs?: number | undefined;
}

/** What became of one attempt. */
export type Attempt =
  | { readonly is: 'delivered'; readonly status: number }
  | { readonly is: 'refused'; readonly status: number }
  | {
      readonly is: 'missed';
      readonly status?: number;
      readonly code?: string;
      readonly retryAfterMs?: number | undefined;
    };

/** Carries parcels to their targets in the background. Nothing of it throws, and nobody waits for it but at the end. */
export class Deliveries {
  readonly #parts: DeliveryParts;
  readonly #stop = new AbortController();
  readonly #underWay = new Map<Parcel, Promise<void>>();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  start(parcel: Parcel): void {
    if (this.#stop.signal.aborted || this.#underWay.size >= MOST_UNDER_WAY) {
      this.#logMissed(parcel, { problem: 'too many others are under way' });
      return;
    }
    const delivery = this.#deliver(parcel)
      .catch((error: unknown) => {
        this.#logMissed(parcel, { problem: error instanceof Error ? error.name : 'unexpected' });
      })
      .finally(() => this.#underWay.delete(parcel));
    this.#underWay.set(parcel, delivery);
  }

  /** One attempt, for whoever waits for its result. */
  async try(parcel: Parcel): Promise<Attempt> {
    const { clock, timeoutMs = TIMEOUT_MS } = this.#parts;
    const patience = { timeoutMs, signal: this.#stop.signal };
    return attemptOf(await sendOnce(parcel.requestAt(clock.now()), patience), clock.now());
  }

  /** Waits a little for what is under way, then says what is given up. */
  async close(): Promise<void> {
    const { clock, log } = this.#parts;
    const arrived = new AbortController();
    const all = Promise.all(this.#underWay.values()).then(() => {
      arrived.abort();
    });
    if (this.#underWay.size > 0)
      await Promise.race([all, clock.sleep(LAST_WAIT_MS, arrived.signal).catch(() => undefined)]);
    const left = [...this.#underWay.keys()].map(({ target, host, about }) => ({
      target,
      host,
      notice: about,
    }));
    this.#stop.abort();
    if (left.length > 0) log.warn({ not_delivered: left }, 'notices were not delivered before the end');
    await all;
  }

  async #deliver(parcel: Parcel): Promise<void> {
    const { clock, chance, log } = this.#parts;
    const { signal } = this.#stop;
    const isStopped = (): boolean => signal.aborted;
    for (let attempts = 1; ; attempts += 1) {
      const attempt = await this.try(parcel);
      if (isStopped()) return;
      if (attempt.is === 'delivered') {
        log.debug({ ...factsOf(parcel), status: attempt.status, attempts }, 'notice delivered');
        return;
      }
      const waitMs = attempt.is === 'refused' ? undefined : nextWaitMs(attempt, attempts, chance);
      if (waitMs === undefined) {
        const code = 'code' in attempt ? { problem: attempt.code } : {};
        this.#logMissed(parcel, { status: attempt.status, ...code, attempts });
        return;
      }
      await clock.sleep(waitMs, signal).catch(() => undefined);
      if (isStopped()) return;
    }
  }

  #logMissed(parcel: Parcel, why: object): void {
    this.#parts.log.warn({ ...factsOf(parcel), ...why }, 'a notice was not delivered');
  }
}

function factsOf({ target, host, about }: Parcel): object {
  return { target, host, notice: about };
}

/** What may pass is worth another attempt: no answer, 429, and faults of the server. */
function attemptOf(answer: Answer, now: number): Attempt {
  if ('code' in answer) return { is: 'missed', code: answer.code };
  const { status, date } = answer;
  if (status >= 200 && status < 300) return { is: 'delivered', status };
  if (status !== 429 && status < 500) return { is: 'refused', status };
  return { is: 'missed', status, retryAfterMs: parseRetryAfter(answer.retryAfter, { date, now }) };
}

/** Undefined: it is given up. */
function nextWaitMs(
  { retryAfterMs = 0 }: Extract<Attempt, { is: 'missed' }>,
  attempts: number,
  chance: Chance,
): number | undefined {
  const delayMs = DELAYS_MS[attempts - 1];
  if (delayMs === undefined || retryAfterMs > LONGEST_DELAY_MS) return undefined;
  // Between three quarters and five quarters: who failed together need not come back together.
  return Math.max(retryAfterMs, delayMs * (0.75 + chance.fraction() / 2));
}
