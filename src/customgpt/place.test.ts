import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { createWorld } from '../../test/support/world.ts';
import { createCustomGptClient, type CustomGptClient } from './client.ts';

const noop = () => undefined;
const log = { info: noop, warn: noop, error: noop, debug: noop };
let server: Server | undefined;
let client: CustomGptClient | undefined;
afterEach(async () => {
  await client?.close();
  server?.closeAllConnections();
  server?.close();
  server = client = undefined;
});

/** What a client with little patience reads out of one and the same answer to everything. */
async function answered(status: number, body: string): Promise<CustomGptClient['places']> {
  server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  client = createCustomGptClient({
    baseUrl: `http://127.0.0.1:${port}`,
    apiKey: { reveal: () => 'key' },
    requestsPerMinute: 'unlimited',
    patience: { troubleMs: 0, throttledMs: 0 },
    ...{ clock: createVirtualClock(0), log, chance: { fraction: () => 0.5, token: () => '' } },
  });
  return client.places;
}

/** In the envelope of the vendor's document. */
const GONE =
  '{"status":"error","url":"http://x/api/v1/projects/101","data":{"code":404,"message":"Agent with id 101 not found"}}';

const data = (value: unknown): string => JSON.stringify({ data: value, status: 'success' });

describe('a project', () => {
  test.for<readonly [string, number, string, object]>([
    ['is there', 200, data({ id: 101 }), { state: 'present' }],
    ['is there, by an id as text', 200, data({ id: '101' }), { state: 'present' }],
    ['is gone', 404, GONE, { state: 'gone' }],
    ['says nothing by a 404 in other words', 404, '{"message":"no Route matched"}', noEvidence('HTTP 404')],
    ['says nothing by a 403', 403, '{}', noEvidence('HTTP 403')],
    ['says nothing by a 500', 500, '{}', noEvidence('HTTP 500')],
    ['is another one', 200, data({ id: 102 }), noEvidence('HTTP 200, malformed')],
    ['is a page', 200, '<html>', noEvidence('HTTP 200, malformed')],
  ])('%s', async ([, status, body, expected]) => {
    const places = await answered(status, body);
    expect(await places.project(101)).toEqual(expected);
  });

  function noEvidence(failure: string): object {
    return { state: 'no_evidence', failure };
  }
});

describe("the vendor's own retention", () => {
  const settings = (period: unknown, days?: unknown): string =>
    data({ conversation_retention_period: period, conversation_retention_days: days });

  test.for<readonly [string, number, string, object | undefined]>([
    ['a count', 200, settings('custom', 30), { period: 'custom', days: 30 }],
    ['a count as text', 200, settings('custom', '30'), { period: 'custom', days: 30 }],
    ['no count', 200, settings('custom', 0), { period: 'custom', days: undefined }],
    ['a year', 200, settings('year', 5), { period: 'year', days: undefined }],
    ['never', 200, settings('never'), { period: 'never', days: undefined }],
    ['another word', 200, settings('decade'), undefined],
    ['no word', 200, data({}), undefined],
    ['no settings', 200, data([]), undefined],
    ['a project that is not there', 404, GONE, undefined],
  ])('%s', async ([, status, body, expected]) => {
    const places = await answered(status, body);
    expect(await places.nativeRetention(101)).toEqual(expected);
  });
});

test('a refused key is thrown', async () => {
  const places = await answered(401, '{}');
  await expect(places.project(101)).rejects.toMatchObject({ failure: 'unauthorized' });
  await expect(places.nativeRetention(101)).rejects.toMatchObject({ failure: 'unauthorized' });
});

test('the sandbox is asked by two routes, neither of which changes anything', async () => {
  const world = await createWorld();
  try {
    world.sandbox.accounts.addProject({ id: 101, name: 'a', retentionPeriod: 'custom', retentionDays: 30 });
    expect(await world.client.places.project(101)).toEqual({ state: 'present' });
    expect(await world.client.places.project(909)).toEqual({ state: 'gone' });
    expect(await world.client.places.nativeRetention(101)).toEqual({ period: 'custom', days: 30 });
    expect(world.sandbox.journal.count({ method: 'GET' })).toBe(3);
    await world.assertSound();
  } finally {
    await world.close();
  }
});
