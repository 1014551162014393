import { get as httpGet, type IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startSandbox, type Sandbox } from './server.ts';

const NOW = Date.UTC(2025, 10, 20, 12, 0, 0);
const PROJECT = 7;
const LIST = `/api/v1/projects/${PROJECT}/conversations`;

interface Listing {
  readonly data: readonly { readonly session_id: string }[];
  readonly current_page: number;
  readonly total: number;
}

let sandbox: Sandbox;
let now: number;

beforeEach(async () => {
  now = NOW;
  sandbox = await startSandbox({ sample: 'empty', now: () => now });
  sandbox.accounts.addProject({ id: PROJECT, name: 'Support' });
  for (let index = 0; index < 25; index += 1) {
    sandbox.accounts.addConversation(PROJECT, {
      sessionId: `session-${index}`,
      createdAt: NOW - 1_000_000 + index,
    });
  }
});

afterEach(() => sandbox.close());

function send(path: string, method = 'GET'): Promise<Response> {
  const headers = { authorization: `Bearer ${sandbox.apiKey}` };
  return fetch(sandbox.url + path, { method, headers, redirect: 'manual' });
}

async function dataOf<Data>(response: Promise<Response>): Promise<Data> {
  return ((await (await response).json()) as { data: Data }).data;
}

function page(query: string): Promise<Listing> {
  return dataOf<Listing>(send(`${LIST}?${query}`));
}

const messagesOf = (index: number): string => `${LIST}/session-${index}/messages`;
const deleteOf = (index: number): Promise<Response> => send(`${LIST}/session-${index}`, 'DELETE');

