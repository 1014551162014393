import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts';
import { ApiError } from '../core/errors.ts';
import { createCustomGptClient, type CustomGptClient } from './client.ts';

const SESSION = '0b8f6a0e-3c1d-4f5a-9b7e-2d4c6e8f0a1b';
const NOW = Date.UTC(2026, 5, 1, 12);
const LIST = { data: { current_page: 1, last_page: 1, total: 0, data: [] }, status: 'success' };
const MESSAGES = { data: { conversation: {}, messages: LIST.data }, status: 'success' };
const noop = () => undefined;
const log = { info: noop, warn: noop, error: noop, debug: noop };

const servers: Server[] = [];
const clients: CustomGptClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const server of servers.splice(0)) server.closeAllConnections();
});

interface Seen {
  /** Seconds since the start. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
}

/** Status of the n-th request (from 1), with headers; 0 cuts the connection, 1 leaves it without an answer. */
type Script = (request: Seen, count: number) => readonly [number, Readonly<Record<string, string>>?];

async function setUp(script: Script, options: { manual?: boolean; requestsPerMinute?: number } = {}) {
  const clock = createVirtualClock(NOW, { manual: options.manual ?? false });
  const seen: Seen[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url: path = '' } = request;
    const line = { at: (clock.now() - NOW) / 1000, method, path };
    seen.push(line);
    const [status, headers] = script(line, seen.length);
    if (status === 0) {
      request.socket.destroy();
      return;
    }
    if (status === 1) return;
    response.sendDate = false;
    response.writeHead(status, headers);
    response.end(JSON.stringify(path.includes('/messages') ? MESSAGES : LIST));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = build(clock, (server.address() as AddressInfo).port, options.requestsPerMinute);
  return { ...client, clock, seen, times: () => seen.map(({ at }) => Math.round(at * 10) / 10) };
}

function build(clock: VirtualClock, port: number, requestsPerMinute?: number) {
  const client = createCustomGptClient({
    baseUrl: `http://127.0.0.1:${port}`,
    apiKey: { reveal: () => 'k' },
    requestsPerMinute: requestsPerMinute ?? 'unlimited',
    ...{ clock, log, chance: { fraction: () => 0.999_999, token: () => '' } },
  });
  clients.push(client);
  return client;
}

async function failureOf(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

async function asleep(clock: VirtualClock): Promise<void> {
  while (clock.sleeping === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

function session(number: number): string {
  return `session-${number}`;
}

describe('a read', () => {
  it('is tried five times, each delay twice the one before', async () => {
    const { reader, times } = await setUp(() => [500]);
    expect(await failureOf(reader.control(7))).toMatchObject({ failure: 'server_error', status: 500 });
    expect(times()).toEqual([0, 1, 3, 7, 15]);
  });

  it('ends with the first success', async () => {
    const { reader, times } = await setUp((_, count) => [count === 1 ? 503 : count === 2 ? 0 : 200]);
    expect(await reader.control(7)).toMatchObject({ status: 200 });
    expect(times()).toEqual([0, 1, 3]);
  });

  it('waits as long as a 503 says', async () => {
    const { reader, times } = await setUp((_, count) =>
      count === 1 ? [503, { 'retry-after': '30' }] : [200],
    );
    await reader.control(7);
    expect(times()).toEqual([0, 30]);
  });

  it('is not repeated for what does not pass', async () => {
    for (const status of [301, 400, 401, 403, 404, 409, 422]) {
      const { reader, seen } = await setUp(() => [status]);
      expect(await failureOf(reader.control(7))).toMatchObject({ status });
      expect(seen).toHaveLength(1);
    }
  });

  it('stops at once when it is aborted while it waits', async () => {
    const { reader, seen, clock } = await setUp(() => [500], { manual: true });
    const stop = new AbortController();
    const call = failureOf(reader.control(7, stop.signal));
    await asleep(clock);
    stop.abort();
    expect(await call).toMatchObject({ failure: 'aborted' });
    expect(clock.sleeping).toBe(0);
    expect(seen).toHaveLength(1);
    expect(await failureOf(reader.control(7, stop.signal))).toMatchObject({ failure: 'aborted' });
  });
});

describe('first contact', () => {
  it('fails after four attempts within seconds where nobody listens', async () => {
    const { clock } = await setUp(() => [200]);
    const port = (servers[0]?.address() as AddressInfo).port;
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const { reader } = build(clock, port);
    const calls = [reader.control(7), reader.control(8), reader.control(9)];
    const errors = await Promise.all(calls.map(failureOf));
    expect(errors.map(({ failure }) => failure)).toEqual(['network', 'network', 'network']);
    expect(errors[0]?.code).toBe(`ECONNREFUSED 127.0.0.1:${port}`);
    expect(Math.abs(clock.now() - NOW - 7000)).toBeLessThanOrEqual(1);
    expect(reader.requestCounts().control).toBe(0);
  });

  it('is over with the first answer of any kind', async () => {
    const { reader, seen } = await setUp((_, count) => [count === 1 ? 404 : 0]);
    await failureOf(reader.control(7));
    expect(await failureOf(reader.control(7))).toMatchObject({ failure: 'network' });
    expect(seen).toHaveLength(6);
  });
});

describe('a 429', () => {
  const until = new Date(NOW + 20_000).toUTCString();
  it.each([
    [{ 'retry-after': '20' }, 20],
    [{ 'retry-after': until }, 20],
    [{ 'retry-after': until, date: new Date(NOW + 5000).toUTCString() }, 15],
    [{ 'retry-after': '-20' }, 1],
    [{ 'retry-after': 'soon' }, 1],
    [{}, 1],
    [{ 'retry-after': '86400' }, 900],
  ])('with %j is obeyed by all', async (headers, seconds) => {
    const script: Script = (_, count) => (count === 1 ? [429, headers] : [200]);
    const { reader, deleter, seen, times, clock } = await setUp(script);
    const release = clock.hold();
    const first = reader.control(7);
    await asleep(clock);
    const others = [1, 2, 3].map((n) => deleter.deleteConversation(7, session(n)));
    release();
    await Promise.all([first, ...others]);
    expect(times()).toEqual([0, seconds, seconds, seconds, seconds]);
    expect(seen[1]?.method).toBe('GET');
  });

  it('is the one answer after which a DELETE is sent again', async () => {
    const { deleter, seen } = await setUp((_, count) => [count < 3 ? 429 : 200]);
    expect(await deleter.deleteConversation(7, SESSION)).toEqual({ kind: 'accepted', status: 200 });
    expect(seen).toHaveLength(3);
  });

  it('that does not end refuses after a quarter of an hour', async () => {
    const { reader, deleter, seen, clock } = await setUp(() => [429]);
    const [answer, evidence, error] = await Promise.all([
      deleter.deleteConversation(7, SESSION),
      reader.existence(7, SESSION, { purpose: 'verify' }),
      failureOf(reader.control(7)),
    ]);
    expect(answer).toEqual({ kind: 'refused', status: 429, failure: 'throttled' });
    expect(evidence).toMatchObject({ state: 'no_evidence', status: 429, failure: 'HTTP 429' });
    expect(error).toMatchObject({ failure: 'throttled', status: 429 });
    expect(clock.now() - NOW).toBeGreaterThanOrEqual(900_000);
    expect(clock.now() - NOW).toBeLessThan(970_000);
    expect(seen.length).toBeLessThan(25);
  });

  it('keeps a verification waiting, which else tries once', async () => {
    const { reader, times } = await setUp((_, count) => [count === 1 ? 429 : count === 2 ? 200 : 500]);
    expect(await reader.existence(7, SESSION, { purpose: 'verify' })).toMatchObject({ state: 'present' });
    expect(await reader.existence(7, SESSION, { purpose: 'verify' })).toMatchObject({ status: 500 });
    expect(times()).toEqual([0, 1, 1]);
  });
});

describe('a DELETE for which there is no connection', () => {
  const answerOnceAndClose = async () => {
    const parts = await setUp(() => [200]);
    await parts.reader.control(7);
    const server = servers.pop();
    const { port } = server?.address() as AddressInfo;
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
    return { ...parts, server, port };
  };

  it('has not been carried out, so it is sent once there is one', async () => {
    const { deleter, clock, seen, server, port } = await answerOnceAndClose();
    const release = clock.hold();
    const answer = deleter.deleteConversation(7, SESSION);
    await asleep(clock);
    if (server === undefined) throw new Error('no server');
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    release();
    expect(await answer).toEqual({ kind: 'accepted', status: 200 });
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'DELETE']);
  });

  it('is said not to have been sent when there is none for long', async () => {
    const { deleter, clock, seen, port } = await answerOnceAndClose();
    const startedAt = clock.monotonic();
    const answer = await deleter.deleteConversation(7, SESSION);
    expect(answer).toEqual({ kind: 'not_sent', failure: `no connection (ECONNREFUSED 127.0.0.1:${port})` });
    expect(clock.monotonic() - startedAt).toBeLessThan(400_000);
    expect(seen).toHaveLength(1);
  });

  it('is asked again whether it may go, each time', async () => {
    const { deleter, seen } = await answerOnceAndClose();
    let asked = 0;
    const mayBeSent = () => Promise.resolve((asked += 1) < 3);
    const error = await failureOf(deleter.deleteConversation(7, SESSION, { mayBeSent }));
    expect(error).toMatchObject({ failure: 'aborted', neverSent: true });
    expect(asked).toBe(3);
    expect(seen).toHaveLength(1);
  });
});

describe('an outage', () => {
  it('costs a handful of requests, burns no attempts, and ends by itself', async () => {
    const outage = { from: 5, to: 200 };
    const { reader, seen } = await setUp(({ at }) => [at >= outage.from && at < outage.to ? 503 : 200], {
      requestsPerMinute: 600,
    });
    const useful = 400;
    let next = 0;
    const worker = async () => {
      while (next < useful) {
        next += 1;
        const answer = await reader.existence(7, session(next), { purpose: 'messages' });
        expect(answer.state).toBe('present');
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    expect(seen.length - useful).toBeLessThan(useful * 0.05);
    expect(seen.filter(({ at }) => at >= outage.from && at < outage.to).length).toBe(seen.length - useful);
  });

  it('does not use up the attempts of the few who probe', async () => {
    const { reader, seen } = await setUp(({ at }) => [at < 250 ? 503 : 200]);
    const calls = [reader.control(7), reader.control(8)];
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200]);
    expect(seen.length).toBeLessThan(18);
  });

  it('lasts as long as a 503 says', async () => {
    const outage: Script = ({ at }) => (at === 0 ? [503, { 'retry-after': '45' }] : [200]);
    const { reader, times } = await setUp(outage);
    await Promise.all([7, 8, 9, 10].map((projectId) => reader.control(projectId)));
    expect(times()).toEqual([0, 0, 0, 0, 45, 45, 45, 45]);
  });

  it('is not what aborted requests look like', async () => {
    const stop = new AbortController();
    const { reader, times } = await setUp((_, count) => {
      if (count === 10) stop.abort();
      return [count > 1 && count < 11 ? 1 : 200];
    });
    await reader.control(7);
    const calls = Array.from({ length: 9 }, (_, n) => reader.control(n + 1, stop.signal));
    const failures = (await Promise.all(calls.map(failureOf))).map(({ failure }) => failure);
    expect(new Set(failures)).toEqual(new Set(['aborted']));
    await reader.control(7);
    expect(new Set(times())).toEqual(new Set([0]));
  });

  it('longer than the patience fails all who wait', async () => {
    const { reader, deleter, seen, clock } = await setUp((_, count) => [count === 1 ? 200 : 0]);
    await reader.control(7);
    const reads = [1, 2, 3, 4, 5, 6].map((n) => reader.existence(7, session(n), { purpose: 'messages' }));
    const answers = await Promise.all(reads);
    for (const answer of answers) {
      expect(answer).toMatchObject({ state: 'no_evidence', status: undefined });
      expect(answer).toHaveProperty(
        'failure',
        expect.stringMatching(/^(the connection was cut \((UND_ERR_SOCKET|ECONNRESET)|no connection)/),
      );
    }
    expect(clock.now() - NOW).toBeLessThan(370_000);
    expect(clock.now() - NOW).toBeGreaterThanOrEqual(300_000);
    expect(seen.length).toBeLessThan(25);
    expect(await deleter.deleteConversation(7, SESSION)).toMatchObject({ kind: 'ambiguous' });
  });

  it('of one conversation does not hold up the others', async () => {
    const { reader, times, clock } = await setUp(({ path }) => [path.includes('broken') ? 500 : 200]);
    const broken = reader.existence(7, 'session-broken', { purpose: 'messages' });
    for (let n = 0; n < 20; n += 1) await reader.existence(7, session(n), { purpose: 'messages' });
    expect(clock.now() - NOW).toBeLessThan(1001);
    expect(await broken).toMatchObject({ state: 'no_evidence', status: 500 });
    expect(times().slice(-4)).toEqual([1, 3, 7, 15]);
  });
});

describe('the pace', () => {
  it('holds for all calls together', async () => {
    const { reader, deleter, seen } = await setUp(() => [200], { requestsPerMinute: 90 });
    await Promise.all([
      ...[1, 2, 3, 4, 5].map((n) => reader.existence(7, session(n), { purpose: 'messages' })),
      ...[1, 2, 3, 4, 5].map((n) => deleter.deleteConversation(7, session(n))),
      reader.control(7),
    ]);
    const gaps = seen.slice(1).map(({ at }, index) => at - (seen[index]?.at ?? 0));
    expect(gaps).toHaveLength(10);
    expect(Math.min(...gaps)).toBeGreaterThan(0.66);
    expect(Math.max(...gaps)).toBeLessThan(0.7);
  });
});

describe('closing', () => {
  it('aborts what waits and what is asked afterwards', async () => {
    const { reader, seen, clock } = await setUp(() => [429], { manual: true });
    const call = failureOf(reader.control(7));
    await asleep(clock);
    await clients[0]?.close();
    expect(await call).toMatchObject({ failure: 'aborted' });
    expect(await failureOf(reader.control(7))).toMatchObject({ failure: 'aborted' });
    expect(seen).toHaveLength(1);
  });
});
