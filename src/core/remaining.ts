/** How far back the speed is measured: long enough for a pause of the pool, short enough to follow a new pace. */
const WINDOW_MS = 120_000;
const KEPT_EACH_MS = 1_000;
/** Outcomes come in groups, so that the first few say little. */
const FEW = 5;
/** Requests that a deletion takes on a large project: DELETE, follow-up GET, and its part of the listings. */
const REQUESTS_PER_DELETION = 2.25;

interface Sample {
  readonly atMs: number;
  readonly count: number;
}

/**
 * How much longer a number of deletions will take. Until enough of them have ended, the pace says it, which is known from
 * the start; then the speed of the last two minutes, and never less than the pace allows. Times are of one monotonic clock.
 */
export class RemainingTime {
  readonly #total: number;
  readonly #startMs: number;
  /** By the pace; undefined where it is unlimited. */
  readonly #leastMsEach: number | undefined;
  #last: Sample;
  #keptMs: number;
  #samples: readonly Sample[];

  constructor(parts: {
    readonly total: number;
    readonly startMs: number;
    readonly requestsPerMinute: number | 'unlimited';
  }) {
    const { total, startMs, requestsPerMinute } = parts;
    this.#total = total;
    this.#startMs = startMs;
    this.#leastMsEach =
      requestsPerMinute === 'unlimited' ? undefined : (60_000 / requestsPerMinute) * REQUESTS_PER_DELETION;
    this.#last = { atMs: startMs, count: 0 };
    this.#samples = [this.#last];
    this.#keptMs = startMs;
  }

  /** So many had ended at that time. */
  note(count: number, atMs: number): void {
    this.#last = { atMs, count };
    // At a fast pace thousands would be kept for two minutes.
    if (atMs - this.#keptMs < KEPT_EACH_MS) return;
    this.#keptMs = atMs;
    this.#samples = [...this.#samples, this.#last];
    // The last one before the window begins stays: from there the speed is measured.
    const first = this.#samples.findLastIndex((sample) => sample.atMs <= atMs - WINDOW_MS);
    if (first > 0) this.#samples = this.#samples.slice(first);
  }

  /** Milliseconds; undefined while nothing can be said. */
  leftMs(atMs: number): number | undefined {
    const done = this.#last.count;
    const left = Math.max(0, this.#total - done);
    const observed = this.#msEach(done, atMs);
    if (observed !== undefined) return left * Math.max(observed, this.#leastMsEach ?? 0);
    if (this.#leastMsEach === undefined) return undefined;
    // What has been waited already is a part of it, as long as the pace is kept at all.
    const byPace = this.#total * this.#leastMsEach - (atMs - this.#startMs);
    return byPace > 0 ? Math.max(byPace, (left * this.#leastMsEach) / 2) : undefined;
  }

  #msEach(done: number, atMs: number): number | undefined {
    const overall = (atMs - this.#startMs) / done;
    if (done < FEW) return undefined;
    const first = this.#samples.find((sample) => sample.atMs > atMs - WINDOW_MS - 1) ?? this.#last;
    const since = done - first.count;
    return since < FEW ? overall : (atMs - first.atMs) / since;
  }
}
