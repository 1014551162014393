import { fingerprintOf, IdMap } from '../../core/id-map.ts';
import type { ConversationPage, ListOrder } from '../../core/ports/vendor.ts';

export type ListedRow = ConversationPage['rows'][number];

/** The listing contradicts itself. */
export class InconsistentListing extends Error {
  /** True where the list was changed while it was read, so that a new start may fare better. */
  readonly mayPass: boolean;

  constructor(message: string, options: { readonly mayPass?: boolean } = {}) {
    super(message);
    this.name = 'InconsistentListing';
    this.mayPass = options.mayPass ?? false;
  }
}

/** Bits of a row's fingerprint that are kept beside its id; above them stands the reading that showed it last. */
const FINGERPRINT = 0xff_ffff;

/** Every row of all readings of one project, each once. In one map: there may be a million. */
export class SeenRows {
  readonly #rows = new IdMap();
  /** Rows without an id, which cannot be told from one another: only the first reading's. */
  #nameless = 0;

  get size(): number {
    return this.#rows.size + this.#nameless;
  }

  /**
   * `repeated`: in this very reading, counted from 1. Throws InconsistentListing where a row is not what it was when it was read
   * before; one change in 16 million goes unnoticed.
   */
  note(row: ListedRow, reading: number): 'new' | 'known' | 'repeated' {
    if (row.sessionId === undefined) {
      if (reading > 1) return 'known';
      this.#nameless += 1;
      return 'new';
    }
    const fingerprint = fingerprintOf(snapshotOf(row)) & FINGERPRINT;
    const before = this.#rows.set(keyOf(row), reading * (FINGERPRINT + 1) + fingerprint);
    if (before === 0) return 'new';
    // Which of the two holds nobody can tell, and what was decided by the first may not be right by the second.
    if ((before & FINGERPRINT) !== fingerprint)
      throw new InconsistentListing('a conversation changed while the project was listed', { mayPass: true });
    return Math.floor(before / (FINGERPRINT + 1)) === reading ? 'repeated' : 'known';
  }
}

/** A row that cannot be used may name the id of one that can. */
function keyOf({ kind, sessionId }: ListedRow): string {
  return `${kind} ${sessionId ?? ''}`;
}

function snapshotOf(row: ListedRow): string {
  if (row.kind === 'unusable') return JSON.stringify([row.sessionId, row.problem]);
  const { sessionId, name, createdAt, updatedAt, createdBy, deletedAt } = row;
  return JSON.stringify([sessionId, name, createdAt, updatedAt, createdBy, deletedAt]);
}

/** So many pages in a row with rows that all came before: there is no end to come to. */
const MOST_BARREN = 3;
/** Pages beyond twice what the paginator's count takes, for those who arrive meanwhile. */
const PAGES_TO_SPARE = 100;
/** Where the paginator does not count. */
const MOST_UNCOUNTED_PAGES = 100_000;

/** Pages that a list can have, by the first one's count: one that grows with each page is no end either. */
export function mostPages(firstTotal: number | undefined, firstSize: number | undefined): number {
  if (firstTotal === undefined) return MOST_UNCOUNTED_PAGES;
  return 2 * Math.ceil(firstTotal / Math.max(1, firstSize ?? 1)) + PAGES_TO_SPARE;
}

/** One reading of a project's list from its start, and what it contradicts. */
export class Reading {
  readonly order: ListOrder;
  readonly #seen: SeenRows;
  /** Counted from 1. */
  readonly #number: number;
  /** Distinct ids. */
  #ids = 0;
  #nameless = 0;
  #repeats = 0;
  #barren = 0;
  #pages = 0;
  #firstSize: number | undefined;
  #firstTotal: number | undefined;
  #total: number | undefined;
  /** The page that was short or empty, until one with rows behind it makes it a contradiction. */
  #doubtful: string | undefined;
  #endsEmpty = false;
  /** What does not fit together, in words. */
  problem: string | undefined;
  /** The page that the API refuses to show. */
  refusal: { readonly page: number; readonly status: number | undefined } | undefined;

  constructor(order: ListOrder, seen: SeenRows, number: number) {
    this.order = order;
    this.#seen = seen;
    this.#number = number;
  }

  /**
   * Gives back the rows that no reading showed before. Throws InconsistentListing when the project shrank, since rows that
   * moved to an earlier page are missed without a sign, and when a row has changed.
   */
  take(page: ConversationPage): readonly ListedRow[] {
    const { rows, total } = page;
    if (this.#total !== undefined && (total === undefined || total < this.#total)) throw shrank();
    this.#firstTotal ??= total;
    this.#total = total;
    this.#watchSize(page);
    const sizeBefore = this.size;
    const fresh = rows.filter((row) => {
      const seen = this.#seen.note(row, this.#number);
      if (row.sessionId === undefined) this.#nameless += 1;
      else if (seen === 'repeated') this.#repeats += 1;
      else this.#ids += 1;
      return seen === 'new';
    });
    if (this.#repeats > this.#arrived) this.problem ??= `page ${page.page} of ${page.lastPage} repeats rows`;
    this.#pages += 1;
    this.#barren = rows.length > 0 && this.size === sizeBefore ? this.#barren + 1 : 0;
    if (this.isEndless) this.problem ??= `it goes on behind page ${page.page}, where it should have ended`;
    return fresh;
  }

  /** It brings the same again and again, or many more pages than it can have. */
  get isEndless(): boolean {
    return this.#barren >= MOST_BARREN || this.#pages > mostPages(this.#firstTotal, this.#firstSize);
  }

  /** Only the last page may have fewer rows than the first, and none only what is behind it. */
  #watchSize({ page, lastPage, rows }: ConversationPage): void {
    const firstSize = (this.#firstSize ??= rows.length);
    this.#endsEmpty = rows.length === 0;
    if (!this.#endsEmpty) this.problem ??= this.#doubtful;
    if (rows.length >= firstSize && !this.#endsEmpty) return;
    const what = this.#endsEmpty ? 'empty' : `short: ${rows.length} rows where ${firstSize} were`;
    this.#doubtful ??= `page ${page} of ${lastPage} is ${what}`;
  }

  /** Conversations in the project by the paginator's latest word. */
  get total(): number | undefined {
    return this.#total;
  }

  /** Distinct rows. */
  get size(): number {
    return this.#ids + this.#nameless;
  }

  /** A row came twice. Where as many places were read as before, another one was missed. */
  get hasRepeats(): boolean {
    return this.#repeats > 0;
  }

  /** Newcomers that push rows to later pages show old rows again: as many as arrived, not more. */
  get #arrived(): number {
    return (this.#total ?? 0) - (this.#firstTotal ?? 0);
  }

  /** Whether this many rows are all there are, by the paginator's own count. What arrived meanwhile may be missing. */
  isAll(size: number): boolean {
    if (this.#total === undefined) return false;
    if (this.problem !== undefined || this.refusal !== undefined) return size === this.#total;
    return size <= this.#total && size >= (this.#firstTotal ?? this.#total);
  }

  /** Whether it came to its end by itself, and nothing in it contradicts anything but the paginator's count. */
  get isWhole(): boolean {
    return this.problem === undefined && this.refusal === undefined && this.#endsEmpty;
  }

  /** Throws InconsistentListing when there were more in the reading before. */
  follow(before: Reading): void {
    const most = before.total;
    if (most !== undefined && this.#firstTotal !== undefined && this.#firstTotal < most) throw shrank();
  }
}

function shrank(): InconsistentListing {
  return new InconsistentListing('the project shrank while it was listed', { mayPass: true });
}
