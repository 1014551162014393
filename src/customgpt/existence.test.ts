import { describe, expect, it } from 'vitest';
import { ApiError } from '../core/errors.ts';
import type { ApiFailure } from '../core/errors.ts';
import { wordsOfNotFound } from '../core/not-found-words.ts';
import type { Existence } from '../core/ports.ts';
import { askExistence } from './existence.ts';
import type { Question } from './existence.ts';
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
    ...{ projectId: 7, sessionId: SESSION, purpose: 'messages', signal: undefined, ...change },
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
    ['stale', 200, 'HTTP 200, stale'],
    ['forbidden', 403, 'HTTP 403'],
    ['network', undefined, 'network'],
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

function message(day: number): object {
  return { id: 1, created_at: `2026-02-${String(day).padStart(2, '0')} 00:00:00` };
}

describe('the newest message', () => {
  const at = (day: number): number => Date.UTC(2026, 1, day);
  const rows = (...days: readonly number[]): readonly object[] => days.map(message);
  /** Its date by these pages, and how many requests that took. */
  const newest = async (
    pages: readonly (object | 'gone' | Error | undefined)[],
    purpose: Question['purpose'] = 'messages',
  ) => {
    const replies = pages.map((page) =>
      page === 'gone' || page instanceof Error ? page : reply(conversation(), page),
    );
    const { answer, calls } = await ask(replies, { purpose });
    if (answer.state !== 'present') throw new Error(answer.state);
    expect(answer.receivedAt).toBe(receivedAt(1));
    return [answer.lastMessageAt, calls.length];
  };

  it.each<[string, readonly unknown[], number | undefined]>([
    ['a single one', rows(5), at(5)],
    ['any order', rows(3, 9, 5), at(9)],
    ['none', [], undefined],
    ['one without a date', [...rows(9), {}], undefined],
    ['one that is none', [...rows(9), null], undefined],
  ])('of one page with %s', async (_, list, expected) => {
    expect(await newest([paged(list)])).toEqual([expected, 1]);
  });

  it.each<[string, readonly object[], number | undefined]>([
    ['newest first', rows(9, 5), at(9)],
    ['newest first, some of the same time', rows(9, 9, 5), at(9)],
    ['in no order', rows(5, 9, 7), undefined],
    ['in no order, the other way round', rows(9, 5, 7), undefined],
  ])('of the first of several pages, %s, takes one request', async (_, list, expected) => {
    expect(await newest([paged(list, 1, 3)])).toEqual([expected, 1]);
  });

  it.each<[string, readonly object[], readonly object[], number]>([
    ['oldest first', rows(1, 2), rows(3, 4), 4],
    ['all of the same time', rows(2, 2), rows(3), 3],
    ['with a single one', rows(5), rows(4), 5],
    ['with none', [], rows(4), 4],
  ])('of the first of several pages, %s, is looked for on the last', async (...row) => {
    const [, first, last, expected] = row;
    expect(await newest([paged(first, 1, 3), paged(last, 3, 3)])).toEqual([at(expected), 2]);
    expect(await newest([paged(first, 1, 3)], 'verify')).toEqual([undefined, 1]);
  });

  it.each<[string, object | 'gone' | Error | undefined]>([
    ['is gone', 'gone'],
    ['does not arrive', apiError('server_error', 500)],
    ['has moved', paged(rows(3), 3, 4)],
    ['is another page', paged(rows(3), 2, 3)],
    ['has no messages', undefined],
    ['has an unusable date', paged([{}], 3, 3)],
  ])('is unknown where the last page %s', async (_, last) => {
    expect(await newest([paged(rows(1, 2), 1, 3), last])).toEqual([undefined, 2]);
  });

  it('is unknown where the first page is another, or none', async () => {
    expect(await newest([paged(rows(3, 2), 2, 3)])).toEqual([undefined, 1]);
    expect(await newest([undefined])).toEqual([undefined, 1]);
  });
});
