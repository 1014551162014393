import { earliestOf, laterOf, parseRoughly, type Instant } from '../core/instant.ts';
import { isRecord } from './answers.ts';
import { parseId } from './rows.ts';
import type { Paginated } from './schemas.ts';

/** At 20 messages a page a thousand: longer conversations are rare, and one of them must not take minutes. */
const MOST_PAGES = 50;

export interface MessagePages {
  /** A page by its number; undefined where it cannot be had. */
  readonly page: (number: number) => Promise<Paginated | undefined>;
  /** A message at or after this instant is all that the caller wants to know. */
  readonly enoughAt: number | undefined;
  /** The number that the API gives the conversation, beside its session id; undefined: not said. */
  readonly conversationId: number | undefined;
}

/**
 * The newest date of all messages. Undefined where it cannot be known: a date is unusable, a page is missing, there are
 * too many, one is of another conversation, or rows and paginator contradict one another.
 *
 * The order of the rows is asked for and never relied on: any page may hold the newest one, so all of them are read, until
 * one shows a message that is new enough.
 */
export async function newestMessageAt(
  first: Paginated | undefined,
  pages: MessagePages,
): Promise<Instant | undefined> {
  const total = first?.total;
  if (total === undefined) return undefined;
  const ids = new Set<unknown>();
  let newest: Instant | undefined;
  let page = first;
  for (let number = 1; page?.page === number && page.total === total; number += 1) {
    const dates = datesOf(page);
    if (dates === undefined || !page.rows.every((row) => isOf(row, pages.conversationId))) return undefined;
    newest = dates.reduce<Instant | undefined>(later, newest);
    if (isEnough(newest, pages.enoughAt)) return newest;
    page.rows.forEach((row, index) => ids.add(idOf(row) ?? `${number}/${index}`));
    const isLast = ids.size >= total && number >= page.lastPage;
    if (isLast || page.rows.length === 0) return ids.size === total ? newest : undefined;
    if (ids.size > total || Math.max(number + 1, page.lastPage) > MOST_PAGES) return undefined;
    page = await pages.page(number + 1);
  }
  return undefined;
}

function isEnough(newest: Instant | undefined, enoughAt: number | undefined): boolean {
  return newest !== undefined && enoughAt !== undefined && earliestOf(newest) >= enoughAt;
}

/** Undefined when one of them is unusable. */
function datesOf({ rows }: Paginated): readonly Instant[] | undefined {
  const dates = rows.map(dateOf);
  return dates.every((date) => date !== undefined) ? dates : undefined;
}

function dateOf(row: unknown): Instant | undefined {
  return isRecord(row) ? parseRoughly(row['created_at']) : undefined;
}

/** A row that does not say whose it is is believed to be where it was asked for. */
function isOf(row: unknown, conversationId: number | undefined): boolean {
  const claimed = isRecord(row) ? row['conversation_id'] : undefined;
  return conversationId === undefined || claimed === undefined || parseId(claimed) === conversationId;
}

/** Rows that change places from page to page are counted once. */
function idOf(row: unknown): unknown {
  const id = isRecord(row) ? row['id'] : undefined;
  return typeof id === 'number' || typeof id === 'string' ? id : undefined;
}

function later(one: Instant | undefined, other: Instant): Instant {
  return one === undefined ? other : laterOf(one, other);
}
