import type { ConversationPage, CustomGptReader } from '../core/ports.ts';
import { IdSet } from '../core/id-set.ts';

export type ListedRow = ConversationPage['rows'][number];

/** A page that passed every check, reduced to the rows not seen on an earlier one. */
export interface ListedPage {
  readonly rows: readonly ListedRow[];
  /** Conversations in the project by the paginator; undefined when it did not say. */
  readonly total: number | undefined;
  readonly receivedAt: number;
}

/** The listing contradicts itself: read again from the start, and after a few times give the project up for this run. */
export class InconsistentListing extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InconsistentListing';
  }
}

const ATTEMPTS = 3;

/** Lists again, three times in all, while the listing contradicts itself: rows move while people and retention work. */
export async function repeatWhileInconsistent<T>(list: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await list();
    } catch (error) {
      if (!(error instanceof InconsistentListing) || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Pages of a project's conversations, oldest first, each conversation once. Stops at the first page on which no
 * rule can reach anything: `reach` is the earliest `created_at` (epoch ms) that cannot be deleted. That stop is
 * only taken while everything so far was seen to arrive in order; a server that ignores the order is read to its end.
 *
 * Throws InconsistentListing when a page repeats, is short, or the project shrinks while it is read (rows that moved to
 * an earlier page would be missed without a sign), and when fewer or more rows arrive than the project counts. Throws
 * ApiError as the reader does.
 */
export async function* listProject(
  reader: CustomGptReader,
  projectId: number,
  options: { readonly reach: number; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<ListedPage> {
  const seen = new IdSet();
  const order = new OrderWatch(options.reach);
  const pages = new PageWatch();
  for await (const page of reader.conversationPages(projectId, options.signal)) {
    pages.check(page);
    const rows = page.rows.filter((row) => row.kind === 'unusable' || seen.add(row.sessionId));
    pages.countRepeats(page.rows.length - rows.length);
    order.read(page);
    yield { rows, total: page.total, receivedAt: page.receivedAt };
    if (order.nothingFurther) return;
  }
  pages.checkEnd();
}

/** What successive pages must agree on. */
class PageWatch {
  #first: ConversationPage | undefined;
  #previous: ConversationPage | undefined;
  #rows = 0;
  #repeats = 0;

  check(page: ConversationPage): void {
    const first = (this.#first ??= page);
    const previous = this.#previous;
    this.#previous = page;
    this.#rows += page.rows.length;
    if (previous?.total !== undefined && (page.total === undefined || page.total < previous.total)) {
      throw new InconsistentListing('the project shrank while it was listed');
    }
    if (page.page < page.lastPage && page.rows.length < first.rows.length) {
      throw new InconsistentListing(`page ${page.page} of ${page.lastPage} is short`);
    }
    if (page.page < page.lastPage && page.rows.length === 0) {
      throw new InconsistentListing(`page ${page.page} of ${page.lastPage} is empty`);
    }
  }

  /** Newcomers that push rows to later pages show old rows again: as many as arrived, not more. */
  countRepeats(count: number): void {
    this.#repeats += count;
    const arrived = (this.#previous?.total ?? 0) - (this.#first?.total ?? 0);
    if (this.#repeats > arrived) throw new InconsistentListing('a page repeats rows of an earlier one');
    const total = this.#previous?.total;
    // What else its total does not count, nobody knows: a share of it is no bound then.
    if (total !== undefined && this.#distinct > total) {
      throw new InconsistentListing(`${this.#distinct} rows arrived where the project counts ${total}`);
    }
  }

  checkEnd(): void {
    const total = this.#first?.total;
    if (total !== undefined && this.#distinct < total) {
      throw new InconsistentListing(`${this.#distinct} rows arrived where the project counts ${total}`);
    }
  }

  get #distinct(): number {
    return this.#rows - this.#repeats;
  }
}

/** Watches whether rows really arrive oldest first, and when they have passed the reach of every rule. */
class OrderWatch {
  readonly #reach: number;
  #latest: number | undefined;
  #sorted = true;
  /** One rise is needed as evidence: rows with one and the same date are in order whatever the server does. */
  #rose = false;
  nothingFurther = false;

  constructor(reach: number) {
    this.#reach = reach;
  }

  read(page: ConversationPage): void {
    let beyond = false;
    for (const row of page.rows) {
      if (row.kind !== 'conversation' || row.createdAt === undefined) continue;
      if (this.#latest !== undefined) {
        if (row.createdAt < this.#latest) this.#sorted = false;
        if (row.createdAt > this.#latest) this.#rose = true;
      }
      this.#latest = row.createdAt;
      if (row.createdAt >= this.#reach) beyond = true;
    }
    this.nothingFurther = beyond && this.#sorted && this.#rose;
  }
}
