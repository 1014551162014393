import { ApiError } from '../core/errors.ts';
import type { Clock, CustomGptReader, Log } from '../core/ports.ts';

/** The request that proved, after a 404 had arrived, that the project still answers. */
export type Control =
  | { readonly proven: true; readonly request: string; readonly status: number; readonly at: number }
  | {
      readonly proven: false;
      readonly problem: string;
      /** True when the project itself is missing or forbidden, so that its 404s say nothing. */
      readonly projectLost: boolean;
      /** The error that must end the run: the key is refused. */
      readonly refusal: ApiError | undefined;
    };

/** One control serves this many conversations at most … */
const BATCH = 25;
/** … and none waits longer than this for the others. */
const MAX_WAIT_MS = 30_000;

/** Made once: an abort without a reason makes a new error with a stack trace each time. */
const NOBODY_WAITS = new Error('nobody waits for a control');

interface Counter {
  waiting: ((control: Control) => void)[];
  /** Deletions begun and not yet settled; those that wait here are among them. */
  open: number;
  /** No further deletion of this project will begin. */
  ended: boolean;
  asking: boolean;
  /** By the monotonic clock: since when the first of those who wait does. */
  waitingSince: number;
  /** Ends the one timer, which looks again at who waits whenever it wakes. */
  timer: AbortController | undefined;
}

/**
 * Collects 404s project by project and answers them together with one control request sent after the last of them.
 * A request each would cost half as much again as the deletion and its follow-up.
 */
export class ControlDesk {
  readonly #reader: CustomGptReader;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #counters = new Map<number, Counter>();
  #isHurried = false;

  constructor(parts: { reader: CustomGptReader; clock: Clock; log: Log; signal: AbortSignal }) {
    this.#reader = parts.reader;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#signal = parts.signal;
  }

  begun(projectId: number): void {
    this.#counter(projectId).open += 1;
  }

  settled(projectId: number): void {
    const counter = this.#counter(projectId);
    counter.open -= 1;
    this.#askIfDue(projectId);
    if (counter.open > 0) return;
    // A forgotten timer would hold the process for its whole length after the work is done.
    counter.timer?.abort(NOBODY_WAITS);
    counter.timer = undefined;
  }

  /** No further deletion of this project will begin: whoever waits need not wait for others. */
  ended(projectId: number): void {
    this.#counter(projectId).ended = true;
    this.#askIfDue(projectId);
  }

  /** Call when a 404 has arrived. Resolves with a control that was sent after this call; never rejects. */
  prove(projectId: number): Promise<Control> {
    const counter = this.#counter(projectId);
    return new Promise((resolve) => {
      counter.waiting.push(resolve);
      if (counter.waiting.length === 1) this.#haveWaited(projectId, counter);
      this.#askIfDue(projectId);
    });
  }

  /** Nothing new will begin: the last of each project need not wait for others. */
  endAll(): void {
    for (const projectId of this.#counters.keys()) this.ended(projectId);
  }

  /** On a stop nobody waits for company, neither those who wait nor those who come. */
  hurry(): void {
    this.#isHurried = true;
    for (const projectId of this.#counters.keys()) this.#askIfDue(projectId);
  }

  #counter(projectId: number): Counter {
    const known = this.#counters.get(projectId);
    if (known !== undefined) return known;
    const fresh: Counter = {
      ...{ waiting: [], open: 0, ended: false, asking: false },
      ...{ waitingSince: 0, timer: undefined },
    };
    this.#counters.set(projectId, fresh);
    return fresh;
  }

  #haveWaited(projectId: number, counter: Counter): void {
    counter.waitingSince = this.#clock.monotonic();
    if (counter.timer === undefined) void this.#keepTime(projectId, counter);
  }

  /** One timer for many batches: at full speed, setting and ending one for each took a fiftieth of the time. */
  async #keepTime(projectId: number, counter: Counter): Promise<void> {
    const timer = new AbortController();
    counter.timer = timer;
    try {
      // Whoever comes while a control is on its way waits from its answer on.
      while (counter.waiting.length > 0 && !counter.asking) {
        const waitMs = counter.waitingSince + MAX_WAIT_MS - this.#clock.monotonic();
        if (waitMs <= 0) void this.#ask(projectId, counter);
        else await this.#clock.sleep(waitMs, timer.signal);
      }
    } catch {
      // Cut short: there is nobody left to wait for.
      return;
    }
    counter.timer = undefined;
  }

  #askIfDue(projectId: number): void {
    const counter = this.#counter(projectId);
    const count = counter.waiting.length;
    const isEnough = count >= BATCH || this.#isHurried || (counter.ended && count >= counter.open);
    if (count > 0 && isEnough) void this.#ask(projectId, counter);
  }

  async #ask(projectId: number, counter: Counter): Promise<void> {
    if (counter.asking || counter.waiting.length === 0) return;
    counter.asking = true;
    const served = counter.waiting.splice(0);
    const control = await this.#request(projectId);
    counter.asking = false;
    for (const resolve of served) resolve(control);
    if (counter.waiting.length > 0) {
      this.#haveWaited(projectId, counter);
      this.#askIfDue(projectId);
    }
  }

  async #request(projectId: number): Promise<Control> {
    try {
      const { request, status, receivedAt } = await this.#reader.control(projectId, this.#signal);
      return { proven: true, request, status, at: receivedAt };
    } catch (error) {
      const failure = error instanceof ApiError ? error.failure : 'unexpected';
      this.#log.warn({ project_id: projectId, failure }, 'control request failed');
      const projectLost = failure === 'not_found' || failure === 'forbidden';
      const refusal = error instanceof ApiError && failure === 'unauthorized' ? error : undefined;
      return { proven: false, problem: `the control request failed: ${failure}`, projectLost, refusal };
    }
  }
}
