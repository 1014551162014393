import { ApiError } from '../core/errors.ts';
import type { Log } from '../core/ports/surroundings.ts';
import type { ConversationPage, ListOrder, ProjectPage } from '../core/ports/vendor.ts';
import type { Purpose } from '../core/run.ts';
import { parseJson } from './answers.ts';
import type { Answer } from './request.ts';
import type { Asking, Caller } from './retry.ts';
import { parseConversationRow, parseProjectRow } from './rows.ts';
import { parseList, type Paginated } from './schemas.ts';
import type { Target } from './urls.ts';

/** No real set has so many pages: a list that never ends would otherwise be followed for ever. */
const MOST_PAGES = 1_000_000;

interface ListParts extends Asking {
  readonly log: Log;
}

interface ListPage extends Paginated {
  readonly receivedAt: number;
}

/** The page, or what is wrong with the answer. */
function readPage(answer: Answer, page: number): ListPage | string {
  if (answer.status !== 200) return 'no list';
  const json = parseJson(answer.body);
  if (json === undefined) return 'not JSON';
  const list = parseList(json);
  if (list === undefined) return 'JSON, but no list';
  return list.page === page ? { ...list, receivedAt: answer.receivedAt } : `page ${list.page} came instead`;
}

/** One page by its number. Throws ApiError; `malformed` when another page came than was asked for. */
export async function fetchPage(
  call: Caller,
  target: Target,
  options: { readonly page: number; readonly purpose: Purpose; readonly signal: AbortSignal | undefined },
): Promise<ListPage> {
  const { page, purpose, signal } = options;
  let detail: string | undefined;
  const read = (answer: Answer): ListPage | undefined => {
    const list = readPage(answer, page);
    detail = typeof list === 'string' ? list : undefined;
    return typeof list === 'string' ? undefined : list;
  };
  try {
    return await call({ target, purpose, size: 'list', signal, repeat: 'read', read });
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure !== 'malformed') throw error;
    const { failure, method, path, status } = error;
    throw new ApiError({ failure, method, path, status, detail, cause: error });
  }
}

/** A reader often stops early, and a page asked for ahead would be asked for in vain: half as many ahead as were read. */
const PAGES_READ_FOR_ONE_AHEAD = 2;
const MOST_PAGES_AHEAD = 8;

/**
 * One page after the other. From the third on, the next ones are under way while the reader works on this one; a reader
 * that stops takes them back, and at a set pace they have not even been sent by then.
 *
 * The end is an empty page: one at or behind the page that calls itself the last, or two in a row wherever they come, for
 * then that number is too high. An API may also refuse what lies behind its last page.
 */
async function* pages(
  parts: ListParts,
  targetOf: (page: number) => Target,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListPage, void, undefined> {
  const stopped = new AbortController();
  const either = signal === undefined ? stopped.signal : AbortSignal.any([signal, stopped.signal]);
  const fetchNumber = (page: number): Promise<ListPage> => {
    const target = targetOf(page);
    if (page <= MOST_PAGES) return fetchPage(parts.call, target, { page, purpose: 'list', signal: either });
    return Promise.reject(new ApiError({ failure: 'malformed', method: target.method, path: target.path }));
  };
  const ahead: Promise<ListPage>[] = [];
  let lastPage = 1;
  let emptyCount = 0;
  try {
    for (let page = 1; ; page += 1) {
      const asked = ahead.shift() ?? fetchNumber(page);
      const list = await (page > lastPage ? undefinedIfNone(asked) : asked);
      if (list === undefined) return;
      lastPage = list.lastPage;
      emptyCount = list.rows.length === 0 ? emptyCount + 1 : 0;
      const wanted = Math.min(MOST_PAGES_AHEAD, Math.floor(page / PAGES_READ_FOR_ONE_AHEAD));
      while (emptyCount === 0 && ahead.length < wanted && page + ahead.length < lastPage) {
        const next = fetchNumber(page + ahead.length + 1);
        // It is awaited later, or never: until then a failure is nobody's yet.
        next.catch(() => undefined);
        ahead.push(next);
      }
      yield list;
      if (emptyCount > 0 && (page >= lastPage || emptyCount > 1)) return;
    }
  } finally {
    stopped.abort();
  }
}

/** Behind the last page an API may answer 404 or 400, or show its last page again: there is none. */
async function undefinedIfNone(page: Promise<ListPage>): Promise<ListPage | undefined> {
  try {
    return await page;
  } catch (error) {
    const isNone =
      error instanceof ApiError && ['not_found', 'bad_request', 'malformed'].includes(error.failure);
    if (isNone) return undefined;
    throw error;
  }
}

export async function* projectPages(
  parts: ListParts,
  signal: AbortSignal | undefined,
): AsyncGenerator<ProjectPage, void, undefined> {
  for await (const { rows, page, lastPage, total } of pages(parts, parts.urls.projects, signal)) {
    const projects = rows.map(parseProjectRow).filter((row) => row !== undefined);
    if (projects.length < rows.length) {
      parts.log.warn({ page, rowCount: rows.length - projects.length }, 'projects without a usable id');
    }
    yield { projects, page, lastPage, total };
    if (page >= lastPage) return;
  }
}

export async function* conversationPages(
  parts: ListParts,
  projectId: number,
  how: { readonly signal: AbortSignal | undefined; readonly order: ListOrder | undefined },
): AsyncGenerator<ConversationPage, void, undefined> {
  const targetOf = (page: number) => parts.urls.conversations(projectId, page, how.order);
  for await (const list of pages(parts, targetOf, how.signal))
    yield conversationsOf(list, projectId, targetOf(list.page));
}

export async function conversationPage(
  parts: ListParts,
  projectId: number,
  { page, signal }: { readonly page: number; readonly signal: AbortSignal | undefined },
): Promise<ConversationPage> {
  const target = parts.urls.conversations(projectId, page);
  const list = await fetchPage(parts.call, target, { page, purpose: 'list', signal });
  return conversationsOf(list, projectId, target);
}

function conversationsOf(
  { rows, ...list }: ListPage,
  projectId: number,
  { method, path }: Target,
): ConversationPage {
  return {
    ...list,
    request: `${method} ${path}`,
    rows: rows.map((row) => parseConversationRow(row, projectId)),
  };
}
