import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import type { AnswerSize, Timeouts } from './request.ts';
import { createTransport, type Transport } from './transport.ts';
import { createUrls, type Target } from './urls.ts';

const SESSION = '0b8f6a0e-3c1d-4f5a-9b7e-2d4c6e8f0a1b';
const MEBIBYTE = Buffer.alloc(1024 * 1024, ' ');
const TIMEOUTS: Timeouts = {
  ...{ connectMs: 2000, headersMs: 2000, bodyIdleMs: 2000, listTotalMs: 10_000, totalMs: 300 },
  deleteGraceMs: 100,
};

const noop = () => undefined;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const servers: Server[] = [];
const transports: Transport[] = [];
afterEach(async () => {
  await Promise.all(transports.splice(0).map((transport) => transport.close()));
  for (const server of servers.splice(0)) server.closeAllConnections();
});

async function listen(handler: Handler): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function setUp(handler: Handler, timeouts: Partial<Timeouts> = {}) {
  let requestCount = 0;
  const origin = await listen((request, response) => {
    requestCount += 1;
    handler(request, response);
  });
  return { ...connect(origin, timeouts), requestCount: () => requestCount };
}

function connect(origin: string, timeouts: Partial<Timeouts> = {}, connections = 4) {
  const urls = createUrls(origin);
  const transport = createTransport({
    ...{ origin, connections, authorization: () => 'Bearer k', timeouts: { ...TIMEOUTS, ...timeouts } },
    clock: createVirtualClock(0),
  });
  transports.push(transport);
  let sentCount = 0;
  const onSent = () => {
    sentCount += 1;
  };
  const read = (size: AnswerSize, signal?: AbortSignal) =>
    transport.send({ target: urls.messages(7, SESSION, 1), size, signal }, onSent);
  const remove = (signal?: AbortSignal, mayStillBeSent?: () => boolean) =>
    transport.send({ target: urls.deletion(7, SESSION), size: 'small', signal, mayStillBeSent }, onSent);
  return { transport, urls, read, remove, sentCount: () => sentCount };
}

/** Writes as long as the other side reads. */
function pour(response: ServerResponse, chunk: Buffer): void {
  let goesOn = true;
  while (goesOn && !response.destroyed) goesOn = response.write(chunk);
  if (!response.destroyed) {
    response.once('drain', () => {
      pour(response, chunk);
    });
  }
}

