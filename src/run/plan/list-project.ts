import { ApiError } from '../../core/errors.ts';
import type { Chance } from '../../core/ports/surroundings.ts';
import type { ConversationPage, CustomGptReader, ListOrder } from '../../core/ports/vendor.ts';
import { InconsistentListing, Reading, SeenRows } from './list-reading.ts';
import { OrderWatch } from './order-watch.ts';

export { InconsistentListing, type ListedRow } from './list-reading.ts';

/** A page that passed every check, reduced to the rows not seen before. */
export type ListedPage = Pick<ConversationPage, 'rows' | 'total' | 'receivedAt' | 'request'>;

/** How a listing ended. */
export interface Listing {
  /** Conversations seen, each once. */
  readonly ids: number;
  /** What the paginator said last, proven or not. */
  readonly total: number | undefined;
  /** `order_sampled`: it stopped where no rule reaches further, and two pages from further on bore the order out. */
  readonly how: 'read_in_full' | 'order_sampled';
}

/** Conversations that the project counts and that its whole list does not show: the key may not see them. */
export function notShownIn({ how, total, ids }: Listing): number {
  return how === 'read_in_full' && total !== undefined ? Math.max(0, total - ids) : 0;
}

export interface ListOptions {
  /** The earliest `created_at` (epoch ms) that nobody asks about. */
  readonly reach: number;
  readonly signal?: AbortSignal | undefined;
  /** Draws the page that is looked at beside the last one; without it, that is the one in the middle. */
  readonly chance?: Pick<Chance, 'fraction'>;
  /** Read to the end, whatever the order shows. */
  readonly inFull?: boolean;
  /** Asked when the listing could stop early, after the caller has worked on all that it yielded. */
  readonly mayStop?: () => boolean;
}

const STARTS = 3;

/** Lists again, three times in all, while the list changes under the reader's hands. */
export async function repeatWhileInconsistent<T>(list: () => Promise<T>): Promise<T> {
  for (let start = 1; ; start += 1) {
    try {
      return await list();
    } catch (error) {
      if (!(error instanceof InconsistentListing) || !error.mayPass || start === STARTS) throw error;
    }
  }
}

/** The pages as they come, for a `for await`; `onEnd` hears how the listing ended. */
export async function* withEnd(
  pages: AsyncGenerator<ListedPage, Listing>,
  onEnd: (listing: Listing) => void,
): AsyncGenerator<ListedPage, void> {
  onEnd(yield* pages);
}

/** Readings in a row that bring nothing new, and readings at all, before a project is given up. */
const VAIN_READINGS = 2;
const MOST_READINGS = 12;
/** So many pages are as cheap to read as to sample. */
const PAGES_NOT_WORTH_SAMPLING = 2;

/**
 * Pages of a project's conversations, oldest first, each conversation once.
 *
 * Complete is a list of which as many were seen as the paginator counts, or that two whole readings show alike, up to an
 * empty page, whatever the paginator counts. A reading that repeats or lacks rows is followed by others, by id, in which no
 * two rows can change places; one that the API refuses to go on with, by one from the other end. All are united.
 *
 * It stops early where no rule reaches further: `reach` is the earliest `created_at` that cannot be deleted. That takes
 * rows that were seen to rise, none of them twice, and then the last page and one that is drawn anew each time must not hold
 * anything older.
 *
 * Throws InconsistentListing when the project shrinks, when a conversation reads differently the second time, and when no
 * reading makes it complete. Throws ApiError as the reader does.
 */
export async function* listProject(
  reader: CustomGptReader,
  projectId: number,
  options: ListOptions,
): AsyncGenerator<ListedPage, Listing> {
  const seen = new SeenRows();
  const readings: Reading[] = [];
  let vain = 0;
  for (;;) {
    const before = readings.at(-1);
    const sizeBefore = seen.size;
    const reading = new Reading(nextOrder(readings), seen, readings.length + 1);
    readings.push(reading);
    const parts = { reader, projectId, options, seen, reading, before };
    const isSampled = yield* readOnce(parts);
    const listing = { ids: seen.size, total: reading.total };
    if (isSampled) return { ...listing, how: 'order_sampled' };
    if (reading.isAll(seen.size) || areAlike(before, reading, seen.size)) {
      return { ...listing, how: 'read_in_full' };
    }
    vain = seen.size === sizeBefore && before !== undefined ? vain + 1 : 0;
    // One that came whole in an order of its own is compared with another before anything is given up.
    const isWorthComparing = reading.isWhole && reading.order !== before?.order;
    const isVain = vain >= VAIN_READINGS && !isWorthComparing;
    if (isVain || readings.length === MOST_READINGS) throw givenUp(readings, seen.size);
  }
}