describe('rules', () => {
  it('strike by route, page, turn, times and what has arrived before', async () => {
    const statuses = async (...paths: string[]): Promise<number[]> => {
      const seen: number[] = [];
      for (const path of paths) seen.push((await send(path)).status);
      return seen;
    };
    const remove = sandbox.faults.add({
      when: { route: ['conversations.list'], page: 2 },
      times: 1,
      then: { status: 503 },
    });
    expect(await statuses(LIST, `${LIST}?page=2`, `${LIST}?page=2`)).toEqual([200, 503, 200]);
    remove();
    expect(sandbox.faults.rules).toEqual([]);
    sandbox.faults.add({ when: { afterRequests: 1, nth: 2 }, then: { status: 500 } });
    expect(await statuses(LIST, LIST, LIST, LIST)).toEqual([200, 200, 500, 200]);
    sandbox.faults.clearRules();
    sandbox.faults.add({ when: { route: 'messages.list', nthPerSession: 1 }, then: { status: 502 } });
    expect(await statuses(messagesOf(1), messagesOf(2), messagesOf(1))).toEqual([502, 502, 200]);
    sandbox.faults.clearRules();
    sandbox.faults.add({ when: { projectId: 8 }, then: { status: 500 } });
    sandbox.faults.add({ when: { sessionId: 'session-3', method: 'GET' }, then: { status: 500 } });
    expect(await statuses(messagesOf(3), messagesOf(4))).toEqual([500, 200]);
  });

  it('end after a time', async () => {
    sandbox.faults.add({ when: { forMs: 60_000 }, then: { status: 503 } });
    now += 59_999;
    expect((await send(LIST)).status).toBe(503);
    now += 1;
    expect((await send(LIST)).status).toBe(200);
  });

  it('draw from the seed', async () => {
    const draw = async (seed: number): Promise<number[]> => {
      const other = await startSandbox({ sample: 'empty', seed });
      other.faults.add({ probability: 0.5, then: { status: 503 } });
      const seen: number[] = [];
      for (let index = 0; index < 20; index += 1) seen.push((await fetch(other.url)).status);
      await other.close();
      return seen;
    };
    const first = await draw(1);
    expect(await draw(1)).toEqual(first);
    expect(await draw(2)).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([503, 404]));
  });

  it.each([
    ['api-json', 'application/json', /"status":"error"/],
    ['html', 'text/html; charset=UTF-8', /<html/],
    ['empty', null, /^$/],
    ['not-json', 'application/json', /^\{"data"/],
    ['foreign-json', 'application/json', /^\{"message"/],
  ] as const)('answer with a body of kind %s', async (body, type, pattern) => {
    sandbox.faults.add({ then: { status: 404, body } });
    const response = await send(LIST);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toMatch(pattern);
  });

  it('swap a body under the honest status', async () => {
    sandbox.faults.add({ when: { route: 'messages.list' }, then: { body: 'html' } });
    expect((await send(messagesOf(1))).status).toBe(200);
    expect((await send(messagesOf(999))).status).toBe(404);
  });

  it('fail with and without executing', async () => {
    sandbox.faults.add({ when: { sessionId: 'session-1' }, then: { status: 500 } });
    sandbox.faults.add({ when: { sessionId: 'session-2' }, then: { status: 500, executed: true } });
    expect([(await deleteOf(1)).status, (await deleteOf(2)).status]).toEqual([500, 500]);
    expect(sandbox.accounts.has(PROJECT, 'session-1')).toBe(true);
    expect(sandbox.accounts.has(PROJECT, 'session-2')).toBe(false);
  });

  it('cut the connection before, after, and in the middle', async () => {
    sandbox.faults.add({ when: { sessionId: 'session-1' }, then: { cut: 'before' } });
    sandbox.faults.add({ when: { sessionId: 'session-2' }, then: { cut: 'after' } });
    sandbox.faults.add({ when: { route: 'conversations.list' }, then: { cut: 'mid-body' } });
    await expect(deleteOf(1)).rejects.toThrow();
    await expect(deleteOf(2)).rejects.toThrow();
    expect(sandbox.accounts.has(PROJECT, 'session-1')).toBe(true);
    expect(sandbox.accounts.has(PROJECT, 'session-2')).toBe(false);
    const response = await send(LIST);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(sandbox.journal.entries.map((entry) => entry.status)).toEqual([undefined, undefined, 200]);
  });

  it.each([
    [20, '20'],
    [-5, '-5'],
    [1e15, '1000000000000000'],
    ['soon', 'soon'],
    [{ dateInMs: 20_000 }, 'Thu, 20 Nov 2025 12:00:20 GMT'],
    [undefined, null],
  ] as const)('send Retry-After %j', async (retryAfter, header) => {
    sandbox.faults.add({ then: { status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) } });
    expect((await send(LIST)).headers.get('retry-after')).toBe(header);
  });

  it('redirect', async () => {
    sandbox.faults.add({ then: { redirectTo: 'http://127.0.0.1:1/stolen' } });
    const response = await deleteOf(1);
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('http://127.0.0.1:1/stolen');
    expect(sandbox.accounts.has(PROJECT, 'session-1')).toBe(true);
  });

  it('bend pages', async () => {
    const honest = await page('page=1');
    sandbox.faults.add({ when: { page: 2 }, then: { repeatPage: true } });
    const repeated = await page('page=2');
    expect(repeated.current_page).toBe(2);
    expect(repeated.data).toEqual(honest.data);
    sandbox.faults.clearRules();
    sandbox.faults.add({ then: { totalOffset: -3 } });
    sandbox.faults.add({ then: { dropRows: 1 } });
    const lying = await page('page=1');
    expect(lying.total).toBe(22);
    expect(lying.data).toHaveLength(9);
    sandbox.faults.clearRules();
    sandbox.faults.add({ then: { truncateBody: true } });
    await expect((await send(LIST)).json()).rejects.toThrow(SyntaxError);
  });

  it('shift the Date header or leave it out', async () => {
    sandbox.faults.add({ times: 1, then: { date: { shiftMs: -120_000 } } });
    expect((await send(LIST)).headers.get('date')).toBe('Thu, 20 Nov 2025 11:58:00 GMT');
    sandbox.faults.add({ times: 1, then: { date: 'absent' } });
    expect((await send(LIST)).headers.get('date')).toBeNull();
    expect((await send(LIST)).headers.get('date')).toBe('Thu, 20 Nov 2025 12:00:00 GMT');
  });

  it('delay, and let nobody wait beyond a close', async () => {
    sandbox.faults.add({ when: { route: 'conversations.list' }, then: { latencyMs: [5, 10] } });
    expect((await send(LIST)).status).toBe(200);
    sandbox.faults.add({ when: { route: 'user' }, then: { latencyMs: 3_600_000 } });
    const waiting = expect(send('/api/v1/user')).rejects.toThrow();
    while (sandbox.journal.inFlight === 0) await new Promise(setImmediate);
    await sandbox.close();
    await waiting;
  });
});

describe('endless bodies', () => {
  function open(): Promise<IncomingMessage> {
    const headers = { authorization: `Bearer ${sandbox.apiKey}` };
    return new Promise((resolve) => {
      httpGet(sandbox.url + LIST, { headers }, (response) => {
        response.on('error', () => undefined);
        resolve(response);
      });
    });
  }

  it('go on until the client leaves', async () => {
    sandbox.faults.add({ then: { endless: 'body' } });
    const response = await open();
    let received = 0;
    for await (const chunk of response) {
      received += (chunk as Buffer).length;
      if (received > 20_000_000) break;
    }
    expect(received).toBeGreaterThan(20_000_000);
    sandbox.faults.clearRules();
    expect((await send(LIST)).status).toBe(200);
  });

  it('inflate a thousandfold as a gzip bomb', async () => {
    sandbox.faults.add({ then: { endless: 'gzip-bomb' } });
    const response = await open();
    expect(response.headers['content-encoding']).toBe('gzip');
    let wire = 0;
    let inflated = 0;
    response.on('data', (chunk: Buffer) => (wire += chunk.length));
    const gunzip = response.pipe(createGunzip());
    for await (const chunk of gunzip) {
      inflated += (chunk as Buffer).length;
      if (inflated > 100_000_000) break;
    }
    response.destroy();
    expect(inflated).toBeGreaterThan(100_000_000);
    expect(inflated / wire).toBeGreaterThan(100);
  });

  it('drip byte by byte', async () => {
    sandbox.faults.add({ then: { endless: 'drip', dripMs: 1 } });
    const sizes: number[] = [];
    for await (const chunk of await open()) {
      sizes.push((chunk as Buffer).length);
      if (sizes.length === 4) break;
    }
    expect(sizes).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThan(10);
  });
});

