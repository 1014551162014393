import { ApiError } from '../core/errors.ts';
import type { Project } from '../core/conversation.ts';
import type { Clock, ConversationPage, Log, ProjectPage } from '../core/ports.ts';
import type { Purpose } from '../core/run.ts';
import { parseJson } from './answers.ts';
import type { Answer } from './request.ts';
import type { Caller } from './retry.ts';
import { parseConversationRow, parseProjectRow } from './rows.ts';
import { parseList } from './schemas.ts';
import type { Paginated } from './schemas.ts';
import type { Target, Urls } from './urls.ts';

/** No real set has so many pages: a `last_page` that runs ahead of us would otherwise be followed for ever. */
const MOST_PAGES = 1_000_000;

export interface ListParts {
  readonly urls: Urls;
  readonly call: Caller;
  readonly clock: Clock;
  readonly log: Log;
}

interface ListPage extends Paginated {
  readonly receivedAt: number;
}

function readPage(answer: Answer, page: number): ListPage | undefined {
  const list = parseList(parseJson(answer.body));
  if (answer.status !== 200 || list?.page !== page) return undefined;
  return { ...list, receivedAt: answer.receivedAt };
}

/** One page by its number. Throws ApiError; `malformed` when another page came than was asked for. */
export function fetchPage(
  call: Caller,
  target: Target,
  options: { readonly page: number; readonly purpose: Purpose; readonly signal: AbortSignal | undefined },
): Promise<ListPage> {
  const { page, purpose, signal } = options;
  return call({
    target,
    purpose,
    size: 'list',
    signal,
    repeat: 'read',
    read: (answer) => readPage(answer, page),
  });
}

/** A reader often stops early, and a page asked for ahead would be asked for in vain: half as many ahead as were read. */
const PAGES_READ_FOR_ONE_AHEAD = 2;
const MOST_PAGES_AHEAD = 8;

/**
 * One page after the other. From the third on, the next ones are under way while the reader works on this one; a reader
 * that stops takes them back, and at a set pace they have not even been sent by then.
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
  try {
    for (let page = 1; ; page += 1) {
      const list = await (ahead.shift() ?? fetchNumber(page));
      const wanted = Math.min(MOST_PAGES_AHEAD, Math.floor(page / PAGES_READ_FOR_ONE_AHEAD));
      while (ahead.length < wanted && page + ahead.length < list.lastPage) {
        const next = fetchNumber(page + ahead.length + 1);
        // It is awaited later, or never: until then a failure is nobody's yet.
        next.catch(() => undefined);
        ahead.push(next);
      }
      yield list;
      if (page >= list.lastPage) return;
    }
  } finally {
    stopped.abort();
  }
}

export async function* projectPages(
  parts: ListParts,
  signal: AbortSignal | undefined,
): AsyncGenerator<ProjectPage, void, undefined> {
  for await (const { rows, page, lastPage, total } of pages(parts, parts.urls.projects, signal)) {
    const projects = rows.map(parseProjectRow).filter((row): row is Project => row !== undefined);
    if (projects.length < rows.length) {
      parts.log.warn({ page, rowCount: rows.length - projects.length }, 'projects without a usable id');
    }
    yield { projects, page, lastPage, total };
  }
}

export async function* conversationPages(
  parts: ListParts,
  projectId: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ConversationPage, void, undefined> {
  const targetOf = (page: number) => parts.urls.conversations(projectId, page);
  for await (const { rows, page, lastPage, total, receivedAt } of pages(parts, targetOf, signal)) {
    yield {
      rows: rows.map((row) => parseConversationRow(row, projectId)),
      page,
      lastPage,
      total,
      receivedAt,
    };
  }
}
