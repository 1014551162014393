import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { FaultEffect } from '../../src/sandbox/fault-rules.ts';
import type { RouteName } from '../../src/sandbox/routes.ts';
import { createCustomGptClient } from '../../src/customgpt/client.ts';
import { addProject, AGE_POLICY, runOnce } from '../support/purge.ts';
import { createWorld, seededChance, type TestWorld } from '../support/world.ts';

/* What comes over the wire that is no answer, and what must never go out on it. */

let world: TestWorld;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await world.assertSound();
  await world.close();
});

/** Somebody who only counts who knocks. */
async function listener(): Promise<{ readonly url: string; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections: () => connections };
}

function deletes(): number {
  return world.sandbox.journal.count({ method: 'DELETE' });
}

/** What becomes of a run in which every answer of one route is bent so. */
async function runWith(route: RouteName, then: FaultEffect): Promise<RunResult> {
  addProject(world, 101, { old: 2, young: 1 });
  world.sandbox.faults.add({ when: { route }, then });
  return runOnce(world, await world.policy(AGE_POLICY));
}

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])(
    '(%i) of any request is an error; its target gets no request, and the key goes nowhere else',
    async (status) => {
      const target = await listener();
      const redirect = { status, redirectTo: `${target.url}/api/v1/projects` };
      const expected: readonly (readonly [RouteName, object, number])[] = [
        ['projects.list', { planned: 0 }, 0],
        ['conversations.list', { planned: 0 }, 0],
        // What gone looks like there cannot be known, so nothing is sent.
        ['messages.list', { planned: 2, verified: 0, skipped: 2 }, 0],
        // A GET between them shows each time that it was not carried out.
        ['conversations.delete', { planned: 2, verified: 0, failed: 2 }, 6],
      ];
      for (const [route, counts, sent] of expected) {
        world = await createWorld();
        const result = await runWith(route, redirect);
        expect({ route, ...result.counts }).toMatchObject({ route, ...counts });
        expect({ route, sent: deletes() }).toEqual({ route, sent });
        expect(result.run.status).toBe(route === 'projects.list' ? 'failed' : 'partial');
        if (route !== 'conversations.delete') {
          await world.assertSound();
          await world.close();
        }
      }
      expect(target.connections()).toBe(0);
    },
  );
});

describe('a body', () => {
  const timeouts = { totalMs: 250, listTotalMs: 250 };
  const endless: readonly (readonly [string, FaultEffect])[] = [
    ['without end', { endless: 'body' }],
    ['of a gzip bomb', { endless: 'gzip-bomb' }],
    ['of one byte at a time', { endless: 'drip', dripMs: 20 }],
    ['of a gibibyte, as announced', { headers: { 'content-length': String(1024 ** 3) }, endless: 'body' }],
  ];

  /** Bytes that stayed behind, measured where the sandbox and the client share one process. */
  async function memoryGrownBy(work: () => Promise<unknown>): Promise<number> {
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    await work().finally(() => {
      clearInterval(watch);
    });
    return Math.max(most, process.memoryUsage().rss) - before;
  }

  test.each(endless)(
    '%s is cut off by size or total deadline in every answer, and memory stays flat',
    async (_, then) => {
      const expected: readonly (readonly [RouteName, object])[] = [
        ['projects.list', { planned: 0 }],
        ['conversations.list', { planned: 0 }],
        // What gone looks like there cannot be known, so nothing is sent.
        ['messages.list', { planned: 2, verified: 0, skipped: 2 }],
        // It was carried out: the follow-up GET says so, and no second DELETE is sent.
        ['conversations.delete', { planned: 2, verified: 2 }],
      ];
      for (const [route, counts] of expected) {
        world = await createWorld({ client: { timeouts }, deps: { verifyTimeoutMs: 1000 } });
        let result: RunResult | undefined;
        const grown = await memoryGrownBy(async () => (result = await runWith(route, then)));
        expect({ route, ...result?.counts }).toMatchObject({ route, ...counts });
        expect(deletes()).toBe(route.endsWith('.list') ? 0 : 2);
        // Two lists of 32 MiB may be on their way at once, and are copied as they come through.
        expect(grown).toBeLessThan(256 * 1024 * 1024);
        if (route !== 'conversations.delete') await world.close();
      }
    },
  );
});

describe('a session id', () => {
  const hostile = ['..', '%2e%2e', 'a/../..', '?x', '', '../../..', 'abcdefg/', '12345678\n'];
  test.each([
    ...hostile.map((text) => [JSON.stringify(text), text]),
    ['of 10 k letters', 'a'.repeat(10_000)],
  ])('%s is refused before a socket opens', async (_, sessionId = '') => {
    world = await createWorld();
    const { url, connections } = await listener();
    const client = createCustomGptClient({
      baseUrl: url,
      apiKey: { reveal: () => 'k' },
      requestsPerMinute: 'unlimited',
      ...{ clock: world.clock, log: world.log, chance: seededChance() },
    });
    const refused = { failure: 'bad_request', status: undefined };
    await expect(client.deleter.deleteConversation(7, sessionId)).rejects.toMatchObject(refused);
    for (const purpose of ['messages', 'verify'] as const) {
      expect(await client.reader.existence(7, sessionId, { purpose })).toMatchObject({
        state: 'no_evidence',
        status: undefined,
        failure: 'not a request that may be sent',
      });
    }
    expect(client.reader.requestCounts()).toMatchObject({ delete: 0, verify: 0, messages: 0 });
    await client.close();
    expect(connections()).toBe(0);
  });
});

describe('minutes in which nothing works', () => {
  const OUTAGE_MS = 240_000;
  const outages: readonly (readonly [string, FaultEffect])[] = [
    ['429', { status: 429 }],
    ['429 with Retry-After', { status: 429, retryAfter: 20 }],
    ['500', { status: 500 }],
    ['502 in HTML', { status: 502, body: 'html' }],
    ['503', { status: 503, body: 'empty' }],
    ['cut connections', { cut: 'before' }],
  ];

  test.each(outages)(
    '(%s) cost at most a twentieth more requests, and pass by themselves',
    async (_, then) => {
      world = await createWorld();
      addProject(world, 101, { old: 300, young: 5 });
      const policy = await world.policy(AGE_POLICY);
      const { journal, faults } = world.sandbox;
      const running = runOnce(world, policy);
      while (journal.count() < 200) await new Promise((resolve) => setImmediate(resolve));
      faults.add({ when: { forMs: OUTAGE_MS }, then });
      const startedAt = world.clock.now();
      const result = await running;
      expect(world.clock.now() - startedAt).toBeGreaterThanOrEqual(OUTAGE_MS);

      const { entries } = journal;
      const isUseful = (status: number | undefined): boolean => status === 200 || status === 404;
      const outage = entries.filter(({ status }) => !isUseful(status));
      const useful = entries.length - outage.length;
      // Those that were on their way as the pool paused had left before anybody could know.
      const pausedAt = outage[0]?.at ?? 0;
      const wasted = outage.filter(({ at }) => at > pausedAt);
      expect(outage.length).toBeGreaterThan(0);
      expect(wasted.length).toBeLessThanOrEqual(0.05 * useful);
      expect(outage.length - wasted.length).toBeLessThanOrEqual(3 * policy.concurrency);

      // Whoever was on its way as it began may have to be proven by the next run; all the others were deleted.
      expect(result.counts.verified).toBeGreaterThanOrEqual(300 - 2 * policy.concurrency);
      const next = await runOnce(world, policy);
      expect(next.run.status).toBe('completed');
      expect(world.sandbox.accounts.count(101)).toBe(5);
    },
  );
});
