import type { RouteName } from './routes.ts';

export interface JournalEntry {
  /** Arrival, epoch ms by the sandbox's clock. */
  readonly at: number;
  readonly method: string;
  /** As it came over the wire, with the query. */
  readonly path: string;
  readonly route: RouteName;
  readonly projectId: number | undefined;
  readonly sessionId: string | undefined;
  /** Absent until answered, and for good when the connection was cut. */
  readonly status?: number;
  readonly answeredAt?: number;
}

const FILTERS = ['route', 'method', 'status', 'projectId', 'sessionId'] as const;

export type JournalFilter = Partial<Pick<JournalEntry, (typeof FILTERS)[number]>>;

type OpenEntry = { -readonly [Key in keyof JournalEntry]: JournalEntry[Key] };

/** What has arrived and what it was answered. Bounded: beyond `limit` the oldest entries go and only counts stay. */
export class Journal {
  /** 0 keeps counts only. */
  limit = 200_000;
  #entries: OpenEntry[] = [];
  #droppedCount = 0;
  /** How many entries have the route, method and status of this one. */
  readonly #tallies = new Map<string, { readonly like: JournalEntry; count: number }>();
  /** Goes up with each `clear`: answers to what arrived before it count no more. */
  #generation = 0;
  #inFlight = 0;
  #peakInFlight = 0;

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** Requests that have arrived and are not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get peakInFlight(): number {
    return this.#peakInFlight;
  }

  /**
   * How many requests fit the filter. By `route`, `method` and `status` it always can say; a filter on ids throws
   * once entries were dropped, instead of answering too low.
   */
  count(filter: JournalFilter = {}): number {
    const { projectId, sessionId } = filter;
    if (projectId === undefined && sessionId === undefined) {
      const tallies = [...this.#tallies.values()].filter(({ like }) => fits(like, filter));
      return tallies.reduce((sum, { count }) => sum + count, 0);
    }
    if (this.#droppedCount > 0) {
      throw new Error(`The journal dropped ${this.#droppedCount} entries; ids can no longer be counted.`);
    }
    return this.#entries.filter((entry) => fits(entry, filter)).length;
  }

  clear(): void {
    this.#entries = [];
    this.#droppedCount = 0;
    this.#tallies.clear();
    this.#generation += 1;
    this.#peakInFlight = this.#inFlight;
  }

  /** Records an arrival; the returned function records the answer, or the lack of one. */
  arrived(entry: JournalEntry): (status: number | undefined, atMs: number) => void {
    const open: OpenEntry = entry;
    const generation = this.#generation;
    this.#tally(open, 1);
    this.#keep(open);
    this.#inFlight += 1;
    this.#peakInFlight = Math.max(this.#peakInFlight, this.#inFlight);
    return (status, atMs) => {
      this.#inFlight -= 1;
      open.answeredAt = atMs;
      if (status === undefined) return;
      const counts = generation === this.#generation;
      if (counts) this.#tally(open, -1);
      open.status = status;
      if (counts) this.#tally(open, 1);
    };
  }

  #keep(entry: OpenEntry): void {
    if (this.limit > 0) this.#entries.push(entry);
    else this.#droppedCount += 1;
    // Dropping in bulk keeps the cost of an arrival constant.
    if (this.#entries.length < this.limit * 1.25 + 1) return;
    const excess = this.#entries.length - this.limit;
    this.#entries = this.#entries.slice(excess);
    this.#droppedCount += excess;
  }

  #tally(entry: OpenEntry, change: number): void {
    const key = `${entry.route} ${entry.method} ${entry.status ?? '-'}`;
    const tally = this.#tallies.get(key) ?? { like: { ...entry }, count: 0 };
    tally.count += change;
    this.#tallies.set(key, tally);
  }
}

function fits(entry: JournalEntry, filter: JournalFilter): boolean {
  return FILTERS.every((name) => filter[name] === undefined || filter[name] === entry[name]);
}
