import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { PlanSummary } from '../../src/core/plan.ts';
import type { Policy } from '../../src/core/policy.ts';
import { applyStoredPlan } from '../../src/run/apply-stored-plan.ts';
import { enterAccount } from '../../src/run/around/enter-account.ts';
import { makePlan, PLAN_LIFETIME_MS } from '../../src/run/plan/make-plan.ts';
import { addProject, AGE_POLICY, GO_ON } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';
import { NO_HOLDS } from '../../src/core/hold.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

async function plan(policy: Policy, withKept = false): Promise<PlanSummary> {
  const { deps } = world;
  const { reader } = deps.openApi();
  const { text: account } = await enterAccount({ reader, accounts: deps.store.accounts, signal: undefined });
  return makePlan({ ...deps, reader }, { policy, account, others: [], holds: NO_HOLDS, withKept });
}

function apply(summary: PlanSummary, policy: Policy, override?: { by: string; reason: string }) {
  return applyStoredPlan(world.deps, { plan: summary, policy, override, signals: GO_ON });
}

/** Why each conversation was skipped. */
async function skipped(): Promise<Readonly<Record<string, unknown>>> {
  const entries = (await world.entries()).filter(({ event }) => event === 'deletion.skipped');
  return Object.fromEntries(
    entries.map((entry): [string, unknown] => [String(entry.session_id), entry['reason']]),
  );
}

