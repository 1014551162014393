import { afterEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../src/sandbox/fault-rules.ts';
import { addProject, AGE_POLICY, runOnce, sessionId } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

describe('a listing that cannot be trusted', () => {
  const cases: readonly (readonly [string, FaultEffect])[] = [
    ['fails with 500', { status: 500 }],
    ['is cut off', { truncateBody: true }],
    ['is not JSON', { body: 'not-json' }],
    ['is HTML', { body: 'html' }],
    ['repeats the page before', { repeatPage: true }],
    ['lacks rows', { dropRows: 3 }],
    ['is forbidden', { status: 403 }],
    ['redirects', { redirectTo: 'http://127.0.0.1:1/' }],
  ];

  test.each(cases)('because a page %s keeps that project; the others finish', async (_, then) => {
    world = await createWorld();
    addProject(world, 101, { old: 35, young: 5 });
    addProject(world, 102, { old: 4, young: 0 });
    world.sandbox.faults.add({ when: { route: 'conversations.list', projectId: 101, page: 2 }, then });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.run.status).toBe('partial');
    expect(result.counts).toMatchObject({ planned: 4, verified: 4 });
    expect(world.sandbox.accounts.count(101)).toBe(40);
    const incomplete = (await world.entries()).filter(({ event }) => event === 'listing.incomplete');
    expect(incomplete).toMatchObject([{ project_id: 101 }]);
    expect(world.sandbox.journal.count({ method: 'DELETE', projectId: 101 })).toBe(0);
  });

  test.each<readonly [string, FaultEffect]>([
    ['fewer ids arrive', { totalOffset: 5 }],
    ['more ids arrive', { totalOffset: -5 }],
    ['fewer pages arrive', { totalOffset: 500, lastPageOffset: 50 }],
    ['more pages arrive', { totalOffset: -7, lastPageOffset: -1 }],
  ])('because %s than the paginator says is complete when two readings are alike', async (_, then) => {
    world = await createWorld();
    addProject(world, 101, { old: 25, young: 10 });
    world.sandbox.faults.add({ when: { route: 'conversations.list' }, then });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts).toMatchObject({ planned: 25, verified: 25 });
    expect(result.plan?.projects).toMatchObject([{ total: 35, listed: 35 }]);
    expect(world.sandbox.accounts.count(101)).toBe(10);
  });

  test('because the project shrinks while it is read keeps that project', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 60, young: 0 });
    world.sandbox.faults.shrinkingPages = true;
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts.planned).toBe(0);
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(0);
  });

  test('is read again when the trouble passes', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 35, young: 5 });
    world.sandbox.faults.add({
      when: { route: 'conversations.list', page: 2 },
      times: 2,
      then: { status: 502 },
    });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.run.status).toBe('completed');
    expect(result.counts.verified).toBe(35);
  });
});

describe('a listing that contradicts itself', () => {
  const when = { route: 'conversations.list', page: 2 } as const;
  test.each<readonly [string, FaultEffect]>([
    ['repeats a page', { repeatPage: true }],
    ['lacks rows', { dropRows: 3 }],
    ['counts too many', { totalOffset: 5 }],
    ['counts too few', { totalOffset: -35 }],
  ])('and %s is read again from its start: once right, it counts', async (_, then) => {
    world = await createWorld();
    addProject(world, 101, { old: 35, young: 5 });
    world.sandbox.faults.add({ when, times: 2, then });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.run.status).toBe('completed');
    expect(result.counts.verified).toBe(35);
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(35);
  });

  test.each<readonly [string, FaultEffect]>([
    ['repeats a page', { repeatPage: true }],
    ['lacks rows', { dropRows: 3 }],
  ])('and goes on to %s is given up after three readings', async (_, then) => {
    world = await createWorld();
    addProject(world, 101, { old: 35, young: 5 });
    world.sandbox.faults.add({ when, then });
    expect((await runOnce(world, await world.policy(AGE_POLICY))).counts.planned).toBe(0);
    const firstPages = world.sandbox.journal.entries.filter(
      ({ route, path }) => route === 'conversations.list' && path.includes('page=1&'),
    );
    expect(firstPages).toHaveLength(3);
  });
});

