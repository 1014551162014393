import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError } from '../../src/core/errors.ts';
import { earliestOf, latestOf } from '../../src/core/instant.ts';
import { jsonOfNotFound, parseJson } from '../../src/customgpt/answers.ts';
import { createCustomGptClient, type CustomGptClient } from '../../src/customgpt/client.ts';
import type { Answer } from '../../src/customgpt/request.ts';
import { parseConversationRow, parseProjectRow } from '../../src/customgpt/rows.ts';
import { parseList, parseMessages } from '../../src/customgpt/schemas.ts';
import { AGE_POLICY, runOnce, sessionId } from '../support/purge.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';
import { createWorld, DAY, NOW, recordLog, seededChance } from '../support/world.ts';
import { fuzz, tellCases } from './cases.ts';

tellCases('answers of the API');
const PROJECT = 7;
const SESSION = '0b8f6a0e-3c1d-4f5a-9b7e-2d4c6e8f0a1b';

// ── Near-valid answers ──────────────────────────────────────────────────────────────────────────────────────

/** What a field may hold when it does not hold what it should. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    '',
    0,
    -1,
    1.5,
    2 ** 53,
    true,
    [],
    {},
    '7',
    7,
    8,
    '08',
    '1e3',
    '..',
    NaN,
  ),
  fc.constantFrom<unknown>(
    '2023-02-30T00:00:00Z',
    '2024-01-01 00:00:00',
    '0',
    '25 Jun 2023 05:01:11',
    1_600_000_000,
  ),
  fc.constantFrom<unknown>(
    SESSION,
    SESSION.toUpperCase(),
    `${SESSION}/`,
    'a/../../..',
    'short',
    'x'.repeat(129),
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

function mostly(value: unknown): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: odd });
}

const rows = fc.oneof(
  { weight: 1, arbitrary: odd },
  {
    weight: 8,
    arbitrary: fc.record<Record<string, unknown>>(
      {
        ...{ id: mostly(1), session_id: mostly(SESSION), project_id: mostly(PROJECT), created_by: mostly(3) },
        ...{ created_at: mostly('2024-01-01T00:00:00.000000Z'), updated_at: mostly('2024-01-02 00:00:00') },
        ...{ name: mostly('n'), ended_at: mostly(null), project_name: mostly('p') },
      },
      { requiredKeys: [] },
    ),
  },
);

const paginators = fc.record<Record<string, unknown>>(
  {
    ...{ current_page: mostly(1), last_page: mostly(1), per_page: mostly(10), total: mostly(2) },
    data: fc.oneof({ weight: 6, arbitrary: fc.array(rows, { maxLength: 3 }) }, { weight: 1, arbitrary: odd }),
  },
  { requiredKeys: [] },
);

const envelopes = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record<Record<string, unknown>>({ status: mostly('success'), data: paginators }),
  },
  {
    weight: 2,
    arbitrary: fc.record<Record<string, unknown>>({
      status: mostly('success'),
      data: fc.record<Record<string, unknown>>(
        { conversation: rows, messages: paginators },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record<Record<string, unknown>>(
      {
        status: mostly('error'),
        url: mostly('x'),
        data: fc.record({ code: mostly(404), message: mostly('m') }),
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: odd },
);

function jsonOf(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}

const bodies = fc.oneof(
  { weight: 8, arbitrary: envelopes.map((value) => Buffer.from(jsonOf(value))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(envelopes, fc.nat({ max: 200 }))
      .map(([value, length]) => Buffer.from(jsonOf(value)).subarray(0, length)),
  },
);

const statuses = fc.oneof(
  fc.constantFrom(
    200,
    200,
    200,
    404,
    404,
    204,
    201,
    206,
    301,
    400,
    401,
    403,
    408,
    409,
    410,
    422,
    429,
    500,
    502,
    503,
  ),
  fc.integer({ min: 200, max: 599 }),
);

/** The JSON of a 404, if it is an object or a list, looked for without any code of the program. */
function saysNotFound(status: number, body: Buffer): boolean {
  const said = jsonIn(body);
  return status === 404 && typeof said === 'object' && said !== null;
}