describe('a body', () => {
  it('is cut off at its limit, however much more there is', async () => {
    let cut = Promise.resolve();
    const { read } = await setUp((_, response) => {
      cut = new Promise((resolve) => response.once('close', resolve));
      response.writeHead(200);
      pour(response, MEBIBYTE);
    });
    const before = process.memoryUsage().rss;
    expect(await read('list')).toMatchObject({ status: 200, body: undefined, bodyFailure: 'too_large' });
    await cut;
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
  });

  it('is not read at all when it announces too much', async () => {
    const { read } = await setUp((_, response) => {
      response.writeHead(200, { 'content-length': String(1024 ** 3) });
      response.write(' ');
    });
    expect(await read('list')).toMatchObject({ bodyFailure: 'too_large' });
  });

  it.each<[AnswerSize, number]>([
    ['small', 1],
    ['messages', 8],
    ['list', 32],
  ])('of size %s may have %i MiB and not a byte more', async (size, mebibytes) => {
    const { read } = await setUp(
      (_, response) => {
        for (let count = 0; count < mebibytes; count += 1) response.write(MEBIBYTE);
        response.end(extra);
      },
      { totalMs: 10_000 },
    );
    let extra = '';
    expect(await read(size)).toMatchObject({ bodyFailure: undefined });
    extra = 'x';
    expect(await read(size)).toMatchObject({ bodyFailure: 'too_large' });
  });

  it('is never inflated', async () => {
    const { read } = await setUp((incoming, response) => {
      expect(incoming.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync(Buffer.alloc(1_000_000)));
    });
    expect(await read('small')).toMatchObject({ status: 200, body: undefined, bodyFailure: 'malformed' });
  });

  it('that comes byte by byte ends with the deadline', async () => {
    let cut = Promise.resolve();
    const { read } = await setUp((_, response) => {
      response.writeHead(200);
      const dripping = setInterval(() => response.write(' '), 50);
      cut = new Promise((resolve) => {
        response.once('close', () => {
          clearInterval(dripping);
          resolve();
        });
      });
    });
    const startedAt = performance.now();
    expect(await read('small')).toMatchObject({ status: 200, body: undefined, bodyFailure: 'timeout' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(295);
    await cut;
  });

  it('that breaks off is a network failure', async () => {
    const { read } = await setUp((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"data":', () => response.destroy());
    });
    expect(await read('small')).toMatchObject({ status: 200, body: undefined, bodyFailure: 'network' });
  });
});

describe('no answer', () => {
  it('in time is a timeout', async () => {
    const { read } = await setUp(() => undefined);
    expect(await read('small')).toMatchObject({ kind: 'silence', failure: 'timeout' });
  });

  it('of the headers in time is a timeout, too', async () => {
    const { read } = await setUp(() => undefined, { headersMs: 100, totalMs: 5000 });
    expect(await read('small')).toMatchObject({
      ...{ kind: 'silence', failure: 'timeout', code: 'UND_ERR_HEADERS_TIMEOUT' },
    });
  });

  it('at all is a network failure that does not count as sent', async () => {
    const origin = await listen(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const { read, transport, sentCount } = connect(origin);
    const code = `ECONNREFUSED ${new URL(origin).host}`;
    expect(await read('small')).toMatchObject({ kind: 'silence', failure: 'network', code });
    expect(sentCount()).toBe(0);
    expect(transport.hasAnswered()).toBe(false);
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('(%i) is an answer whose target gets no request', async (status) => {
    let visits = 0;
    const elsewhere = await listen((_, response) => {
      visits += 1;
      response.end();
    });
    const { read, remove } = await setUp((_, response) => {
      response.writeHead(status, { location: `${elsewhere}/api/v1/projects/1` });
      response.end();
    });
    expect(await read('small')).toMatchObject({ status, body: undefined });
    expect(await remove()).toMatchObject({ status, body: undefined });
    expect(visits).toBe(0);
  });
});

describe('an abort', () => {
  it('ends a GET at once, and its connection', async () => {
    const stop = new AbortController();
    let cut = Promise.resolve();
    const { read } = await setUp((_, response) => {
      cut = new Promise((resolve) => response.once('close', resolve));
      stop.abort();
    });
    expect(await read('list', stop.signal)).toMatchObject({ kind: 'silence', failure: 'aborted' });
    await cut;
  });

  it('before a DELETE was sent keeps it from being sent', async () => {
    const { remove, requestCount, sentCount } = await setUp(() => undefined);
    const stop = new AbortController();
    const answer = remove(stop.signal);
    stop.abort();
    expect(await answer).toMatchObject({ kind: 'silence', failure: 'aborted' });
    expect(await remove(stop.signal)).toMatchObject({ failure: 'aborted' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(requestCount()).toBe(0);
    expect(sentCount()).toBe(0);
  });

  it('of one that waits for a connection keeps it from being sent', async () => {
    const waiting: ServerResponse[] = [];
    let lines = 0;
    const origin = await listen((_, response) => {
      lines += 1;
      waiting.push(response);
    });
    const { read, remove } = connect(origin, { totalMs: 5000 }, 1);
    const first = read('small');
    const stop = new AbortController();
    const second = remove(stop.signal);
    await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort();
    expect(await second).toMatchObject({ failure: 'aborted' });
    waiting[0]?.end('{}');
    expect(await first).toMatchObject({ status: 200 });
    const third = read('small');
    await new Promise((resolve) => setTimeout(resolve, 50));
    waiting[1]?.end('{}');
    expect(await third).toMatchObject({ status: 200 });
    expect(lines).toBe(2);
  });

  it.each(['a connection is open', 'one of the busy connections is free'])(
    'is what a DELETE gets that may not be written any more when at last %s',
    async (why) => {
      const lines: (string | undefined)[] = [];
      const origin = await listen(({ method }, response) => {
        lines.push(method);
        setTimeout(() => response.end('{}'), 20);
      });
      const { read, remove, sentCount } = connect(origin, { totalMs: 5000 }, 1);
      const isBusy = why.includes('busy');
      const first = isBusy ? read('small') : undefined;
      let mayBeSent = true;
      const answer = remove(undefined, () => mayBeSent);
      // After it was handed over, and before it is written.
      mayBeSent = false;
      expect(await answer).toMatchObject({ kind: 'silence', failure: 'aborted', neverSent: true });
      if (first !== undefined) expect(await first).toMatchObject({ status: 200 });
      expect(await read('small')).toMatchObject({ status: 200 });
      expect(lines).toEqual(isBusy ? ['GET', 'GET'] : ['GET']);
      expect(sentCount()).toBe(isBusy ? 2 : 1);
      mayBeSent = true;
      expect(await remove(undefined, () => mayBeSent)).toMatchObject({ status: 200 });
    },
  );

  it('after a DELETE was sent waits a little for its answer', async () => {
    const stop = new AbortController();
    const { remove } = await setUp((_, response) => {
      stop.abort();
      setTimeout(() => response.end('{}'), 30);
    });
    expect(await remove(stop.signal)).toMatchObject({ kind: 'answer', status: 200 });
  });

  it('after a DELETE was sent leaves it unanswered when the grace is over', async () => {
    const stop = new AbortController();
    const { remove } = await setUp(
      () => {
        stop.abort();
      },
      { totalMs: 10_000 },
    );
    expect(await remove(stop.signal)).toMatchObject({
      ...{ kind: 'silence', failure: 'timeout', code: 'ABORTED_AFTER_SENDING' },
    });
  });

  it('of a signal that many share warns of no leak', async () => {
    const warnings: Error[] = [];
    const keep = (warning: Error) => warnings.push(warning);
    process.on('warning', keep);
    const { read } = await setUp((_, response) => response.end('{}'));
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 50 }, () => read('small', signal)));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', keep);
    expect(warnings).toEqual([]);
  });
});

describe('the wire', () => {
  it('takes only targets that were checked', async () => {
    const { transport, urls, requestCount } = await setUp(() => undefined);
    const forged: unknown = Object.assign({}, urls.deletion(7, SESSION), { path: '/api/v1/projects/7' });
    expect(() =>
      transport.send({ target: forged as Target, size: 'small', signal: undefined }, noop),
    ).toThrow(TypeError);
    expect(requestCount()).toBe(0);
  });

  it('keeps connections open and within their number', async () => {
    const sockets = new Set<unknown>();
    const { read } = await setUp((incoming, response) => {
      sockets.add(incoming.socket);
      setTimeout(() => response.end('{}'), 1);
    });
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(Array.from({ length: 20 }, () => read('small')));
    }
    expect(sockets.size).toBeLessThanOrEqual(4);
  });

  it('is dead after it was closed', async () => {
    const { read, transport, requestCount } = await setUp(() => undefined, { totalMs: 10_000 });
    const open = Array.from({ length: 20 }, () => read('small'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await transport.close();
    for (const answer of await Promise.all(open)) expect(answer).toMatchObject({ kind: 'silence' });
    expect(await read('small')).toMatchObject({ failure: 'aborted' });
    expect(requestCount()).toBe(4);
  });
});
