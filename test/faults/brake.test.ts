import { afterEach, describe, expect, test } from 'vitest';
import { addProject, AGE_POLICY, runOnce } from '../support/purge.ts';
import { createWorld, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

const deletes = (): number => world.sandbox.journal.count({ method: 'DELETE' });

describe('six deletions in a row that failed or could not be verified stop the run, the last three from elsewhere', () => {
  test('when no DELETE is carried out although each is accepted', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 200, young: 5 });
    world.sandbox.faults.swallowDeletes = true;
    const policy = await world.policy(AGE_POLICY);
    const result = await runOnce(world, policy);
    expect(result.run).toMatchObject({
      status: 'partial',
      problem: expect.stringContaining('in a row') as string,
    });
    expect(result.counts.verified).toBe(0);
    expect(result.counts.unverified).toBe(deletes());
    expect(deletes()).toBeLessThanOrEqual(25 + 4);
    expect((await world.entries()).at(-1)).toMatchObject({ event: 'run.completed', problem: 'brake' });
    expect(world.log.lines.filter((line) => line.includes('in a row'))).toHaveLength(1);

    world.sandbox.faults.swallowDeletes = false;
    const next = await runOnce(world, policy);
    expect(next.run.status).toBe('completed');
    expect(world.sandbox.accounts.count(101)).toBe(5);
  });

  test('when every DELETE fails', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 200, young: 5 });
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { status: 500 } });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.run.status).toBe('partial');
    expect(result.counts.failed).toBeGreaterThanOrEqual(3);
    // Four slots may be under way before the first says how it went; each tries three times at most.
    expect(deletes()).toBeLessThanOrEqual((3 + 4) * 3);
    expect(world.sandbox.accounts.count(101)).toBe(205);
  });

  test('but not a listing that fails, without which no 404 is proof: the next run settles them', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 60, young: 5 });
    world.sandbox.faults.add({
      when: { route: 'conversations.list', afterRequests: 24 },
      then: { status: 400 },
    });
    const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
    const result = await runOnce(world, policy);
    expect(result.run).toMatchObject({ status: 'partial', problem: undefined });
    expect(result.counts).toMatchObject({ planned: 60, verified: 0, unverified: 60 });
    world.sandbox.faults.clearRules();
    const next = await runOnce(world, policy);
    expect(next.run.status).toBe('completed');
    expect((await world.store.audit.outcomes(result.run.runId)).counts).toMatchObject({ verified: 60 });
    expect(deletes()).toBe(60);
  });

  test('but neither one bad conversation among good ones nor a project out of reach does', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 40, young: 5 });
    addProject(world, 102, { old: 20, young: 0 });
    addProject(world, 103, { old: 20, young: 0 });
    for (const sessionId of old.filter((_, index) => index % 10 === 5)) {
      world.sandbox.faults.add({ when: { method: 'DELETE', sessionId }, then: { swallow: true } });
    }
    world.sandbox.faults.add({ when: { method: 'DELETE', projectId: 102 }, then: { status: 403 } });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts).toMatchObject({ planned: 80, verified: 56, unverified: 4 });
    expect(world.sandbox.accounts.count(103)).toBe(0);
  });
});