describe('a stored plan', () => {
  test('is executed exactly: what expired since is left alone', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 12, young: 8 });
    const policy = await world.policy(AGE_POLICY.replace('enforce', 'dry-run'));
    const summary = await plan(policy);
    await world.clock.advance(3 * DAY);
    world.sandbox.accounts.addConversation(101, { sessionId: 'late-00000001', createdAt: NOW - 399 * DAY });
    const result = await apply(summary, policy);
    expect(result.counts).toMatchObject({ planned: 12, verified: 12 });
    expect(world.sandbox.accounts.has(101, 'late-00000001')).toBe(true);
    expect(old.some((session) => world.sandbox.accounts.has(101, session))).toBe(false);
  });

  test('knows the ages of all that was listed, of what is merely kept as well', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 12, young: 8 });
    addProject(world, 102, { old: 1, young: 0 });
    const none = { delete: 0, keep: 0, held: 0, unknown: 0 };
    expect((await plan(await world.policy(AGE_POLICY))).findings.ages).toEqual([
      { ...none, fromDays: 7, keep: 8 },
      { ...none, fromDays: 365, delete: 13 },
    ]);
  });

  test('skips what was renamed, is active again, or was removed by somebody else', async () => {
    world = await createWorld();
    const [renamed, active, removed] = addProject(world, 101, { old: 6, young: 1 });
    const policy = await world.policy(AGE_POLICY);
    world.sandbox.faults.messageMovesUpdatedAt = true;
    const summary = await plan(policy);
    await world.clock.advance(1000);
    const { accounts } = world.sandbox;
    accounts.rename(101, renamed ?? '', 'VIP');
    accounts.postMessage(101, active ?? '', { query: 'hello again', movesUpdatedAt: true });
    accounts.removeConversation(101, removed ?? '');
    const result = await apply(summary, policy);
    expect(result.counts).toMatchObject({ planned: 6, verified: 3, skipped: 2, already_gone: 1 });
    expect(result.run.status).toBe('partial');
    expect(accounts.has(101, renamed ?? '') && accounts.has(101, active ?? '')).toBe(true);
    expect(await skipped()).toEqual({
      [renamed ?? '']: 'changed since the plan',
      [active ?? '']: 'changed since the plan',
    });
  });

  test('skips what has a new message where the rule counts from the newest one', async () => {
    world = await createWorld();
    const { accounts } = world.sandbox;
    accounts.addProject({ id: 5, name: 'p' });
    for (const label of ['quiet', 'awake']) {
      const messages = [{ createdAt: NOW - 200 * DAY, query: 'q', response: 'r' }];
      accounts.addConversation(5, { sessionId: `${label}-000001`, createdAt: NOW - 300 * DAY, messages });
    }
    const policy = await world.policy(
      AGE_POLICY.replace('older_than: 90d', 'older_than: 90d, age_from: last_message'),
    );
    const summary = await plan(policy);
    accounts.postMessage(5, 'awake-000001', { query: 'still here' });
    const result = await apply(summary, policy);
    expect(result.counts).toMatchObject({ planned: 2, verified: 1, skipped: 1 });
    expect(accounts.conversationIds(5)).toEqual(['awake-000001']);
    expect(await skipped()).toEqual({ 'awake-000001': 'active again since the plan' });
  });

  test('leaves a project alone that the policy no longer covers by its name of today', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 0 });
    addProject(world, 102, { old: 3, young: 0 });
    const policy = await world.policy(AGE_POLICY.replace('include: ["*"]', 'include: ["project-*"]'));
    const summary = await plan(policy);
    world.sandbox.accounts.removeProject(101);
    world.sandbox.accounts.addProject({ id: 101, name: 'archive' });
    world.sandbox.accounts.addConversation(101, {
      sessionId: 'old-101-00000000',
      createdAt: NOW - 400 * DAY,
    });
    const result = await apply(summary, policy);
    expect(result.counts).toMatchObject({ planned: 6, verified: 3, skipped: 3 });
    expect(world.sandbox.accounts.count(101)).toBe(1);
  });

  test('is refused the second time', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    const summary = await plan(policy);
    await apply(summary, policy);
    const again = await world.store.plans.plan(summary.planId);
    await expect(apply(again as PlanSummary, policy)).rejects.toMatchObject({ kind: 'plan_stale' });
    // Whoever still holds the plan as it was before it was applied gets no further.
    await expect(apply(summary, policy)).rejects.toMatchObject({ kind: 'plan_stale' });
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(2);
  });

  test('is refused when its policy was edited, when it is too old, and when what is stored was altered', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    const summary = await plan(policy);
    const stale = { kind: 'plan_stale' };
    await expect(apply(summary, await world.policy(AGE_POLICY.replace('90d', '80d')))).rejects.toMatchObject(
      stale,
    );

    const database = new Database(join(world.stateDir, 'retention.db'));
    database.prepare(`UPDATE plan_items SET session_id = 'someone-else-1' WHERE ordinal = 1`).run();
    await expect(apply(summary, policy)).rejects.toMatchObject(stale);
    database.close();

    const second = await plan(policy);
    await world.clock.advance(PLAN_LIFETIME_MS + 1);
    await expect(apply(second, policy)).rejects.toMatchObject(stale);
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(0);
  });

  test('passes a limit only by somebody’s word, which is audited', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 8, young: 0 });
    const policy = await world.policy(AGE_POLICY.replace('{ max_percent: 100 }', '{ max_deletions: 5 }'));
    const summary = await plan(policy);
    expect((await apply(summary, policy)).run.status).toBe('refused');
    expect(world.sandbox.accounts.count(101)).toBe(8);
    const result = await apply(summary, policy, { by: 'J. Doe', reason: 'backlog' });
    expect(result.counts.verified).toBe(8);
    const overridden = (await world.entries()).filter(({ event }) => event === 'limits.overridden');
    expect(overridden).toMatchObject([{ by: 'J. Doe', reason: 'backlog', plan_id: summary.planId }]);
  });

  test('holds names only while it can be applied', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    const summary = await plan(policy);
    const names = async (): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const item of world.store.plans.planItems(summary.planId)) found.push(item.seen.name);
      return found;
    };
    expect(await names()).toEqual(['secret name 0', 'secret name 1']);
    await apply(summary, policy);
    expect(await names()).toEqual([undefined, undefined]);
  });
});

test('a dry run never sends anything but GET, whatever the policy', async () => {
  world = await createWorld({ sandbox: { sample: 'demo' } });
  const policy = await world.policy(
    AGE_POLICY.replace('older_than: 90d', 'older_than: 30d, age_from: last_message'),
  );
  const summary = await plan(policy, true);
  expect(summary.projects.length).toBeGreaterThan(3);
  expect(new Set(world.sandbox.journal.entries.map(({ method }) => method))).toEqual(new Set(['GET']));
});
