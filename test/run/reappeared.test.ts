import { afterEach, describe, expect, test } from 'vitest';
import { addProject, AGE_POLICY, runOnce } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

const marks = async () => (await world.entries()).filter(({ event }) => event === 'conversation.reappeared');

describe('a conversation that answers again after it was verified', () => {
  test('is reported once and kept with its new age, and goes when that has expired', async () => {
    world = await createWorld();
    const [first = ''] = addProject(world, 101, { old: 4, young: 2 });
    const policy = await world.policy(AGE_POLICY);
    expect((await runOnce(world, policy)).counts.verified).toBe(4);
    expect(await marks()).toEqual([]);

    // An open chat widget posts into the session.
    world.sandbox.accounts.postMessage(101, first, { query: 'hello?' });
    const next = await runOnce(world, policy);
    expect(next.counts).toMatchObject({ planned: 0, kept: 3 });
    expect(await marks()).toMatchObject([
      { run_id: next.run.runId, project_id: 101, session_id: first, created_at: '2026-03-01T12:00:00.000Z' },
    ]);
    expect(world.log.lines.join('\n')).toContain('listed again although they were verified');
    await runOnce(world, policy);
    expect(await marks()).toHaveLength(1);

    await world.clock.advance(100 * DAY);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    expect(world.sandbox.accounts.has(101, first)).toBe(false);
    // And a second time.
    world.sandbox.accounts.postMessage(101, first, { query: 'still here?' });
    await runOnce(world, policy);
    expect(await marks()).toHaveLength(2);
  });

  test('as with a backup that the vendor restored, is deleted again by its old age', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 3, young: 2 });
    const policy = await world.policy(AGE_POLICY);
    await runOnce(world, policy);
    for (const sessionId of old) {
      world.sandbox.accounts.addConversation(101, { sessionId, name: 'back', createdAt: NOW - 400 * DAY });
    }
    expect((await runOnce(world, policy)).counts).toMatchObject({ planned: 3, verified: 3 });
    expect((await marks()).map(({ session_id: id }) => id).sort()).toEqual([...old].sort());
  });
});