/** By id where rows changed places, from the other end where the API would not go on, else the same once more. */
function nextOrder(readings: readonly Reading[]): ListOrder {
  const last = readings.at(-1);
  if (last === undefined) return 'oldest_first';
  if (last.refusal !== undefined) return AFTER_REFUSAL[last.order];
  if (last.problem === undefined) return last.order;
  return last.order === 'by_id' ? 'oldest_first' : 'by_id';
}

const AFTER_REFUSAL: Readonly<Record<ListOrder, ListOrder>> = {
  oldest_first: 'newest_first',
  newest_first: 'by_id',
  by_id: 'oldest_first',
};

function areAlike(before: Reading | undefined, reading: Reading, size: number): boolean {
  return before?.isWhole === true && reading.isWhole && before.size === size && reading.size === size;
}

function givenUp(readings: readonly Reading[], size: number): InconsistentListing {
  const [{ refusal } = {}] = readings;
  if (refusal !== undefined) {
    const status = refusal.status === undefined ? '' : ` (HTTP ${refusal.status})`;
    return new InconsistentListing(
      `the API refuses page ${refusal.page} and all behind it${status}, from either end, so not all can be listed`,
    );
  }
  const last = readings.findLast((reading) => reading.problem !== undefined);
  const counted = `${size} conversations arrived where the project counts ${String(readings.at(-1)?.total)}`;
  return new InconsistentListing(last?.problem === undefined ? counted : `${last.problem}; ${counted}`);
}

interface ReadingParts {
  readonly reader: CustomGptReader;
  readonly projectId: number;
  readonly options: ListOptions;
  readonly seen: SeenRows;
  readonly reading: Reading;
  readonly before: Reading | undefined;
}

/** One reading, as far as it takes; true when it stopped early. */
async function* readOnce(parts: ReadingParts): AsyncGenerator<ListedPage, boolean> {
  const { reader, projectId, options, seen, reading, before } = parts;
  const order = new OrderWatch(options.reach);
  let next = 1;
  try {
    for await (const page of reader.conversationPages(projectId, options.signal, reading.order)) {
      const { total, receivedAt, request } = page;
      const rows = reading.take(page);
      if (before !== undefined) reading.follow(before);
      const isPast = order.isPast(page);
      yield { rows, total, receivedAt, request };
      // A further reading may end as soon as what is missing has come.
      if ((before !== undefined || page.page >= page.lastPage) && reading.isAll(seen.size)) return false;
      if (reading.isEndless) return false;
      const mayBePast = before === undefined && isPast && !reading.hasRepeats;
      if (mayBePast && (await mayStopAt(page, order, parts))) return true;
      next = page.page + 1;
    }
  } catch (error) {
    if (!isRefusal(error) || (before === undefined && next === 1)) throw error;
    reading.refusal = { page: next, status: error.status };
  }
  return false;
}

function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.failure === 'bad_request';
}

async function mayStopAt(
  page: ConversationPage,
  order: OrderWatch,
  { reader, projectId, options }: ReadingParts,
): Promise<boolean> {
  const { inFull = false, mayStop, chance, signal } = options;
  const ahead = page.lastPage - page.page;
  if (inFull || ahead <= PAGES_NOT_WORTH_SAMPLING || mayStop?.() === false) return false;
  const drawn = page.page + 1 + Math.floor((chance?.fraction() ?? 0.5) * (ahead - 1));
  try {
    for (const number of [page.lastPage, drawn]) {
      const sample = await reader.conversationPage(projectId, number, signal);
      if (order.isBorneOutBy(sample)) continue;
      order.distrust();
      return false;
    }
  } catch (error) {
    if (!isRefusal(error)) throw error;
    order.distrust();
    return false;
  }
  return true;
}
