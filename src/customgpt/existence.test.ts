import { describe, expect, it } from 'vitest';
import { ApiError, type ApiFailure } from '../core/errors.ts';
import { wordsOfNotFound } from '../core/not-found-words.ts';
import type { Existence } from '../core/vendor-answers.ts';
import { askExistence, type Question } from './existence.ts';
import type { Answer } from './request.ts';
import type { Call } from './retry.ts';
import { createUrls } from './urls.ts';

const SESSION = '0b8f6a0e-3c1d';
const NOW = Date.UTC(2026, 5, 1, 12);
/** When the n-th answer arrived. */
const receivedAt = (n: number): number => NOW - 1000 + n;

const NOT_FOUND = {
  status: 'error',
  url: `/conversations/${SESSION}`,
  data: { code: 404, message: 'no Agent 7' },
};

/** What one request comes to: an answer with this status and body, a 404 as JSON, an error. */
type Reply = { readonly body: unknown; readonly status?: number } | 'gone' | Error;

function conversation(change: object = {}): object {
  return { session_id: SESSION, project_id: 7, created_by: null, name: 'n', ...change };
}

function paged(rows: readonly unknown[], page = 1, lastPage = 1): object {
  return { current_page: page, last_page: lastPage, total: rows.length, data: rows };
}

function reply(row: unknown, messages: unknown): Reply {
  return { body: { status: 'success', data: { conversation: row, messages } } };
}

function answerOf({ body, status = 200 }: Exclude<Reply, string | Error>, n: number): Answer {
  return {
    ...{ kind: 'answer', status, body: Buffer.from(JSON.stringify(body)), bodyFailure: undefined },
    ...{ retryAfter: undefined, date: undefined, isStale: false, receivedAt: receivedAt(n) },
  };
}

function apiError(failure: ApiFailure, status?: number): ApiError {
  return new ApiError({ failure, method: 'GET', path: '/', status });
}

/** Asks a server that replies so in turn; `calls` are the requests as they were made. */
async function ask(replies: readonly Reply[], change: Partial<Question> = {}) {
  const calls: Call<unknown>[] = [];
  const call = <T>(given: Call<T>): Promise<T> => {
    calls.push(given);
    const next = replies[calls.length - 1] ?? new Error('one request too many');
    if (next instanceof Error) return Promise.reject(next);
    const answer = answerOf(next === 'gone' ? { body: NOT_FOUND, status: 404 } : next, calls.length);
    const value = next === 'gone' ? given.notFound?.(answer, NOT_FOUND) : given.read(answer);
    return value === undefined
      ? Promise.reject(apiError('malformed', answer.status))
      : Promise.resolve(value);
  };
  const clock = { now: () => NOW, monotonic: () => 0, sleep: () => Promise.resolve() };
  const parts = { urls: createUrls('https://app.customgpt.ai'), call, clock };
  const question: Question = {
    ...{ projectId: 7, sessionId: SESSION, purpose: 'messages', ...change },
  };
  return { answer: await askExistence(parts, question), calls };
}

