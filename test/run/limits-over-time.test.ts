import { afterEach, describe, expect, test } from 'vitest';
import type { Policy } from '../../src/core/policy.ts';
import { applyStoredPlan } from '../../src/run/apply-stored-plan.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import { makePlan } from '../../src/run/plan/make-plan.ts';
import { accountOf, addProject, AGE_POLICY, GO_ON, runOnce, sessionId } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';
import { NO_HOLDS } from '../../src/core/hold.ts';

const HOUR = DAY / 24;

let world: TestWorld;

afterEach(async () => {
  await world.assertSound();
  await world.close();
});

/** The policy by age, with these limits, and what else is given. */
function limited(limits: string, more = ''): Promise<Policy> {
  return world.policy(
    `${AGE_POLICY.replace('{ max_percent: 100 }', `{ max_percent: 100, ${limits} }`)}${more}`,
  );
}

async function planOnly(policy: Policy): ReturnType<typeof makePlan> {
  return makePlan(
    { ...world.deps, reader: world.deps.openApi().reader },
    { policy, account: await accountOf(world), others: [], holds: NO_HOLDS, withKept: false },
  );
}

async function apply(
  policy: Policy,
  override?: { readonly by: string; readonly reason: string },
): Promise<RunResult> {
  return applyStoredPlan(world.deps, { plan: await planOnly(policy), policy, override, signals: GO_ON });
}

async function sessionsOf(event: string): Promise<readonly (string | null)[]> {
  return (await world.entries())
    .filter((entry) => entry.event === event)
    .map(({ session_id: session }) => session);
}

describe('a day', () => {
  test('begins anew each day: a daily policy may delete as much as the day before, a second less than a day later', async () => {
    world = await createWorld();
    const policy = await limited('max_deletions: 5, max_per_day: 5');
    for (let day = 0; day < 3; day += 1) {
      addProject(world, 101 + day, { old: 5, young: 5 });
      const { run } = await runOnce(world, policy);
      expect(`${day} ${run.status} ${run.problem ?? ''}`).toBe(`${day} completed `);
      const tomorrow = NOW + (day + 1) * DAY - 1000;
      await world.clock.advance(tomorrow - world.clock.now());
    }
  });

  test('is the one on which the run started, also for what it deletes after midnight', async () => {
    world = await createWorld({ rpm: 1 });
    const midnight = NOW + 12 * HOUR;
    await world.clock.advance(midnight - 90_000 - world.clock.now());
    addProject(world, 101, { old: 3, young: 5 });
    const policy = await limited('max_deletions: 3, max_per_day: 3');
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    expect(world.clock.now()).toBeGreaterThan(midnight);
    addProject(world, 102, { old: 3, young: 5 });
    expect((await runOnce(world, policy)).run.status).toBe('completed');
  });

  test('is one of the schedule, without one of the setting, and a refusal says when there is room again', async () => {
    world = await createWorld({ deps: { timeZone: 'Pacific/Kiritimati' } });
    // 12:00 UTC is 13:00 in Berlin, and two in the morning of the next day on Kiritimati.
    const limits = 'max_deletions: 5, max_per_day: 5';
    const berlin = await limited(limits, 'schedule: { cron: "0 3 * * *", timezone: Europe/Berlin }\n');
    const kiritimati = await limited(limits);
    for (const [policy, again] of [
      [berlin, '2026-03-02 00:00 Europe/Berlin'],
      [{ ...kiritimati, name: 'another' }, '2026-03-03 00:00 Pacific/Kiritimati'],
    ] as const) {
      addProject(world, 101, { old: 3, young: 5 });
      expect((await runOnce(world, policy)).run.status).toBe('completed');
      addProject(world, 102, { old: 3, young: 5 });
      const { run } = await runOnce(world, policy);
      expect(run.problem).toBe(`max_per_day leaves 2 today, the plan has 3; from ${again} on it leaves 5`);
      const { limits: refusedBy } = (await world.entries()).at(-1) as unknown as { limits: object[] };
      expect(refusedBy).toEqual([
        expect.objectContaining({
          limit: 'max_per_day',
          room: 5,
          room_again_at: expect.any(String) as string,
        }),
      ]);
      await world.deps.store.plans.scrubPlans(world.clock.now());
      for (const id of [101, 102]) world.sandbox.accounts.removeProject(id);
    }
  });

  test('a week is today and the six days before, and there is room again on the day on which enough falls out of it', async () => {
    world = await createWorld();
    const policy = await limited('max_deletions: 4, max_per_day: 4, max_per_week: 6');
    addProject(world, 101, { old: 4, young: 5 });
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    await world.clock.advance(DAY);
    addProject(world, 102, { old: 3, young: 5 });
    expect((await runOnce(world, policy)).run.problem).toBe(
      'max_per_week leaves 2 today, the plan has 3; from 2026-03-08 00:00 UTC on it leaves 6',
    );
    await world.clock.advance(Date.parse('2026-03-08T00:00:00Z') - world.clock.now() - 1);
    expect((await runOnce(world, policy)).run.status).toBe('refused');
    await world.clock.advance(1);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
  });

  test('what was deleted under an override counts for no later limit', async () => {
    world = await createWorld();
    const policy = await limited('max_deletions: 4, max_per_day: 4');
    addProject(world, 101, { old: 9, young: 5 });
    expect((await apply(policy)).run.status).toBe('refused');
    expect((await apply(policy, { by: 'ada', reason: 'backlog' })).counts.verified).toBe(9);
    addProject(world, 102, { old: 4, young: 5 });
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    addProject(world, 103, { old: 1, young: 5 });
    expect((await runOnce(world, policy)).run.status).toBe('refused');
  });
});

