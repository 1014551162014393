import { afterEach, describe, expect, test } from 'vitest';
import { applyStoredPlan } from '../../src/run/apply-stored-plan.ts';
import { addProject, AGE_POLICY, GO_ON, runOnce, sessionId } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

const deletes = (): number => world.sandbox.journal.count({ method: 'DELETE' });

function removeAllBut(projectId: number, count: number): void {
  const { accounts } = world.sandbox;
  for (const sessionId of accounts.conversationIds(projectId).slice(count)) {
    accounts.removeConversation(projectId, sessionId);
  }
}

describe('a listing that shows half or less of thousands that were known', () => {
  test.each([
    ['nothing', 0],
    ['half', 600],
  ])('%s: refused before any DELETE, until a person passes it', async (_, left) => {
    world = await createWorld();
    addProject(world, 101, { old: 100, young: 1200 });
    addProject(world, 102, { old: 5, young: 5 });
    const policy = await world.policy(AGE_POLICY);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    addProject(world, 103, { old: 3, young: 3 });
    removeAllBut(101, left);
    const sent = deletes();

    const refused = await runOnce(world, policy);
    expect(refused.run.status).toBe('refused');
    expect(refused.run.problem).toBe(
      `population: project 101 lists ${left} conversations, and by the last applied plan there should be at least 601`,
    );
    expect(deletes()).toBe(sent);
    expect((await world.entries()).at(-1)).toMatchObject({
      event: 'run.refused',
      limits: [{ limit: 'population', wanted: left, allowed: 601, project_id: 101 }],
    });
    // It does not wear off.
    expect((await runOnce(world, policy)).run.status).toBe('refused');

    const { plan } = refused;
    if (plan === undefined) throw new Error('no plan');
    const override = { by: 'J. Doe', reason: 'we moved the account' };
    const applied = await applyStoredPlan(world.deps, { plan, policy, override, signals: GO_ON });
    expect(applied.run.status).toBe('completed');
    expect(applied.counts.verified).toBe(3);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
  });

  test('is no matter where we deleted them ourselves, even in a run that was cut short', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 0, young: 1100 });
    const policy = await world.policy(AGE_POLICY);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    addProject(world, 104, { old: 1200, young: 10 });
    const limits = '{ max_percent: 100, max_deletions: 5000, max_per_day: 5000 }';
    const larger = await world.policy(AGE_POLICY.replace('{ max_percent: 100 }', limits));
    world.sandbox.faults.add({ when: { afterRequests: 1900 }, then: { status: 401 } });
    expect((await runOnce(world, larger)).fault?.kind).toBe('credential_refused');
    const left = world.sandbox.accounts.count(104);
    expect(left).toBeLessThan(605);
    world.sandbox.faults.clearRules();
    expect((await runOnce(world, larger)).run.status).toBe('completed');
    expect(world.sandbox.accounts.count(104)).toBe(10);
  });
});

test('a project that is no longer listed is named, once', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 1, young: 3 });
  addProject(world, 102, { old: 1, young: 4 });
  const policy = await world.policy(AGE_POLICY);
  expect((await runOnce(world, policy)).run.warnings).toEqual([]);
  world.sandbox.accounts.removeProject(102);
  const next = await runOnce(world, policy);
  expect(next.run.warnings).toEqual([
    'project 102 (4 conversations at the last run) is no longer listed, or no longer covered by the policy: nothing of it was looked at',
  ]);
  expect((await runOnce(world, policy)).run.warnings).toEqual([]);
});

test('a project that is listed in part, and has grown since, raises no alarm over what is known of it', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 5, young: 200 });
  const policy = await world.policy(AGE_POLICY);
  expect((await runOnce(world, policy)).counts.verified).toBe(5);
  for (let index = 0; index < 14; index += 1) {
    const createdAt = NOW - (index < 4 ? 300 : 1) * DAY;
    world.sandbox.accounts.addConversation(101, { sessionId: sessionId('grown', index), createdAt });
  }
  expect((await runOnce(world, policy)).counts.verified).toBe(4);
  expect(await world.store.populations.knownPopulations('by-age')).toEqual([{ projectId: 101, count: 196 }]);
  expect(await world.store.derivedDifferences()).toEqual([]);
});
