import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { AccountSight } from '../core/account.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { recordLog, seededChance } from '../../test/support/world.ts';
import { keyFingerprint } from './account.ts';
import { createCustomGptClient } from './client.ts';

const KEY = 'key-that-nobody-may-print';
let ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  ends = [];
});

function listening(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    }),
  );
}

interface Asked {
  readonly sight: Promise<AccountSight>;
  readonly origin: string;
  readonly paths: readonly string[];
}

/** Asks whose key it is, and answers with that. */
async function ask(answer: {
  readonly status?: number;
  readonly body?: unknown;
  readonly text?: string;
}): Promise<Asked> {
  const paths: string[] = [];
  const { status = 200, body, text } = answer;
  const server = await listening((request, response) => {
    paths.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(text ?? JSON.stringify(body));
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createCustomGptClient({
    baseUrl: origin,
    apiKey: { reveal: () => KEY },
    requestsPerMinute: 'unlimited',
    clock: createVirtualClock(Date.parse('2026-03-01T12:00:00Z')),
    chance: seededChance(),
    log: recordLog(),
  });
  ends.push(() => client.close());
  return { sight: client.reader.account(), origin, paths };
}

const data = (fields: object): { body: object } => ({ body: { data: fields, status: 'success' } });

describe('whose key it is', () => {
  test.each([
    ['the current team, as documented', { id: 1, current_team_id: 7, email: 'a@example.com' }, 'team:7'],
    ['the team, as projects have it', { id: 1, team_id: 8, current_team_id: 7 }, 'team:8'],
    ['numbers as text', { id: '1', team_id: '8' }, 'team:8'],
    ['a user without a team', { id: 9001, current_team_id: null }, 'user:9001'],
    ['a team that is no id', { id: '9001', team_id: 0, current_team_id: { id: 7 } }, 'user:9001'],
    ['a team that JSON has rounded', { id: 3, team_id: 2 ** 60 }, 'user:3'],
    [
      'an id that is a name',
      { id: 'b7e1c3d2-0000-4000-8000-000000000001' },
      'user:b7e1c3d2-0000-4000-8000-000000000001',
    ],
  ])('%s', async (_, fields, named) => {
    const { sight, origin, paths } = await ask(data(fields));
    expect(await sight).toMatchObject({ origin, named, problem: undefined });
    expect(paths).toEqual(['GET /api/v1/user']);
  });

  test.each([
    ['no id', {}],
    ['an address', { id: 'a@example.com' }],
    ['nothing but zeros', { id: '000', team_id: '0' }],
    ['a fraction', { id: 1.5 }],
  ])('nobody is named by %s, and it is not asked again', async (_, fields) => {
    const { sight, paths } = await ask(data(fields));
    expect(await sight).toMatchObject({
      named: undefined,
      problem: expect.stringContaining('names') as string,
    });
    expect(paths).toHaveLength(1);
  });

  test.each([
    ['403', { status: 403, body: { message: 'Forbidden' } }, 1],
    ['404', { status: 404, body: {} }, 1],
    ['500', { status: 500, body: {} }, 5],
    ['a page', { text: '<html>Please wait</html>' }, 5],
    ['a list', { body: { data: [] } }, 5],
    ['a redirect', { status: 302, body: {} }, 1],
  ])('nobody is named by %s', async (_, answer, count) => {
    const { sight, paths } = await ask(answer);
    expect(await sight).toMatchObject({
      named: undefined,
      problem: expect.stringContaining('/user') as string,
    });
    expect(paths).toHaveLength(count);
  });

  test('a key that is refused is no answer', async () => {
    const { sight } = await ask({ status: 401, body: {} });
    await expect(sight).rejects.toMatchObject({ failure: 'unauthorized' });
  });

  test('the key is told from others, and not told', async () => {
    const { sight, origin } = await ask(data({ id: 1 }));
    const { key } = await sight;
    expect(key).toMatch(/^key:[0-9a-f]{16}$/);
    expect(key).toBe(keyFingerprint(origin, KEY));
    expect(key).not.toBe(keyFingerprint(origin, `${KEY}2`));
    expect(key).not.toBe(keyFingerprint('https://app.customgpt.ai', KEY));
    expect(JSON.stringify(await sight)).not.toContain(KEY);
  });

  test('an API that does not answer at all throws', async () => {
    const client = createCustomGptClient({
      baseUrl: 'http://127.0.0.1:9',
      apiKey: { reveal: () => KEY },
      requestsPerMinute: 'unlimited',
      clock: createVirtualClock(0),
      chance: seededChance(),
      log: recordLog(),
    });
    ends.push(() => client.close());
    await expect(client.reader.account()).rejects.toMatchObject({ failure: 'network' });
  });
});