test('new conversations that arrive while listing are neither missed nor taken twice', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 45, young: 15 });
  world.sandbox.faults.shiftingPages = true;
  world.sandbox.faults.ignoreOrder = true;
  const result = await runOnce(world, await world.policy(AGE_POLICY));
  expect(result.counts).toMatchObject({ planned: 45, verified: 45 });
  expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(45);
});

test.each([true, 'scrambled'] as const)(
  'a server that ignores the order (%s) leads to the same decisions',
  async (ignoreOrder) => {
    world = await createWorld();
    addProject(world, 101, { old: 33, young: 44 });
    world.sandbox.faults.ignoreOrder = ignoreOrder;
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts).toMatchObject({ listed: 77, planned: 33, verified: 33 });
    expect(world.sandbox.accounts.count(101)).toBe(44);
  },
);

test('hostile rows are kept and counted', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 3, young: 3 });
  const { accounts } = world.sandbox;
  const hostile: readonly Record<string, unknown>[] = [
    { session_id: undefined },
    { session_id: '' },
    { session_id: '..' },
    { session_id: '%2e%2e' },
    { session_id: 'a/../../..' },
    { session_id: '?page=2' },
    { session_id: 'x'.repeat(10_000) },
    { session_id: 7 },
    { project_id: 999 },
    { created_at: null },
    { created_at: 0 },
    { created_at: '' },
    { created_at: '0' },
    { created_at: '2023-02-30T00:00:00.000000Z' },
    { created_at: '25 Jun 1999 05:01:11' },
    { created_at: 1_600_000_000 },
    { created_at: '2030-01-01T00:00:00.000000Z' },
  ];
  hostile.forEach((raw, index) => {
    accounts.addConversation(101, {
      sessionId: sessionId('hostile', index),
      createdAt: NOW - 300 * DAY + index,
      raw,
    });
  });
  const result = await runOnce(world, await world.policy(AGE_POLICY));
  expect(result.counts).toMatchObject({ planned: 3, verified: 3, unknown: hostile.length });
  expect(accounts.count(101)).toBe(3 + hostile.length);
});

test('names that are null, huge, markup, right-to-left or emoji change nothing for an age rule', async () => {
  world = await createWorld();
  world.sandbox.accounts.addProject({ id: 101, name: 'p' });
  const names = [
    null,
    '',
    '<script>alert(1)</script>',
    '\u202egnp.exe',
    '👩‍👩‍👧‍👦',
    'x'.repeat(10_000_000),
    '\u0000\u001b[2J',
  ];
  names.forEach((name, index) => {
    world.sandbox.accounts.addConversation(101, {
      sessionId: sessionId('named', index),
      name,
      createdAt: NOW - 300 * DAY + index * 1000,
    });
  });
  const result = await runOnce(world, await world.policy(AGE_POLICY));
  // The row with the ten-megabyte name is too large to be taken for a conversation, so it stays.
  expect(result.counts).toMatchObject({ verified: names.length - 1, unknown: 1 });
  expect(world.sandbox.accounts.conversationIds(101)).toEqual([sessionId('named', 5)]);
});

test('a name that is null or too long is unknown to a rule on names: kept and counted', async () => {
  world = await createWorld();
  world.sandbox.accounts.addProject({ id: 101, name: 'p' });
  const names = [null, 'x'.repeat(5000), 'x'.repeat(10_000_000), 'test-1', 'VIP'];
  names.forEach((name, index) => {
    const session = sessionId('named', index);
    world.sandbox.accounts.addConversation(101, {
      sessionId: session,
      name,
      createdAt: NOW - 300 * DAY + index,
    });
  });
  const policy = AGE_POLICY.replace('older_than: 90d', 'older_than: 90d, not: { name: "VIP*" }');
  const result = await runOnce(world, await world.policy(policy));
  expect(result.counts).toMatchObject({ listed: 5, planned: 1, verified: 1, unknown: 3, kept: 1 });
  const left = [0, 1, 2, 4].map((index) => sessionId('named', index));
  expect(world.sandbox.accounts.conversationIds(101)).toEqual(left);
});

test('numbers that arrive as text make no difference', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 12, young: 12 });
  world.sandbox.faults.stringlyTyped = true;
  const result = await runOnce(world, await world.policy(AGE_POLICY));
  expect(result.counts).toMatchObject({ planned: 12, verified: 12 });
});
