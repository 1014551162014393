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
    const isLast = order.isPast(page);
    yield { rows, total: page.total, receivedAt: page.receivedAt };
    if (isLast) return;
  }
  pages.checkEnd();
}

/** What successive pages must agree on. */
class PageWatch {
  #firstSize: number | undefined;
  #firstTotal = 0;
  #total: number | undefined;
  #rows = 0;
  #repeats = 0;

  check({ page, lastPage, rows, total }: ConversationPage): void {
    if (this.#firstSize === undefined) this.#firstTotal = total ?? 0;
    const firstSize = (this.#firstSize ??= rows.length);
    if (this.#total !== undefined && (total === undefined || total < this.#total)) {
      throw new InconsistentListing('the project shrank while it was listed');
    }
    this.#total = total;
    this.#rows += rows.length;
    if (page < lastPage && rows.length < firstSize) {
      throw new InconsistentListing(`page ${page} of ${lastPage} is short`);
    }
    if (page < lastPage && rows.length === 0) {
      throw new InconsistentListing(`page ${page} of ${lastPage} is empty`);
    }
  }

  /** Newcomers that push rows to later pages show old rows again: as many as arrived, not more. */
  countRepeats(count: number): void {
    this.#repeats += count;
    const arrived = (this.#total ?? 0) - this.#firstTotal;
    if (this.#repeats > arrived) throw new InconsistentListing('a page repeats rows of an earlier one');
    // What else its total does not count, nobody knows: a share of it is no bound then.
    if (this.#distinct > (this.#total ?? Infinity)) throw this.#miscounted(this.#total);
  }

  checkEnd(): void {
    if (this.#distinct < this.#firstTotal) throw this.#miscounted(this.#firstTotal);
  }

  get #distinct(): number {
    return this.#rows - this.#repeats;
  }

  #miscounted(total: number | undefined): InconsistentListing {
    return new InconsistentListing(
      `${this.#distinct} rows arrived where the project counts ${String(total)}`,
    );
  }
}

/** Watches whether rows really arrive oldest first, and when they have passed the reach of every rule. */
class OrderWatch {
  readonly #reach: number;
  #latest: number | undefined;
  #sorted = true;
  /** One rise is needed as evidence: rows with one and the same date are in order whatever the server does. */
  #rose = false;

  constructor(reach: number) {
    this.#reach = reach;
  }

  /** True when no page behind this one can hold anything for any rule. */
  isPast(page: ConversationPage): boolean {
    let beyond = false;
    for (const row of page.rows) {
      // Stryker disable next-line ConditionalExpression,StringLiteral: a row that cannot be used has no date either
      const createdAt = row.kind === 'conversation' ? row.createdAt : undefined;
      if (createdAt === undefined) continue;
      const latest = this.#latest ?? createdAt;
      if (createdAt < latest) this.#sorted = false;
      if (createdAt > latest) this.#rose = true;
      this.#latest = createdAt;
      if (createdAt >= this.#reach) beyond = true;
    }
    return beyond && this.#sorted && this.#rose;
  }
}
