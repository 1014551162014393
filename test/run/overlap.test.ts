import { afterEach, describe, expect, test } from 'vitest';
import { applyStoredPlan } from '../../src/run/apply-stored-plan.ts';
import { makePlan } from '../../src/run/plan/make-plan.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import { accountOf, addProject, AGE_POLICY, GO_ON, runOnce } from '../support/purge.ts';
import { createWorld, type TestWorld } from '../support/world.ts';
import { NO_HOLDS } from '../../src/core/hold.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

/** Plans, then has another policy delete all of it, and `meanwhile` happen, before the first goes on. */
async function runOvertaken(meanwhile: () => void): Promise<{ first: RunResult; other: RunResult }> {
  const { deps } = world;
  const { store } = deps;
  const otherPolicy = await world.policy(AGE_POLICY.replace('by-age', 'other'));
  let other: RunResult | undefined;
  const planItems: typeof store.plans.planItems = async function* (...args) {
    if (other === undefined) {
      await world.clock.advance(1000);
      other = await runOnce(world, otherPolicy);
      meanwhile();
    }
    yield* store.plans.planItems(...args);
  };
  const overtaken = { ...deps, store: { ...store, plans: { ...store.plans, planItems } } };
  const policy = await world.policy(AGE_POLICY);
  const first = await runPolicy(overtaken, { policy, trigger: 'manual', signals: GO_ON });
  if (other === undefined) throw new Error('the other policy did not run');
  return { first, other };
}

describe('what another policy has deleted since it was planned', () => {
  test('gets no DELETE, is no alarm, and is not called gone by somebody else', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 20, young: 25 });
    const { first, other } = await runOvertaken(() => undefined);
    expect(other.counts).toMatchObject({ planned: 20, verified: 20 });
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(20);
    expect(first.counts).toMatchObject({ planned: 20, verified: 20, already_gone: 0, skipped: 0 });
    expect(first.run.status).toBe('completed');
  });

  test('gets no DELETE where it was verified after that was asked, right before the intent', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 6, young: 8 });
    const { audit } = world.store;
    const store = { ...world.store, audit: { ...audit, lastVerifiedAt: () => Promise.resolve(undefined) } };
    world = { ...world, deps: { ...world.deps, store } };
    const { first } = await runOvertaken(() => {
      for (const sessionId of old)
        world.sandbox.accounts.addConversation(101, { sessionId, createdAt: world.clock.now(), name: null });
    });
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(6);
    expect(old.every((id) => world.sandbox.accounts.has(101, id))).toBe(true);
    expect(first.counts.already_gone).toBe(0);
  });

  test('and not yet settled is not taken for what went from sight since a plan was stored', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 8, young: 25 });
    const policy = await world.policy(AGE_POLICY);
    const parts = { ...world.deps, reader: world.deps.openApi().reader };
    const request = { policy, account: await accountOf(world), others: [], holds: NO_HOLDS, withKept: false };
    const plan = await makePlan(parts, request);
    await world.clock.advance(60_000);
    world.sandbox.faults.staleListMs = 10 * 60_000;
    const other = await runOnce(world, await world.policy(AGE_POLICY.replace('by-age', 'other')));
    expect(other.counts).toMatchObject({ planned: 8, unverified: 8 });
    world.sandbox.faults.staleListMs = 0;
    const applied = await applyStoredPlan(world.deps, { plan, policy, override: undefined, signals: GO_ON });
    const said = (await world.entries()).filter(({ event }) => event === 'project.refused');
    expect(said).toEqual([]);
    expect(applied.counts).toMatchObject({ planned: 8, already_gone: 0 });
  });

  test('and somebody has created anew stays', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 6, young: 8 });
    const again = old.slice(0, 3);
    const { first } = await runOvertaken(() => {
      for (const sessionId of again)
        world.sandbox.accounts.addConversation(101, { sessionId, createdAt: world.clock.now(), name: null });
    });
    expect(again.every((id) => world.sandbox.accounts.has(101, id))).toBe(true);
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(6);
    expect(first.counts.already_gone).toBe(0);
  });
});

describe('what another policy is deleting at the same time', () => {
  /** Both policies at once; each conversation that a DELETE removed is created anew at once, where `recreates`. */
  async function runBoth(recreates: boolean): Promise<readonly RunResult[]> {
    const { deps, sandbox, clock } = world;
    const openApi: typeof deps.openApi = () => {
      const { reader, deleter } = deps.openApi();
      const deleteConversation: typeof deleter.deleteConversation = async (projectId, sessionId, options) => {
        const answer = await deleter.deleteConversation(projectId, sessionId, options);
        if (recreates && !sandbox.accounts.has(projectId, sessionId))
          sandbox.accounts.addConversation(projectId, { sessionId, createdAt: clock.now(), name: null });
        return answer;
      };
      return { reader, deleter: { ...deleter, deleteConversation } };
    };
    const policies = [
      await world.policy(AGE_POLICY),
      await world.policy(AGE_POLICY.replace('by-age', 'other')),
    ];
    return Promise.all(
      policies.map((policy) =>
        runPolicy({ ...deps, openApi }, { policy, trigger: 'manual', signals: GO_ON }),
      ),
    );
  }

  test('gets no second DELETE, and counts as deleted by us in both', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 20, young: 5 });
    const results = await runBoth(false);
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(20);
    for (const { counts, run } of results) {
      expect(counts).toMatchObject({ planned: 20, verified: 20, already_gone: 0 });
      expect(run.status).toBe('completed');
    }
  });

  test('and is created anew between the two DELETEs stays', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 20, young: 5 });
    await runBoth(true);
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(20);
    expect(old.every((id) => world.sandbox.accounts.has(101, id))).toBe(true);
  });
});
