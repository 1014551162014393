import type { Outcome } from '../../core/outcome.ts';
import type { Log } from '../../core/ports/surroundings.ts';

/** After so many deletions in a row that failed or stayed unverified, others are tried from elsewhere, one at a time … */
const IN_A_ROW_TO_DOUBT = 3;
/** … and after so many the deleting of a run ends. */
const IN_A_ROW_TO_STOP = 6;
/** So many whose DELETE got no clear answer may be open at once before others wait for what becomes of them … */
const MOST_UNCLEAR = 3;
/** … and so many that were accepted and still answer. A server that is merely slow shows it by its first late 404. */
const MOST_SLOW = 25;

/** Why a conversation is still being watched: its DELETE was accepted, or its answer said nothing. */
export type Doubt = 'slow' | 'unclear';

interface Settled {
  readonly outcome: Outcome;
  /** It failed or stayed unverified in an earlier run, too: that is no news. */
  readonly hasFailedBefore: boolean;
  /** Epoch ms: nobody could tell what became of its DELETE. */
  readonly unanswered?: { readonly requestedAt: number; readonly settledAt: number } | undefined;
}

/**
 * Stops the deletions of a run when something is wrong with all of them. What is wrong with some conversations, or one
 * project, is recorded there: three in a row may just lie beside each other, so some from elsewhere are tried before the
 * run is given up.
 */
export class Brake {
  static readonly reason = `stopped after ${IN_A_ROW_TO_STOP} deletions in a row that failed or could not be verified, the last ones taken from elsewhere in the plan`;
  readonly #log: Log;
  readonly #stop: AbortSignal;
  readonly #open: Record<Doubt, number> = { slow: 0, unclear: 0 };
  #mostSlow = MOST_SLOW;
  #inARow = 0;
  #hasCountedOld = false;
  /** When the last DELETE that counted was given up without an answer. */
  #unansweredAt = -Infinity;
  #waiting: (() => void)[] = [];

  constructor(parts: { readonly log: Log; readonly stop: AbortSignal }) {
    this.#log = parts.log;
    this.#stop = parts.stop;
    parts.stop.addEventListener(
      'abort',
      () => {
        this.#wake();
      },
      { once: true },
    );
  }

  /** No further DELETE in this run. */
  get isPulled(): boolean {
    return this.#inARow >= IN_A_ROW_TO_STOP;
  }

  /** One deletion at a time, and not the next in line: whether it is the conversations or the API is what they tell. */
  get isDoubting(): boolean {
    return this.#inARow >= IN_A_ROW_TO_DOUBT && !this.isPulled;
  }

  /** False while enough others are in doubt: what becomes of them comes first. */
  get isClear(): boolean {
    if (this.isPulled || this.#stop.aborted) return true;
    return this.#open.unclear < MOST_UNCLEAR && this.#open.slow < this.#mostSlow;
  }

  /** Resolves when {@link isClear} may be true again. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** To be called once a conversation still answers after its DELETE; the returned function when that is over. */
  doubt(doubt: Doubt): (isGone: boolean) => void {
    this.#open[doubt] += 1;
    return (isGone) => {
      this.#open[doubt] -= 1;
      if (doubt === 'slow' && isGone) this.#mostSlow *= 2;
      this.#wake();
    };
  }

  /** To be called for each absence that is found, before any listing has borne it out: the API deletes what it is told to. */
  absent(): void {
    if (this.isPulled) return;
    this.#inARow = 0;
    this.#wake();
  }

  /**
   * To be told each outcome as it is recorded, but those of a project that is out of reach as a whole and those that the key's
   * rights explain. Those that were on their way in one and the same outage count as one.
   */
  settled({ outcome, hasFailedBefore, unanswered }: Settled): void {
    if (this.isPulled || outcome === 'skipped') return;
    if (unanswered !== undefined) {
      if (unanswered.requestedAt <= this.#unansweredAt) return;
      this.#unansweredAt = unanswered.settledAt;
    }
    if (outcome === 'verified' || outcome === 'already_gone') return;
    if (hasFailedBefore && this.#hasCountedOld) return;
    this.#hasCountedOld ||= hasFailedBefore;
    this.#inARow += 1;
    this.#mostSlow = MOST_SLOW;
    if (this.#inARow >= IN_A_ROW_TO_STOP) this.#log.error({ in_a_row: this.#inARow }, Brake.reason);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