describe('the question whether a conversation is there', () => {
  it.each(['messages', 'verify'] as const)('is one GET to %s', async (purpose) => {
    const { signal } = new AbortController();
    const { calls } = await ask([reply(conversation(), paged([]))], { purpose, signal });
    expect(calls).toMatchObject([
      { purpose, size: 'messages', repeat: purpose === 'verify' ? 'if_not_carried_out' : 'read' },
    ]);
    expect(calls[0]?.signal).toBe(signal);
    const { method, path } = calls[0]?.target ?? {};
    expect([method, path]).toEqual([
      'GET',
      `/api/v1/projects/7/conversations/${SESSION}/messages?page=1&order=desc`,
    ]);
  });

  it('is answered with the row and the time', async () => {
    const { answer } = await ask([reply(conversation(), paged([]))]);
    expect(answer).toEqual<Existence>({
      state: 'present',
      status: 200,
      conversation: {
        ...{ projectId: 7, sessionId: SESSION, name: 'n', createdBy: 'anonymous' },
        ...{ createdAt: undefined, updatedAt: undefined },
      },
      lastMessageAt: undefined,
      receivedAt: receivedAt(1),
    });
  });

  it('is answered without the row where it cannot be used', async () => {
    const none = await ask([reply(undefined, paged([]))]);
    expect(none.answer).toMatchObject({ state: 'present', conversation: undefined });
    const oversized = await ask([reply(conversation({ name: 'x'.repeat(70_000) }), paged([]))]);
    expect(oversized.answer).toMatchObject({ state: 'present', conversation: undefined });
  });

  it('is answered by a 404, with its words', async () => {
    const { answer } = await ask(['gone']);
    expect(answer).toEqual({
      ...{ state: 'not_found', status: 404, receivedAt: receivedAt(1) },
      words: wordsOfNotFound(NOT_FOUND, ['7', SESSION]),
    });
    expect(JSON.stringify(answer)).not.toContain(SESSION);
  });

  it.each([
    ['session', { session_id: 'someone-else' }],
    ['project', { project_id: 8 }],
    ['project that is none', { project_id: 'x' }],
  ])('is not answered by another %s', async (_, change) => {
    const { answer, calls } = await ask([reply(conversation(change), paged([message(1)], 1, 2))]);
    expect(answer).toEqual({
      ...{ state: 'no_evidence', status: 200, failure: 'another conversation' },
      receivedAt: receivedAt(1),
    });
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['names neither', { session_id: null, project_id: null }],
    ['writes its project as text', { project_id: '7' }],
  ])('is answered by a row that %s', async (_, change) => {
    expect((await ask([reply(conversation(change), paged([]))])).answer.state).toBe('present');
  });

  it.each([201, 203, 204])('is not answered by a %i', async (status) => {
    const { body } = reply(conversation(), paged([])) as { readonly body: unknown };
    const { answer } = await ask([{ body, status }]);
    expect(answer).toMatchObject({ state: 'no_evidence', status, failure: `HTTP ${status}, malformed` });
  });

  it.each([
    ['other JSON', { ok: true }],
    ['an error inside', { status: 'error', data: { code: 404 } }],
    ['a list of nothing', { status: 'success', data: [] }],
    ['neither row nor messages', { status: 'success', data: {} }],
  ])('is not answered by a 200 with %s', async (_, body) => {
    const { answer } = await ask([{ body }]);
    expect(answer).toMatchObject({ state: 'no_evidence', status: 200, failure: 'HTTP 200, malformed' });
  });

  it.each<[ApiFailure, number | undefined, string]>([
    ['not_found', 404, 'HTTP 404 without JSON'],
    ['stale', 200, 'HTTP 200, an old answer from a cache'],
    ['forbidden', 403, 'HTTP 403'],
    ['network', undefined, 'no connection'],
  ])('has no answer in %s', async (failure, status, told) => {
    const { answer } = await ask([apiError(failure, status)]);
    expect(answer).toEqual({ state: 'no_evidence', status, failure: told, receivedAt: NOW });
  });

  it.each([apiError('unauthorized', 401), apiError('aborted'), new Error('unforeseen')])(
    'passes on that nothing more may be asked: %s',
    async (error) => {
      await expect(ask([error])).rejects.toBe(error);
      await expect(ask([reply(conversation(), paged([message(1)], 1, 2)), error])).rejects.toBe(error);
    },
  );
});

let ids = 0;
function message(day: number | string): object {
  const created_at = typeof day === 'string' ? day : `2026-02-${String(day).padStart(2, '0')} 00:00:00`;
  return { id: (ids += 1), created_at };
}