/** Whether a 2xx says that a DELETE was carried out: no content, or an object in which nothing says otherwise. */
function saysDeleted(status: number, body: Buffer): boolean {
  if (status === 200 && body.length === 0) return true;
  const said = jsonIn(body);
  if (status !== 200 || !isObject(said)) return false;
  const { data } = said;
  const deleted = isObject(data) && 'deleted' in data ? data['deleted'] : said['deleted'];
  if (deleted !== undefined) return [true, 1, 'true', '1'].includes(deleted as string);
  const { status: word = 'success', success, error } = said;
  const isWell = ['success', 'ok'].includes(word as string) && success !== false;
  const isEmpty = data !== false && !(Array.isArray(data) && data.length > 0);
  return isWell && isEmpty && [undefined, null, false].includes(error as undefined);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined where it is none. */
function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

// ── Parsers ─────────────────────────────────────────────────────────────────────────────────────────────────

describe('the parsers', () => {
  test('of a list row make a conversation only of one that names itself, its project and no other', async () => {
    await fuzz(
      fc.property(rows, (row) => {
        const parsed = parseConversationRow(row, PROJECT);
        expect(parsed.projectId).toBe(PROJECT);
        if (parsed.kind === 'unusable') return;
        const raw = row as Record<string, unknown>;
        expect(parsed.sessionId).toBe(raw['session_id']);
        expect(parsed.sessionId).toMatch(/^[A-Za-z0-9_-]{8,128}$/);
        expect([undefined, null, PROJECT, String(PROJECT)]).toContain(raw['project_id']);
        for (const at of [parsed.createdAt, parsed.updatedAt]) {
          for (const end of at === undefined ? [] : [earliestOf(at), latestOf(at)])
            expect(Number.isSafeInteger(end) && end >= Date.UTC(2000, 0)).toBe(true);
        }
        expect(['string', 'undefined']).toContain(typeof parsed.name);
        if (parsed.createdBy === 'anonymous') expect([null, 'anonymous']).toContain(raw['created_by']);
      }),
      3000,
    );
  });

  test('of anything else answer or refuse, and never throw', async () => {
    await fuzz(
      fc.property(fc.oneof(envelopes, fc.anything()), (json) => {
        for (const page of [parseList(json), parseMessages(json)?.messages]) {
          if (page === undefined) continue;
          expect(Number.isSafeInteger(page.page) && page.page >= 0).toBe(true);
          expect(Number.isSafeInteger(page.lastPage) && page.lastPage >= 0).toBe(true);
          expect(page.total === undefined || (Number.isSafeInteger(page.total) && page.total >= 0)).toBe(
            true,
          );
          expect(Array.isArray(page.rows)).toBe(true);
          for (const row of page.rows) {
            expect(() => parseConversationRow(row, PROJECT)).not.toThrow();
            const project = parseProjectRow(row);
            if (project !== undefined) expect(Number.isSafeInteger(project.id) && project.id > 0).toBe(true);
          }
        }
      }),
      2000,
    );
  });

  test('of a 404 hear nothing but JSON', async () => {
    await fuzz(
      fc.property(statuses, bodies, (status, body) => {
        const answer: Answer = {
          ...{ kind: 'answer', status, body, bodyFailure: undefined, retryAfter: undefined, date: undefined },
          ...{ isStale: false, receivedAt: 0 },
        };
        expect(jsonOfNotFound(answer) !== undefined).toBe(saysNotFound(status, body));
        expect(() => parseJson(body)).not.toThrow();
      }),
      2000,
    );
  });
});

// ── Over the wire ───────────────────────────────────────────────────────────────────────────────────────────

describe('a server that answers anything', () => {
  let reply = { status: 200, body: Buffer.alloc(0) };
  let server: Server;
  let client: CustomGptClient;
  const lines: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      lines.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.writeHead(reply.status, { 'content-length': reply.body.length });
      response.end(reply.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = createCustomGptClient({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      apiKey: { reveal: () => 'k' },
      requestsPerMinute: 'unlimited',
      ...{ clock: createVirtualClock(NOW), log: recordLog(), chance: seededChance() },
      patience: { troubleMs: 1, throttledMs: 1 },
    });
  });
  afterAll(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });

  test('is never believed that something is gone, or deleted, on less than the contract asks', async () => {
    await fuzz(
      fc.asyncProperty(statuses, bodies, async (status, body) => {
        // 204 and 304 have no body to be sent.
        fc.pre(status !== 204 && status !== 304 && status !== 205);
        reply = { status, body };
        lines.length = 0;
        const existence = await settled(client.reader.existence(PROJECT, SESSION, { purpose: 'verify' }));
        if (existence instanceof ApiError) expect(status).toBe(401);
        else {
          expect(existence.state === 'not_found').toBe(saysNotFound(status, body));
          if (existence.state === 'present') {
            expect(status).toBe(200);
            const shown = existence.conversation;
            expect([undefined, SESSION]).toContain(shown?.sessionId);
            expect([undefined, PROJECT]).toContain(shown?.projectId);
          }
        }
        const answer = await settled(client.deleter.deleteConversation(PROJECT, SESSION));
        if (answer instanceof ApiError) expect(status).toBe(401);
        else {
          expect(answer.kind === 'accepted').toBe(saysDeleted(status, body));
          expect(answer.kind === 'not_found').toBe(saysNotFound(status, body));
        }
        const base = `/api/v1/projects/${PROJECT}/conversations/${SESSION}`;
        expect(new Set(lines)).toEqual(new Set([`GET ${base}/messages?page=1&order=desc`, `DELETE ${base}`]));
      }),
      150,
    );
  });
});

