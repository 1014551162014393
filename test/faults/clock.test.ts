import { afterEach, describe, expect, test } from 'vitest';
import { addProject, AGE_POLICY, runOnce } from '../support/purge.ts';
import { createWorld, DAY, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

const deletes = (): number => world.sandbox.journal.count({ method: 'DELETE' });

describe('before any DELETE', () => {
  test.each([
    ['an hour ahead', { shiftMs: 3_600_000 }],
    ['62 seconds ahead', { shiftMs: 62_000 }],
    ['62 seconds behind', { shiftMs: -62_000 }],
    ['absent', 'absent'],
  ] as const)('a clock that is %s is not trusted', async (_, date) => {
    world = await createWorld();
    addProject(world, 101, { old: 4, young: 0 });
    world.sandbox.faults.add({ then: { date } });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.fault?.kind).toBe('clock_untrusted');
    expect(deletes()).toBe(0);
  });

  test.each([30_000, 59_000, -59_000])('a clock that is %i ms off is good enough', async (shiftMs) => {
    world = await createWorld();
    addProject(world, 101, { old: 4, young: 0 });
    world.sandbox.faults.add({ then: { date: { shiftMs } } });
    expect((await runOnce(world, await world.policy(AGE_POLICY))).run.status).toBe('completed');
  });

  test('a clock before the last deletion on record is not trusted, though the API agrees with it', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 4, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    addProject(world, 102, { old: 4, young: 0 });
    const sent = deletes();
    world.clock.shiftWallClock(-DAY);
    const result = await runOnce(world, policy);
    expect(result.fault).toMatchObject({
      kind: 'clock_untrusted',
      message: expect.stringContaining('last deletion on record') as string,
    });
    expect(deletes()).toBe(sent);
    world.clock.shiftWallClock(DAY);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
  });
});

describe('a clock that is set in mid-run', () => {
  test.each([
    ['forward by an hour', 3_600_000],
    ['back by two minutes', -120_000],
  ])('%s stops every further DELETE', async (_, ms) => {
    world = await createWorld({ rpm: 60, deps: { leaseMs: 2 * DAY } });
    addProject(world, 101, { old: 24, young: 0 });
    const running = runOnce(world, await world.policy(AGE_POLICY));
    while (deletes() < 2) await new Promise((resolve) => setImmediate(resolve));
    const sent = deletes();
    world.clock.shiftWallClock(ms);
    const result = await running;
    expect(result.fault?.kind).toBe('clock_untrusted');
    expect(result.run.status).toBe('failed');
    expect(deletes()).toBe(sent);
  });

  test('by a few seconds, as NTP does, goes on', async () => {
    world = await createWorld({ rpm: 60 });
    addProject(world, 101, { old: 12, young: 0 });
    const running = runOnce(world, await world.policy(AGE_POLICY));
    while (deletes() < 2) await new Promise((resolve) => setImmediate(resolve));
    world.clock.shiftWallClock(-5_000);
    expect((await running).run.status).toBe('completed');
  });
});