describe('the newest message', () => {
  const at = (day: number): number => Date.UTC(2026, 1, day);
  const rows = (...days: readonly (number | string)[]): readonly object[] => days.map(message);
  type Page = object | 'gone' | Error | undefined;
  /** Pages of one paginator, as they must be: all count all rows. */
  const pages = (...all: readonly (readonly unknown[])[]): object[] =>
    all.map((own, index) => ({ ...paged(own, index + 1, all.length), total: all.flat().length }));
  /** Its date by these pages, and how many requests that took. */
  const newest = async (shown: readonly Page[], change: Partial<Question> = {}) => {
    const replies = shown.map((page) =>
      page === 'gone' || page instanceof Error ? page : reply(conversation(), page),
    );
    const { answer, calls } = await ask(replies, change);
    if (answer.state !== 'present') throw new Error(answer.state);
    expect(answer.receivedAt).toBe(receivedAt(1));
    return [answer.lastMessageAt, calls.length];
  };

  it.each<[string, readonly unknown[], number | undefined]>([
    ['a single one', rows(5), at(5)],
    ['any order', rows(3, 9, 5), at(9)],
    [
      'rows without an id',
      [{ created_at: '2026-02-03 00:00:00' }, { created_at: '2026-02-04 00:00:00' }],
      at(4),
    ],
    ['none', [], undefined],
    ['one without a date', [...rows(9), { id: 'x' }], undefined],
    ['one that is none', [...rows(9), null], undefined],
  ])('of one page with %s', async (_, list, expected) => {
    expect(await newest(pages(list))).toEqual([expected, 1]);
    expect(await newest(pages(list), { purpose: 'verify' })).toEqual([expected, 1]);
    expect(await newest(pages(list), { onlyFirstPage: true })).toEqual([expected, 1]);
  });

  it.each<[string, readonly (readonly object[])[]]>([
    ['newest first', [rows(9, 7), rows(5, 4), rows(2)]],
    ['oldest first', [rows(2, 4), rows(5, 7), rows(9)]],
    ['oldest page first, newest first inside', [rows(4, 2), rows(7, 5), rows(9)]],
    ['in no order', [rows(4, 7), rows(9, 2), rows(5)]],
    ['with pages of another size', [rows(4), rows(9, 2, 7), rows(5)]],
  ])('of several pages, %s, is found on all of them', async (_, list) => {
    expect(await newest(pages(...list))).toEqual([at(9), 3]);
  });

  it.each([{ purpose: 'verify' as const }, { onlyFirstPage: true }])(
    'of several pages is unknown to who asks for one: %j',
    async (change) => {
      expect(await newest(pages(rows(9, 7), rows(5)), change)).toEqual([undefined, 1]);
    },
  );

  it('that is new enough by a page needs no other', async () => {
    const list = pages(rows(4, 2), rows(7, 5), rows(9));
    expect(await newest(list, { enoughAt: at(4) })).toEqual([at(4), 1]);
    expect(await newest(list, { enoughAt: at(4) + 1 })).toEqual([at(7), 2]);
    expect(await newest(list, { enoughAt: at(10) })).toEqual([at(9), 3]);
  });

  it('is read on for where the last page has not all rows that are counted', async () => {
    const [first, second, third] = pages(rows(4, 2), rows(7, 5), rows(9)).map((page) => ({
      ...page,
      last_page: 1,
    }));
    expect(await newest([first, second, third])).toEqual([at(9), 3]);
    expect(await newest([first, second, { ...third, data: [] }])).toEqual([undefined, 3]);
  });

  it('needs a look at pages that are claimed and are not there', async () => {
    const first = { ...paged(rows(9, 7), 1, 4), total: 2 };
    expect(await newest([first, { ...first, current_page: 2, data: [] }])).toEqual([at(9), 2]);
    expect(await newest([first, { ...first, current_page: 2, data: rows(3) }])).toEqual([undefined, 2]);
  });

  it('is unknown where pages repeat rows, and so lack others', async () => {
    const [first, second, third] = pages(rows(4, 2), rows(7, 5), rows(9));
    const again = { ...second, ...{ data: (first as { data: unknown }).data } };
    const behind = { ...third, ...{ current_page: 4, data: [] } };
    expect(await newest([first, again, third, behind])).toEqual([undefined, 4]);
  });

  it('of a conversation of more than 50 pages is unknown', async () => {
    const list = Array.from({ length: 51 }, (_, page) => rows((page % 27) + 1));
    expect(await newest(pages(...list))).toEqual([undefined, 1]);
    const unsaid = pages(...list).map((page) => ({ ...page, last_page: 1 }));
    expect(await newest(unsaid)).toEqual([undefined, 50]);
    expect(await newest(pages(...list), { enoughAt: 0 })).toEqual([at(1), 1]);
    expect(await newest(pages(...list.slice(1)))).toEqual([at(27), 50]);
  });

  it('is an interval where its date is one, as late as what is beside it', async () => {
    const rough = rows('25 Jun 2023 05:01:11');
    const [from, to] = [Date.UTC(2023, 5, 24, 15, 1, 11), Date.UTC(2023, 5, 26, 5, 1, 11)];
    expect(await newest(pages(rough))).toEqual([`${from}/${to}`, 1]);
    expect(await newest(pages([...rough, ...rows('2023-06-25 00:00:00')]))).toEqual([
      `${Date.UTC(2023, 5, 25)}/${to}`,
      1,
    ]);
    expect(await newest(pages([...rough, ...rows(9)]))).toEqual([at(9), 1]);
  });

  it.each<[string, Page]>([
    ['is gone', 'gone'],
    ['does not arrive', apiError('server_error', 500)],
    ['counts another total', { ...paged(rows(3), 2, 2), total: 4 }],
    ['is another page', { ...paged(rows(3), 1, 2), total: 3 }],
    ['has no messages', undefined],
    ['has an unusable date', { ...paged([{}], 2, 2), total: 3 }],
  ])('is unknown where a further page %s', async (_, second) => {
    expect(await newest([...pages(rows(9, 7), rows(5)).slice(0, 1), second])).toEqual([undefined, 2]);
  });

  it('is unknown where the first page is another, does not count, or is none', async () => {
    expect(await newest([paged(rows(3, 2), 2, 3)])).toEqual([undefined, 1]);
    expect(await newest([{ ...paged(rows(3, 2)), total: 'x' }])).toEqual([undefined, 1]);
    expect(await newest([undefined])).toEqual([undefined, 1]);
  });
});