async function settled<T>(promise: Promise<T>): Promise<T | ApiError> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

// ── A whole run ─────────────────────────────────────────────────────────────────────────────────────────────

describe('a run over a listing of anything', () => {
  const fields = fc.record<Record<string, unknown>>(
    {
      ...{ session_id: odd, project_id: odd, created_at: odd, updated_at: odd, name: odd, created_by: odd },
    },
    { requiredKeys: [] },
  );

  /** Whether a row says, in the only way that counts, that it is an old conversation of this project. */
  function isDeletable(raw: Record<string, unknown>): boolean {
    const { session_id: session, project_id: project, created_at: created, name } = raw;
    const isNamed = !('session_id' in raw) || (typeof session === 'string' && /^[\w-]{8,128}$/.test(session));
    // What is no number is null in JSON, and null names no other project.
    const isOurs = !('project_id' in raw) || [undefined, null, NaN, 101, '101'].includes(project as never);
    // Known only to the half day, and old for the whole of it.
    const isOld =
      !('created_at' in raw) || ['2024-01-01 00:00:00', '25 Jun 2023 05:01:11'].includes(created as never);
    return isNamed && isOurs && isOld && !(typeof name === 'string' && name.length > 65_536);
  }

  test('deletes nothing that is unknown, or of another project, and addresses ids of the allowed form only', async () => {
    await fuzz(
      fc.asyncProperty(fc.array(fields, { minLength: 1, maxLength: 12 }), async (list) => {
        const world = await createWorld();
        try {
          const { accounts, journal } = world.sandbox;
          accounts.addProject({ id: 101, name: 'p' });
          list.forEach((raw, index) => {
            const session = sessionId('row', index);
            accounts.addConversation(101, { sessionId: session, createdAt: NOW - 300 * DAY + index, raw });
          });
          const before = accounts.conversationIds(101);
          await runOnce(world, await world.policy(AGE_POLICY));
          const left = new Set(accounts.conversationIds(101));
          before.forEach((session, index) => {
            if (!isDeletable(list[index] ?? {}))
              expect({ session, kept: left.has(session) }).toEqual({ session, kept: true });
          });
          for (const { method, path } of journal.entries) {
            if (method === 'DELETE')
              expect(path).toMatch(/^\/api\/v1\/projects\/101\/conversations\/[\w-]{8,128}$/);
          }
          await world.assertSound();
        } finally {
          await world.close();
        }
      }),
      25,
    );
  });
});