describe('knobs', () => {
  it('keep what was deleted readable and listed for a while', async () => {
    sandbox.faults.staleReadsMs = 30_000;
    sandbox.faults.staleListMs = 10_000;
    await deleteOf(3);
    expect(sandbox.accounts.count(PROJECT)).toBe(24);
    expect((await send(messagesOf(3))).status).toBe(200);
    expect((await page('')).total).toBe(25);
    now += 10_000;
    expect((await page('')).total).toBe(24);
    now += 19_999;
    expect((await send(messagesOf(3))).status).toBe(200);
    now += 1;
    expect((await send(messagesOf(3))).status).toBe(404);
  });

  it('swallow deletes', async () => {
    sandbox.faults.swallowDeletes = true;
    expect((await deleteOf(3)).status).toBe(200);
    sandbox.faults.swallowDeletes = false;
    sandbox.faults.add({ when: { sessionId: 'session-4' }, then: { swallow: true } });
    expect((await deleteOf(4)).status).toBe(200);
    expect(sandbox.accounts.count(PROJECT)).toBe(25);
  });

  it('ignore the order, with every row once', async () => {
    const ids = async (): Promise<string[]> => {
      const pages = await Promise.all([1, 2, 3].map((n) => page(`page=${n}&order=asc&orderBy=created_at`)));
      return pages.flatMap((one) => one.data.map((row) => row.session_id));
    };
    const honest = await ids();
    sandbox.faults.ignoreOrder = true;
    expect(await ids()).toEqual(honest.toReversed());
    sandbox.faults.ignoreOrder = 'scrambled';
    const scrambled = await ids();
    expect(scrambled).not.toEqual(honest);
    expect(scrambled.toSorted()).toEqual(honest.toSorted());
  });

  it.each([
    ['seconds', '60'],
    ['date', 'Thu, 20 Nov 2025 12:01:00 GMT'],
    ['none', null],
  ] as const)('limit the rate and say when to come back: %s', async (retryAfter, header) => {
    sandbox.faults.rateLimit = { perMinute: 2, retryAfter };
    const responses = [await send(LIST), await send(LIST), await send(LIST)];
    expect(responses.map((response) => response.status)).toEqual([200, 200, 429]);
    expect(responses[2]?.headers.get('retry-after')).toBe(header);
    expect(responses[0]?.headers.get('x-ratelimit-remaining')).toBe(header === null ? null : '1');
    now += 60_000;
    expect((await send(LIST)).status).toBe(200);
  });

  it('forbid, revoke, lose everything', async () => {
    sandbox.faults.forbiddenProjects.set(PROJECT, 403);
    expect((await send(LIST)).status).toBe(403);
    expect((await dataOf<Listing>(send('/api/v1/projects'))).total).toBe(1);
    sandbox.faults.forbiddenProjects.set(PROJECT, 404);
    expect((await send(LIST)).status).toBe(404);
    sandbox.faults.revokedKey = true;
    expect((await send(LIST)).status).toBe(401);
    sandbox.faults.everything404 = true;
    expect(await (await send('/api/v1/user')).text()).toContain('<html');
    sandbox.faults.everything404 = 'api-json';
    expect((await dataOf<{ code: number }>(send('/'))).code).toBe(404);
  });

  it('move rows while they are paged', async () => {
    sandbox.faults.shiftingPages = true;
    const totals = [(await page('page=1')).total, (await page('page=2')).total, (await page('page=3')).total];
    expect(totals).toEqual([25, 26, 27]);
    sandbox.faults.shiftingPages = false;
    sandbox.faults.shrinkingPages = true;
    expect([(await page('')).total, (await page('')).total]).toEqual([28, 27]);
    expect(sandbox.accounts.has(PROJECT, 'session-0')).toBe(false);
  });

  it('name the conversation in a 404, spend the credits', async () => {
    sandbox.faults.notFoundNames = 'conversation';
    expect(await (await send(messagesOf(99))).text()).toContain('session-99');
    sandbox.faults.creditsSpent = true;
    const response = await fetch(sandbox.url + messagesOf(1), {
      method: 'POST',
      body: '{"prompt":"hello"}',
      headers: { authorization: 'Bearer sandbox-key' },
    });
    expect(response.status).toBe(429);
  });
});
