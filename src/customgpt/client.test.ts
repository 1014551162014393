import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { ApiError, RetentionError, type ApiFailure } from '../core/errors.ts';
import type { ConversationPage } from '../core/ports/vendor.ts';
import type { Existence } from '../core/vendor-answers.ts';
import { createCustomGptClient, type CustomGptClient } from './client.ts';

const KEY = 'k-5f2c91-never-shown';
const SESSION = '0b8f6a0e-3c1d-4f5a-9b7e-2d4c6e8f0a1b';
const NOW = Date.UTC(2026, 5, 1, 12);
const noop = () => undefined;
const log = { info: noop, warn: noop, error: noop, debug: noop };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const servers: Server[] = [];
const clients: CustomGptClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const server of servers.splice(0)) server.closeAllConnections();
});

/** A client and the server it talks to; every request line is written down. */
async function setUp(handler: Handler) {
  const lines: string[] = [];
  const server = createServer((request, response) => {
    lines.push(`${request.method ?? ''} ${request.url ?? ''}`);
    handler(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const clock = createVirtualClock(NOW);
  const client = createCustomGptClient({
    baseUrl: `http://127.0.0.1:${port}`,
    apiKey: { reveal: () => KEY },
    requestsPerMinute: 'unlimited',
    ...{ clock, log, chance: { fraction: () => 0.5, token: () => '' } },
  });
  clients.push(client);
  return { ...client, client, clock, lines };
}

/** Answers everything with one reply; text is sent as it is, everything else as JSON. */
function always({ status = 200, headers = {}, body = '' }: Reply): Handler {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** The vendor's error envelope. */
function refusal(code: number): Reply {
  return { status: code, body: { status: 'error', url: 'x', data: { code, message: 'Agent with id 7' } } };
}

function paged(rows: readonly unknown[], page = 1, lastPage = 1): object {
  const urls = { next_page_url: 'https://elsewhere.example/', path: 'https://elsewhere.example/' };
  return { current_page: page, last_page: lastPage, per_page: '20', total: rows.length, data: rows, ...urls };
}

let messageIds = 0;
function message(created_at: unknown): object {
  return { id: (messageIds += 1), user_query: 'hello', created_at };
}

function conversation(change: object = {}): object {
  return {
    ...{ id: 1, session_id: SESSION, project_id: 7, created_by: null, name: 'n', ended_at: null },
    ...{ created_at: '2026-01-02T03:04:05.000000Z', updated_at: '2026-01-02T03:04:06.000000Z', ...change },
  };
}

function messagesReply(conversationRow: unknown, messages: unknown): Reply {
  return { body: { status: 'success', data: { conversation: conversationRow, messages } } };
}

async function failureOf(promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    return error as ApiError;
  }
  throw new Error('it did not fail');
}

async function collect<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

describe('existence', () => {
  const ask = async (reply: Reply, purpose: 'messages' | 'verify' = 'verify') => {
    const { reader, lines } = await setUp(always(reply));
    return { answer: await reader.existence(7, SESSION, { purpose }), lines };
  };

  it('is present with the conversation and its newest message', async () => {
    const rows = [message('2026-03-01 10:00:00'), message('2026-02-01 10:00:00')];
    const { answer, lines } = await ask(messagesReply(conversation(), paged(rows)));
    expect(answer).toEqual<Existence>({
      state: 'present',
      status: 200,
      conversation: {
        ...{ projectId: 7, sessionId: SESSION, name: 'n', createdBy: 'anonymous' },
        ...{ createdAt: Date.UTC(2026, 0, 2, 3, 4, 5), updatedAt: Date.UTC(2026, 0, 2, 3, 4, 6) },
      },
      lastMessageAt: Date.UTC(2026, 2, 1, 10),
      receivedAt: NOW,
    });
    expect(lines).toEqual([`GET /api/v1/projects/7/conversations/${SESSION}/messages?page=1&order=desc`]);
  });

  it.each<[string, unknown, boolean]>([
    ['in the documented words', refusal(404).body, true],
    ['in its framework’s words', { message: 'No query results for model [Chat] 7' }, false],
    ['of a gateway', { status: 'error', message: 'no Route matched' }, false],
    ['that says 403 inside', { status: 'error', data: { code: 403, message: 'm' } }, false],
  ])('is not found by a 404 as JSON %s, whose words have to be calibrated', async (...row) => {
    const [, body, isDocumented] = row;
    for (const type of ['application/json', 'text/plain']) {
      const { answer } = await ask({ status: 404, headers: { 'content-type': type }, body });
      expect(answer).toMatchObject({ state: 'not_found', status: 404, receivedAt: NOW });
      expect(answer).toMatchObject({ words: { isDocumented } });
    }
  });

  const html = { headers: { 'content-type': 'text/html' }, body: '<html>not here</html>' };
  it.each<[string, Reply, number, string]>([
    ['403', refusal(403), 403, 'HTTP 403'],
    ['400', refusal(400), 400, 'HTTP 400'],
    ['410', refusal(410), 410, 'HTTP 410'],
    ['500', refusal(500), 500, 'HTTP 500'],
    ['502 as HTML', { ...html, status: 502 }, 502, 'HTTP 502'],
    ['404 as HTML', { ...html, status: 404 }, 404, 'HTTP 404 without JSON'],
    ['404 without a body', { status: 404 }, 404, 'HTTP 404 without JSON'],
    ['404 that is no object', { status: 404, body: '"gone"' }, 404, 'HTTP 404 without JSON'],
    [
      '404 from a cache',
      { ...refusal(404), headers: { age: '3600' } },
      404,
      'HTTP 404, an old answer from a cache',
    ],
    [
      '200 from a cache',
      { ...messagesReply(conversation(), paged([])), headers: { age: '1' } },
      200,
      'HTTP 200, an old answer from a cache',
    ],
    ['200 as HTML', html, 200, 'HTTP 200, malformed'],
    ['200 without a body', {}, 200, 'HTTP 200, malformed'],
    ['200 with other JSON', { body: { ok: true } }, 200, 'HTTP 200, malformed'],
    ['200 with an error inside', { body: refusal(404).body }, 200, 'HTTP 200, malformed'],
    ['200 with a list of nothing', { body: { status: 'success', data: [] } }, 200, 'HTTP 200, malformed'],
    ['204', { status: 204 }, 204, 'HTTP 204, malformed'],
    [
      '203 with a conversation',
      { ...messagesReply(conversation(), paged([])), status: 203 },
      203,
      'HTTP 203, malformed',
    ],
    ['302', { status: 302, headers: { location: 'https://elsewhere.example/' } }, 302, 'HTTP 302, redirect'],
    [
      'another session',
      messagesReply(conversation({ session_id: 'someone-else' }), paged([])),
      200,
      'another conversation',
    ],
    [
      'another project',
      messagesReply(conversation({ project_id: 8 }), paged([])),
      200,
      'another conversation',
    ],
  ])('has no evidence in a %s, after one attempt', async (...row) => {
    const [, reply, status, failure] = row;
    const { answer, lines } = await ask(reply);
    expect(answer).toEqual({ state: 'no_evidence', status, failure, receivedAt: NOW });
    expect(lines).toHaveLength(1);
  });

  it('throws for a refused key, at once', async () => {
    const { reader, lines } = await setUp(always(refusal(401)));
    const error = await failureOf(reader.existence(7, SESSION, { purpose: 'messages' }));
    expect(error).toMatchObject({ failure: 'unauthorized', status: 401 });
    expect(lines).toHaveLength(1);
  });

  it.each(['..', '%2e%2e', 'a/../..', '?x', '', 'a'.repeat(10_000)])(
    'sends nothing for the id %#',
    async (id) => {
      const { reader, deleter, lines } = await setUp(always({}));
      const answer = await reader.existence(7, id, { purpose: 'verify' });
      expect(answer).toMatchObject({
        state: 'no_evidence',
        status: undefined,
        failure: 'not a request that may be sent',
      });
      const error = await failureOf(deleter.deleteConversation(7, id));
      expect(error).toMatchObject({ failure: 'bad_request', status: undefined });
      expect(lines).toEqual([]);
    },
  );
});

describe('the newest message', () => {
  const day = (number: number) => `2026-02-${String(number).padStart(2, '0')} 00:00:00`;
  const at = (number: number) => Date.UTC(2026, 1, number);
  /** Two pages at most: what stands on the first and on the last. */
  const newest = async (first: object, last?: object, purpose: 'messages' | 'verify' = 'messages') => {
    const { reader, lines } = await setUp((request, response) => {
      const body = (request.url ?? '').includes('page=1&') ? first : (last ?? first);
      always(messagesReply(conversation(), body))(request, response);
    });
    const answer = await reader.existence(7, SESSION, { purpose });
    if (answer.state !== 'present') throw new Error(answer.state);
    return { at: answer.lastMessageAt, requestCount: lines.length };
  };
  const rows = (...days: readonly number[]) => days.map((number) => message(day(number)));

  it('is the latest of a single page in any order', async () => {
    expect(await newest(paged(rows(3, 9, 5)))).toEqual({ at: at(9), requestCount: 1 });
    expect(await newest(paged([]))).toEqual({ at: undefined, requestCount: 1 });
  });

  it('is found on all pages, whatever their order', async () => {
    const first = { ...paged(rows(5, 4), 1, 2), total: 4 };
    const last = { ...paged(rows(9, 7), 2, 2), total: 4 };
    expect(await newest(first, last)).toEqual({ at: at(9), requestCount: 2 });
    expect(await newest(first, last, 'verify')).toEqual({ at: undefined, requestCount: 1 });
  });

  it('is unknown where pages do not tell', async () => {
    expect(await newest(paged([...rows(9, 8), message(null)]))).toMatchObject({ at: undefined });
    const foreign = rows(9, 8).map((row, index) => ({ ...row, conversation_id: 7 + index }));
    expect(await newest(paged(foreign))).toMatchObject({ at: undefined });
    expect(await newest(paged(rows(3, 2), 2, 4))).toMatchObject({ at: undefined, requestCount: 1 });
    expect(await newest({ data: rows(3, 2) })).toMatchObject({ at: undefined });
  });
});

describe('deletion', () => {
  const remove = async (reply: Reply) => {
    const { deleter, lines } = await setUp(always(reply));
    const answer = await deleter.deleteConversation(7, SESSION);
    expect(lines).toEqual([`DELETE /api/v1/projects/7/conversations/${SESSION}`]);
    return answer;
  };

  const UNSAID = { kind: 'ambiguous', status: 200, failure: 'HTTP 200, and not that it is deleted' };

  it.each<readonly [Reply, object]>([
    [{ body: { data: { deleted: true }, status: 'success' } }, { kind: 'accepted', status: 200 }],
    [{ status: 204 }, { kind: 'accepted', status: 204 }],
    [{ body: '' }, { kind: 'accepted', status: 200 }],
    [{ body: { ok: true } }, { kind: 'accepted', status: 200 }],
    [{ body: '<html>' }, { kind: 'ambiguous', status: 200, failure: 'HTTP 200, unreadable' }],
    [
      { status: 202, body: {} },
      { kind: 'ambiguous', status: 202, failure: 'HTTP 202, unreadable' },
    ],
    ...[
      { data: { deleted: false } },
      { deleted: false },
      { data: { deleted: 'false' } },
      { data: { deleted: 0 } },
      { data: { deleted: null } },
      { data: false },
      { data: [{ deleted: false }] },
      { status: 'error', data: { code: 403, message: 'forbidden' } },
      { success: false },
      { error: 'Forbidden' },
    ].map((body) => [{ body }, UNSAID] as const),
    [{ body: { data: { deleted: 1 } } }, { kind: 'accepted', status: 200 }],
    [{ body: { status: 'success' } }, { kind: 'accepted', status: 200 }],
    [
      { headers: { age: '60' }, body: { data: { deleted: true } } },
      { kind: 'ambiguous', status: 200, failure: 'HTTP 200, an old answer from a cache' },
    ],
    [refusal(404), { kind: 'not_found', status: 404 }],
    [
      { status: 404, body: 'no' },
      { kind: 'ambiguous', status: 404, failure: '404 without JSON' },
    ],
    [refusal(403), { kind: 'refused', status: 403, failure: 'forbidden' }],
    [refusal(400), { kind: 'refused', status: 400, failure: 'bad_request' }],
    [refusal(405), { kind: 'refused', status: 405, failure: 'bad_request' }],
    [refusal(500), { kind: 'ambiguous', status: 500, failure: 'HTTP 500' }],
    [refusal(502), { kind: 'ambiguous', status: 502, failure: 'HTTP 502' }],
    [
      { status: 302, headers: { location: '/' } },
      { kind: 'ambiguous', status: 302, failure: 'HTTP 302, redirect' },
    ],
    [
      { headers: { 'content-encoding': 'gzip' }, body: 'x' },
      { kind: 'ambiguous', status: 200, failure: 'HTTP 200, malformed' },
    ],
  ])('answered with %j is %j, sent once', async (reply, expected) => {
    expect(await remove(reply)).toEqual(expected);
  });

  it('throws for a refused key', async () => {
    const { deleter } = await setUp(always(refusal(401)));
    const error = await failureOf(deleter.deleteConversation(7, SESSION));
    expect(error.failure).toBe('unauthorized');
  });

  it('is ambiguous when the connection is cut, and not sent again', async () => {
    const { deleter, lines } = await setUp((request) => request.socket.destroy());
    const answer = await deleter.deleteConversation(7, SESSION);
    expect(answer).toMatchObject({ kind: 'ambiguous', status: undefined });
    expect(answer).toHaveProperty(
      'failure',
      expect.stringMatching(/^the connection was cut \((UND_ERR_SOCKET|ECONNRESET)/),
    );
    expect(lines).toHaveLength(1);
  });

  it('is out of reach of a reader', async () => {
    const { reader, deleter } = await setUp(always({}));
    expect(Object.keys(reader)).not.toContain('deleteConversation');
    expect('deleteConversation' in reader).toBe(false);
    expect(Object.isFrozen(reader)).toBe(true);
    expect('deleteConversation' in deleter).toBe(true);
  });
});

describe('lists', () => {
  it('are read page by page, by number', async () => {
    const { reader, lines } = await setUp((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
      const row = page === 2 ? { id: 2 } : conversation({ session_id: `${SESSION}-${page}` });
      const data = paged(page > 3 ? [] : [row], page, 3);
      always({ body: { status: 'success', data } })(request, response);
    });
    const pages = await collect<ConversationPage>(reader.conversationPages(7));
    expect(pages.map(({ page, lastPage, total, rows }) => [page, lastPage, total, rows[0]?.kind])).toEqual([
      [1, 3, 1, 'conversation'],
      [2, 3, 1, 'unusable'],
      [3, 3, 1, 'conversation'],
      // Whoever has all he wants stops before it.
      [4, 3, 0, undefined],
    ]);
    expect(pages[0]?.receivedAt).toBe(NOW);
    expect(pages.map(({ request }) => request)).toEqual(lines.slice(0, pages.length));
    const line = (page: number) =>
      `GET /api/v1/projects/7/conversations?page=${page}&orderBy=created_at&order=asc`;
    expect(lines).toEqual([line(1), line(2), line(3), line(4)]);
    const one = await reader.conversationPage(7, 2);
    expect([one.page, one.rows[0]?.kind, lines.at(-1)]).toEqual([2, 'unusable', line(2)]);
  });

  it.each(['newest_first', 'by_id'] as const)('are asked for %s', async (order) => {
    const { reader, lines } = await setUp(always({ body: { data: paged([]) } }));
    expect(await collect<ConversationPage>(reader.conversationPages(7, undefined, order))).toHaveLength(1);
    const query = { newest_first: 'created_at&order=desc', by_id: 'id&order=asc' }[order];
    expect(lines).toEqual([`GET /api/v1/projects/7/conversations?page=1&orderBy=${query}`]);
  });

  it.each<[string, (page: number) => Reply]>([
    ['two pages without rows, however many are claimed', (page) => ({ body: { data: paged([], page, 50) } })],
    ['a page behind the last that is not found', () => refusal(404)],
    ['a page behind the last that is refused', () => refusal(422)],
  ])('end with %s', async (_, behind) => {
    const { reader, lines } = await setUp((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
      const first = { body: { data: paged([conversation()], 1, 1) } };
      always(page === 1 ? first : behind(page))(request, response);
    });
    const pages = await collect<ConversationPage>(reader.conversationPages(7));
    expect(pages[0]?.rows).toHaveLength(1);
    expect(pages.slice(1).flatMap(({ rows }) => rows)).toEqual([]);
    expect(lines.length).toBeLessThanOrEqual(3);
  });

  it('fail where a page that should be there is refused', async () => {
    const { reader } = await setUp((request, response) => {
      const isFirst = (request.url ?? '').includes('page=1&');
      always(isFirst ? { body: { data: paged([conversation()], 1, 3) } } : refusal(422))(request, response);
    });
    const error = await failureOf(collect<ConversationPage>(reader.conversationPages(7)));
    expect(error).toMatchObject({ failure: 'bad_request', status: 422 });
  });

  it('ask for no page before the reader wants it', async () => {
    const { reader, lines } = await setUp(always({ body: { data: paged([], 1, 50) } }));
    for await (const page of reader.projectPages()) {
      expect(page.lastPage).toBe(50);
      break;
    }
    expect(lines).toHaveLength(1);
  });

  it('of projects skip rows without an id', async () => {
    const rows = [{ id: '7', project_name: 'A', is_shared: 1 }, { project_name: 'B' }, null];
    const { reader } = await setUp(always({ body: { status: 'success', data: paged(rows) } }));
    expect(await collect(reader.projectPages())).toEqual([
      { projects: [{ id: 7, name: 'A' }], page: 1, lastPage: 1, total: 3 },
    ]);
  });

  it.each<[string, Reply, ApiFailure, number]>([
    ['another page than asked', { body: { data: paged([], 2, 3) } }, 'malformed', 5],
    ['HTML', { body: '<html>' }, 'malformed', 5],
    ['half a JSON', { body: '{"data":{"current_page":1,' }, 'malformed', 5],
    ['bad UTF-8', { body: { data: paged([]) }, headers: { 'content-encoding': 'br' } }, 'malformed', 5],
    ['500', refusal(500), 'server_error', 5],
    ['401', refusal(401), 'unauthorized', 1],
    ['403', refusal(403), 'forbidden', 1],
    ['400', refusal(400), 'bad_request', 1],
  ])('end with an error after %s', async (...row) => {
    const [, reply, failure, requestCount] = row;
    const { reader, lines } = await setUp(always(reply));
    expect(await failureOf(collect(reader.conversationPages(7)))).toMatchObject({ failure });
    expect(lines).toHaveLength(requestCount);
  });

  it('refuse text that is not UTF-8', async () => {
    const { reader } = await setUp((_, response) => {
      const text = JSON.stringify({ data: paged([{ name: 'X' }]) });
      response.end(Buffer.from(text.replace('X', '\xff'), 'latin1'));
    });
    expect(await failureOf(reader.control(7))).toMatchObject({ failure: 'malformed', status: 200 });
  });
});

describe('whether the project itself answers', () => {
  it('says what was asked and when it was answered', async () => {
    const { reader } = await setUp(always({ body: { status: 'success', data: paged([conversation()]) } }));
    expect(await reader.control(7)).toEqual({
      request: 'GET /api/v1/projects/7/conversations?page=1&orderBy=created_at&order=asc',
      status: 200,
      receivedAt: NOW,
    });
  });
});

describe('the books', () => {
  it('count requests on the wire by purpose, retries included', async () => {
    let answers = 0;
    const { reader, deleter } = await setUp((request, response) => {
      answers += 1;
      always(answers === 1 ? refusal(500) : { body: { data: paged([]) } })(request, response);
    });
    await collect(reader.projectPages());
    await reader.control(7);
    await reader.existence(7, SESSION, { purpose: 'verify' });
    await reader.existence(7, SESSION, { purpose: 'calibrate' });
    await deleter.deleteConversation(7, SESSION);
    await reader.account();
    // What is asked to calibrate is a read: it is tried again.
    const expected = { list: 2, messages: 0, calibrate: 5, delete: 1, verify: 1, control: 1, account: 1 };
    expect(reader.requestCounts()).toEqual(expected);
    expect(deleter.requestCounts()).toEqual(expected);
  });

  it('are kept for each view by itself', async () => {
    const { client, reader } = await setUp(always({ body: { data: paged([]) } }));
    const [one, other] = [client.view(), client.view()];
    await one.reader.control(7);
    await one.deleter.deleteConversation(7, SESSION);
    expect(one.reader.requestCounts()).toMatchObject({ control: 1, delete: 1 });
    expect(other.reader.requestCounts()).toMatchObject({ control: 0, delete: 0 });
    expect(reader.requestCounts()).toMatchObject({ control: 0, delete: 0 });
    expect(other.reader.clockSkewMs()).toBeDefined();
  });

  it('know how far the clocks are apart, by the latest answer', async () => {
    let date: string | undefined = new Date(NOW + 90_000).toUTCString();
    const { reader } = await setUp((request, response) => {
      response.sendDate = false;
      if (date !== undefined) response.setHeader('date', date);
      always({ body: { data: paged([]) } })(request, response);
    });
    expect(reader.clockSkewMs()).toBeUndefined();
    await reader.control(7);
    expect(reader.clockSkewMs()).toBe(90_500);
    date = undefined;
    await reader.control(7);
    expect(reader.clockSkewMs()).toBeUndefined();
    date = 'yesterday';
    await reader.control(7);
    expect(reader.clockSkewMs()).toBeUndefined();
  });
});

describe('the key', () => {
  it('goes out as a bearer token and is seen nowhere else', async () => {
    let header: string | undefined;
    const { client, reader, deleter } = await setUp((request, response) => {
      header = request.headers.authorization;
      always({ status: 403, body: { echo: header } })(request, response);
    });
    const error = await failureOf(reader.control(7));
    expect(header).toBe(`Bearer ${KEY}`);
    const shown = [client, reader, deleter, error].map((thing) =>
      inspect(thing, { depth: 20, showHidden: true }),
    );
    expect(shown.join() + JSON.stringify(error)).not.toContain(KEY);
  });

  it.each(['', ' ', 'a b', 'a\nb', 'schlüssel'])('%j is refused without being repeated', (key) => {
    const clock = createVirtualClock(NOW);
    const chance = { fraction: () => 0, token: () => '' };
    const build = () =>
      createCustomGptClient({
        baseUrl: 'https://app.customgpt.ai',
        apiKey: { reveal: () => key },
        requestsPerMinute: 60,
        ...{ clock, log, chance },
      });
    expect(build).toThrow(RetentionError);
    expect(build).toThrow(/characters that no key has/);
  });
});
