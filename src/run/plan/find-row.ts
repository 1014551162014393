import { ApiError } from '../../core/errors.ts';
import type { ConversationPage, CustomGptReader, ListOrder } from '../../core/ports/vendor.ts';
import { mostPages, type ListedRow } from './list-reading.ts';

/** `listed`: how many the whole list shows. */
export type FoundRow =
  | { readonly state: 'found'; readonly row: ListedRow }
  | { readonly state: 'not_listed'; readonly listed: number };

interface Search {
  readonly projectId: number;
  readonly sessionId: string;
  readonly signal?: AbortSignal | undefined;
  /** Told of the rows that were looked through. */
  readonly onRows: (count: number) => void;
}

/**
 * The row of one conversation, looked for from both ends of the list in turn, since most that are asked about are rather old or
 * rather new. Ends as soon as as many were seen as the project counts, or one of the two comes to its end; where the API
 * refuses to go on from one end, the other one goes on alone. Throws ApiError.
 */
export async function findRow(reader: CustomGptReader, search: Search): Promise<FoundRow> {
  const { projectId, sessionId, signal, onRows } = search;
  const from = (order: ListOrder): AsyncIterator<ConversationPage> =>
    reader.conversationPages(projectId, signal, order)[Symbol.asyncIterator]();
  const waiting = [from('oldest_first'), from('newest_first')];
  const seen = new Set<string>();
  let most = Infinity;
  for (let pages = 1; pages <= most; pages += 1) {
    const end = waiting.shift();
    if (end === undefined) break;
    const page = await nextPage(end, waiting.length > 0);
    if (page === 'refused') continue;
    if (page === undefined || page.rows.length === 0) break;
    const row = page.rows.find((one) => one.sessionId === sessionId);
    if (row !== undefined) return { state: 'found', row };
    for (const one of page.rows) if (one.sessionId !== undefined) seen.add(one.sessionId);
    onRows(page.rows.length);
    if (page.total !== undefined && seen.size >= page.total) break;
    most = Math.min(most, 2 * mostPages(page.total, page.rows.length));
    waiting.push(end);
  }
  return { state: 'not_listed', listed: seen.size };
}

async function nextPage(
  end: AsyncIterator<ConversationPage>,
  mayBeRefused: boolean,
): Promise<ConversationPage | 'refused' | undefined> {
  try {
    const next = await end.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    const isRefused = error instanceof ApiError && error.failure === 'bad_request';
    if (isRefused && mayBeRefused) return 'refused';
    throw error;
  }
}