describe('when there is more than the limits allow, and the policy wants the oldest first', () => {
  const OLDEST = 'max_deletions: 4, when_exceeded: oldest_first';

  /** Older ones in the second project. */
  function addBacklog(): void {
    addProject(world, 102, { old: 3, young: 2 });
    world.sandbox.accounts.addProject({ id: 101, name: 'project-101' });
    for (let index = 0; index < 6; index += 1)
      world.sandbox.accounts.addConversation(101, {
        sessionId: sessionId('later', index),
        name: `secret name later ${index}`,
        createdAt: NOW - 300 * DAY + index * 1000,
      });
  }

  test.each([
    ['run', (policy: Policy) => runOnce(world, policy)],
    ['apply', (policy: Policy) => apply(policy)],
  ])('%s deletes them, defers the rest, and the next runs go on', async (_, perform) => {
    world = await createWorld();
    addBacklog();
    const policy = await limited(OLDEST);
    const first = await perform(policy);
    expect(first.run).toMatchObject({ status: 'completed', runsRemaining: 2, warnings: [], asBefore: 0 });
    expect(first.counts).toMatchObject({ planned: 9, verified: 4, deferred: 5, skipped: 0 });
    expect(await sessionsOf('deletion.verified')).toEqual(
      expect.arrayContaining([
        ...[0, 1, 2].map((index) => sessionId('old-102', index)),
        sessionId('later', 0),
      ]),
    );
    expect((await world.entries()).at(-1)).toMatchObject({
      event: 'run.completed',
      counts: { deferred: 5 },
      deferred_by: [{ limit: 'max_deletions', wanted: 9, allowed: 4, project_id: null }],
    });
    expect((await perform(policy)).counts).toMatchObject({ planned: 5, verified: 4, deferred: 1 });
    const last = await perform(policy);
    expect(last.counts).toMatchObject({ planned: 1, verified: 1, deferred: 0 });
    expect(last.run.runsRemaining).toBeUndefined();
  });

  test('a day that is used up defers all, and is no failure', async () => {
    world = await createWorld();
    addBacklog();
    const policy = await limited(`${OLDEST}, max_per_day: 5`);
    expect((await runOnce(world, policy)).counts).toMatchObject({ verified: 4, deferred: 5 });
    expect((await runOnce(world, policy)).counts).toMatchObject({ verified: 1, deferred: 4 });
    const { run, counts } = await runOnce(world, policy);
    expect(run.status).toBe('completed');
    expect(counts).toMatchObject({ planned: 4, verified: 0, deferred: 4 });
    expect(run.warnings).toEqual([]);
  });

  test('a percentage still refuses, judged on all that is due', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 30, young: 20 });
    const yaml = AGE_POLICY.replace('max_percent: 100', `max_percent: 50, ${OLDEST}`);
    const { run, plan } = await runOnce(world, await world.policy(yaml));
    expect(run).toMatchObject({
      status: 'refused',
      problem: 'max_percent allows 25 in project 101, the plan has 30',
    });
    expect(plan).toMatchObject({ status: 'open', deferred: 0 });
  });

  test('a backlog that grows is a warning', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 6, young: 5 });
    const policy = await limited(OLDEST);
    expect((await runOnce(world, policy)).counts.deferred).toBe(2);
    addProject(world, 102, { old: 9, young: 5 });
    const { run, counts } = await runOnce(world, policy);
    expect(counts.deferred).toBe(7);
    expect(run.warnings).toEqual([
      expect.stringMatching(
        /^The backlog grows: 7 conversations are deferred, and the run before deferred 2\./,
      ),
    ]);
    expect((await world.store.runs.run(run.runId))?.warnings).toEqual(run.warnings);
    expect((await runOnce(world, policy)).run.warnings).toEqual([]);
  });
});

describe('what could not be deleted before', () => {
  const stubborn = Array.from({ length: 2 }, (_, index) => sessionId('old-101', index));

  async function worldWithStubborn(): Promise<void> {
    world = await createWorld();
    addProject(world, 101, { old: 6, young: 6 });
    for (const session of stubborn)
      world.sandbox.faults.add({ when: { method: 'DELETE', sessionId: session }, then: { status: 404 } });
  }

  test('comes last in the next run, also without oldest_first', async () => {
    await worldWithStubborn();
    const policy = await limited('max_deletions: 100', 'concurrency: 1\n');
    expect((await runOnce(world, policy)).counts).toMatchObject({ failed: 2, verified: 4 });
    addProject(world, 102, { old: 3, young: 6 });
    const second = await runOnce(world, policy);
    expect(second.counts).toMatchObject({ failed: 2, verified: 3 });
    const intended = (await world.entries())
      .filter(({ event, run_id: run }) => event === 'deletion.intended' && run === second.run.runId)
      .map(({ session_id: session }) => session);
    expect(intended.slice(3)).toEqual(stubborn);
  });

  test('a run that ends as the one before did says so, and since when', async () => {
    await worldWithStubborn();
    const policy = await limited('max_deletions: 100');
    const results: RunResult['run'][] = [];
    for (let day = 0; day < 4; day += 1) {
      results.push((await runOnce(world, policy)).run);
      await world.clock.advance(DAY);
    }
    expect(results.map(({ asBefore }) => asBefore)).toEqual([0, 1, 2, 3]);
    expect(results.map(({ alikeSince }) => alikeSince)).toEqual([
      undefined,
      ...Array.from({ length: 3 }, () => results[0]?.startedAt),
    ]);
    expect(await world.store.runs.run(results[3]?.runId ?? '')).toMatchObject({ asBefore: 3 });
    world.sandbox.faults.clearRules();
    expect((await runOnce(world, policy)).run).toMatchObject({ status: 'completed', asBefore: 0 });
  });
});
