import { afterEach, describe, expect, test } from 'vitest';
import { addProject, AGE_POLICY, runOnce } from '../support/purge.ts';
import { createWorld, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

function deletes(): number {
  return world.sandbox.journal.count({ method: 'DELETE' });
}

describe('before any DELETE', () => {
  test.each([
    ['HTML', true],
    ['the API’s own JSON', 'api-json'],
  ] as const)('a service whose every route answers 404 in %s is unreachable', async (_, everything404) => {
    world = await createWorld();
    addProject(world, 101, { old: 4, young: 0 });
    world.sandbox.faults.everything404 = everything404;
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.fault?.kind).toBe('api_unreachable');
    expect(deletes()).toBe(0);
  });

  test('a refused key ends the run', async () => {
    world = await createWorld();
    world.sandbox.faults.revokedKey = true;
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.fault?.kind).toBe('credential_refused');
  });
});

describe('a project', () => {
  test.each([403, 404] as const)(
    'that answers %i is skipped and reported, the others finish',
    async (status) => {
      world = await createWorld();
      addProject(world, 101, { old: 4, young: 0 });
      addProject(world, 102, { old: 4, young: 0 });
      world.sandbox.faults.forbiddenProjects.set(101, status);
      const result = await runOnce(world, await world.policy(AGE_POLICY));
      expect(result.run.status).toBe('partial');
      expect(result.counts).toMatchObject({ verified: 4, planned: 4 });
      expect(world.sandbox.accounts.count(101)).toBe(4);
    },
  );

  test('that the policy names and the key cannot see is reported, not taken for deleted', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 4, young: 0 });
    const result = await runOnce(world, await world.policy(AGE_POLICY.replace('"*"', '101, 777')));
    expect(result.run.status).toBe('partial');
    expect(result.counts.verified).toBe(4);
    const incomplete = (await world.entries()).filter(({ event }) => event === 'listing.incomplete');
    expect(incomplete).toMatchObject([{ project_id: 777 }]);
  });
});

describe('a rate limit', () => {
  test.each(['seconds', 'date', 'none'] as const)(
    'with Retry-After as %s is obeyed by the whole pool',
    async (retryAfter) => {
      world = await createWorld();
      addProject(world, 101, { old: 60, young: 0 });
      world.sandbox.faults.rateLimit = { perMinute: 30, retryAfter };
      const result = await runOnce(world, await world.policy(AGE_POLICY));
      expect(result.counts.verified).toBe(60);
      const { journal } = world.sandbox;
      const wasted = journal.count({ status: 429 });
      expect(wasted / (journal.count() - wasted)).toBeLessThan(retryAfter === 'none' ? 0.5 : 0.25);
    },
  );

  test('of minutes for everything costs few requests and passes by itself', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 200, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    world.sandbox.faults.add({
      when: { method: 'DELETE', forMs: 240_000 },
      times: 400,
      then: { status: 429 },
    });
    world.sandbox.faults.add({ when: { route: 'messages.list', forMs: 240_000 }, then: { status: 429 } });
    const result = await runOnce(world, policy);
    expect(result.counts.verified).toBe(200);
    const { journal } = world.sandbox;
    const wasted = journal.count({ status: 429 });
    expect(wasted).toBeGreaterThan(0);
    expect(wasted).toBeLessThanOrEqual(0.05 * (journal.count() - wasted) + policy.concurrency);
  });
});

test('a redirect is an error, and its target gets no request', async () => {
  const target = await createWorld();
  world = await createWorld();
  addProject(world, 101, { old: 2, young: 0 });
  world.sandbox.faults.add({
    when: { method: 'DELETE' },
    then: { redirectTo: `${target.sandbox.url}/api/v1/projects` },
  });
  const result = await runOnce(world, await world.policy(AGE_POLICY));
  expect(result.counts.verified).toBe(0);
  expect(target.sandbox.journal.count()).toBe(0);
  await target.close();
});

test('an endless body and a drip are cut off', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 2, young: 0 });
  world.sandbox.faults.add({ when: { route: 'conversations.list' }, then: { endless: 'body' } });
  const result = await runOnce(world, await world.policy(AGE_POLICY));
  expect(result.run.status).toBe('partial');
  expect(deletes()).toBe(0);
});
