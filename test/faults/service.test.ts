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
});
