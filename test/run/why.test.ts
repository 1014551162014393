import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { PlanItem } from '../../src/core/plan.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { WhyReport } from '../../src/core/why.ts';
import { planPolicy } from '../../src/run/plan/plan-policy.ts';
import { whyConversation } from '../../src/run/plan/why-conversation.ts';
import { whyOnRecord } from '../../src/run/plan/why-record.ts';
import { accountOf, runOnce } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';

let world: TestWorld;
let policies: Policy[] = [];
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

const keeps = {
  othersThan: (name: string) => Promise.resolve(policies.filter((other) => other.name !== name)),
};

async function begin(
  yamls: readonly string[] = [IDLE, VIP],
  sample: 'demo' | 'empty' = 'empty',
): Promise<void> {
  world = await createWorld({ deps: { keeps }, sandbox: { sample } });
  policies = [];
  for (const yaml of yamls) policies.push(await world.policy(yaml));
}

const IDLE = `
version: 1
name: idle
mode: enforce
projects: { include: ["*"], exclude: ["Legal*"] }
rules:
  - { name: young, match: { not: { older_than: 30d } }, action: keep, binds: this_policy }
  - { name: old, match: { older_than: 300d, name: "secret*" }, action: delete }
  - { name: quiet, match: { all: [{ older_than: 90d, age_from: last_message }, { created_by: anonymous }] }, action: delete }
limits: { max_percent: 100 }
`;
const VIP = `
version: 1
name: vip
projects: { include: ["*"] }
rules:
  - { name: important, match: { any: [{ name: { contains: VIP } }, { not: { older_than: 120d, age_from: updated } }] }, action: keep }
  - { name: tests, match: { name: "test*", older_than: 7d }, action: delete }
limits: { max_percent: 100 }
`;

function ask(projectId: number, sessionId: string): Promise<WhyReport> {
  const { deps } = world;
  const { reader } = deps.openApi();
  const at = world.clock.now();
  return whyConversation({ ...deps, reader }, { projectId, sessionId, policies, at });
}

async function planned(policy: Policy): Promise<readonly PlanItem[]> {
  const { deps } = world;
  const request = { policy, account: await accountOf(world), withKept: true };
  const { plan } = await planPolicy({ ...deps, reader: deps.openApi().reader }, request);
  const items: PlanItem[] = [];
  for await (const item of deps.store.plans.planItems(plan.planId)) items.push(item);
  return items;
}

describe('what is said of a conversation', () => {
  test('is what the plan says of it, for every policy', async () => {
    await begin([IDLE, VIP], 'demo');
    for (const policy of policies) {
      const items = await planned(policy);
      expect(items.length).toBeGreaterThan(20);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...items),
          async ({ projectId, sessionId, verdict, rule, reason, ageDays }) => {
            if (sessionId === null) return;
            const report = await ask(projectId, sessionId);
            const { now, latest } = report.policies.find((one) => one.policy === policy) ?? {};
            expect(now?.decision).toEqual({ verdict, rule, reason, ageDays });
            expect(latest?.item).toMatchObject({ sessionId, verdict, rule, reason });
            // A rule of another policy keeps it only where the own rules would delete it.
            const own = now?.rules?.first ?? null;
            expect(rule?.includes(' of policy ') === true ? own === null : own !== rule).toBe(false);
          },
        ),
        { numRuns: 25 },
      );
    }
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(0);
  });

  test('names entries that cover its project, and what each clause compares', async () => {
    await begin();
    world.sandbox.accounts.addProject({ id: 101, name: 'Support' });
    world.sandbox.accounts.addProject({ id: 102, name: 'Legal' });
    const createdAt = NOW - 200 * DAY;
    const messages = [{ createdAt, query: 'a', response: 'b' }];
    for (const id of [101, 102])
      world.sandbox.accounts.addConversation(id, {
        ...{ sessionId: 'session-1', name: 'a VIP', createdAt, messages },
      });
    const { policies: asked, requests } = await ask(101, 'session-1');
    expect(requests).toBe(world.sandbox.journal.count({ method: 'GET' }));
    expect(asked.map(({ now }) => now?.coverage)).toEqual([
      { isCovered: true, includedBy: '*', excludedBy: undefined },
      { isCovered: true, includedBy: '*', excludedBy: undefined },
    ]);
    expect(asked.map(({ now }) => now?.decision)).toMatchObject([
      { verdict: 'keep', rule: 'important of policy vip' },
      { verdict: 'keep', rule: 'important' },
    ]);
    const [idle] = asked;
    expect(idle?.now).toMatchObject({
      lastMessage: { state: 'read' },
      rules: {
        first: 'quiet',
        minAge: { state: 'old_enough' },
        rules: [
          { match: { truth: 'no', parts: [{ truth: 'yes', cutoff: NOW - 30 * DAY }] } },
          { match: { truth: 'no' } },
          { match: { truth: 'yes', parts: [{ truth: 'yes', cutoff: NOW - 90 * DAY }, { truth: 'yes' }] } },
        ],
      },
      others: [{ kind: 'kept', by: { policy: 'vip', rule: 'important', verdict: 'keep' } }],
    });
    const excluded = (await ask(102, 'session-1')).policies[0]?.now;
    expect(excluded).toMatchObject({
      coverage: { isCovered: false, includedBy: '*', excludedBy: 'Legal*' },
      rules: undefined,
      decision: undefined,
    });
  });

  test('reads the newest message only where a rule needs it', async () => {
    await begin([VIP]);
    world.sandbox.accounts.addProject({ id: 101, name: 'Support' });
    world.sandbox.accounts.addConversation(101, { sessionId: 'session-1', name: 'x', createdAt: NOW - DAY });
    const { policies: asked } = await ask(101, 'session-1');
    expect(asked[0]?.now?.lastMessage).toEqual({ state: 'unread' });
    expect(world.sandbox.journal.count({ route: 'messages.list' })).toBe(0);
  });
});

describe('what became of it', () => {
  test('is known after its deletion, online and from the record', async () => {
    await begin([IDLE]);
    world.sandbox.accounts.addProject({ id: 101, name: 'Support' });
    for (const sessionId of ['session-1', 'session-2'])
      world.sandbox.accounts.addConversation(101, {
        sessionId,
        name: 'secret name',
        createdAt: NOW - 400 * DAY,
      });
    world.sandbox.accounts.addConversation(101, {
      sessionId: 'session-3',
      name: 'x',
      createdAt: NOW - 2 * DAY,
    });
    const [policy] = policies;
    if (policy === undefined) throw new Error('no policy');
    const { run } = await runOnce(world, policy);
    const report = await ask(101, 'session-1');
    expect(report.sight).toMatchObject({ state: 'not_listed', listed: 1, own: 'not_found' });
    expect(report.history.map(({ event, run_id }) => [event, run_id])).toEqual([
      ['deletion.intended', run.runId],
      ['deletion.absent', run.runId],
      ['deletion.verified', run.runId],
    ]);
    expect(report.policies[0]?.latest).toMatchObject({
      run: { runId: run.runId },
      item: { verdict: 'delete' },
    });
    const { deps } = world;
    const sent = world.sandbox.journal.count({});
    const question = { projectId: 101, sessionId: 'session-1', policies, at: world.clock.now() };
    const offline = await whyOnRecord(deps, question);
    expect(world.sandbox.journal.count({})).toBe(sent);
    expect(offline).toMatchObject({ sight: { state: 'not_asked' }, requests: 0, history: report.history });
  });

  test('is open while nobody knows', async () => {
    await begin([IDLE]);
    world.sandbox.accounts.addProject({ id: 101, name: 'Support' });
    for (const sessionId of ['session-1', 'session-2'])
      world.sandbox.accounts.addConversation(101, {
        sessionId,
        name: 'secret name',
        createdAt: NOW - 400 * DAY,
      });
    world.sandbox.faults.add({ when: { method: 'DELETE', sessionId: 'session-1' }, then: { swallow: true } });
    const [policy] = policies;
    if (policy === undefined) throw new Error('no policy');
    await runOnce(world, policy);
    const report = await ask(101, 'session-1');
    expect(report.open).toMatchObject([{ sessionId: 'session-1', isParked: false }]);
    expect(report.sight.state).toBe('listed');
  });

  test('is a refusal by the limits, of a run or of a plan that nobody has tried', async () => {
    await begin([IDLE.replace('max_percent: 100', 'max_deletions: 1, max_percent: 100')]);
    world.sandbox.accounts.addProject({ id: 101, name: 'Support' });
    for (const sessionId of ['session-1', 'session-2'])
      world.sandbox.accounts.addConversation(101, {
        sessionId,
        name: 'secret name',
        createdAt: NOW - 400 * DAY,
      });
    const [policy] = policies;
    if (policy === undefined) throw new Error('no policy');
    await planned(policy);
    const refusals = ['max_deletions allows 1, the plan has 2'];
    expect((await ask(101, 'session-1')).policies[0]?.latest).toMatchObject({ run: undefined, refusals });
    const { run } = await runOnce(world, policy);
    expect((await ask(101, 'session-1')).policies[0]?.latest).toMatchObject({
      ...{ run: { runId: run.runId, status: 'refused' }, refusals, item: { verdict: 'delete' } },
    });
  });
});

describe('a conversation', () => {
  test.each([
    ['oldest', 'session-000'],
    ['newest', 'session-199'],
    ['in between', 'session-100'],
  ])(
    'is found wherever it stands in a long list, with few requests at its ends: %s',
    async (where, sessionId) => {
      await begin([VIP]);
      world.sandbox.accounts.addProject({ id: 101, name: 'Support' });
      for (let index = 0; index < 200; index += 1) {
        const id = `session-${String(index).padStart(3, '0')}`;
        world.sandbox.accounts.addConversation(101, {
          sessionId: id,
          name: 'x',
          createdAt: NOW - (300 - index) * DAY,
        });
      }
      expect((await ask(101, sessionId)).sight).toMatchObject({ state: 'listed', row: { sessionId } });
      const lists = world.sandbox.journal.count({ route: 'conversations.list' });
      if (where !== 'in between') expect(lists).toBeLessThanOrEqual(2);
    },
  );

  test('whose list can be read from one end alone is found from there', async () => {
    await begin([VIP]);
    world.sandbox.accounts.addProject({ id: 101, name: 'Support' });
    for (let index = 0; index < 60; index += 1)
      world.sandbox.accounts.addConversation(101, {
        ...{ sessionId: `session-${100 + index}`, name: 'x', createdAt: NOW - (300 - index) * DAY },
      });
    world.sandbox.faults.add({ when: { route: 'conversations.list', page: 3 }, then: { status: 400 } });
    expect((await ask(101, 'session-159')).sight.state).toBe('listed');
    expect((await ask(101, 'session-999')).sight).toEqual({
      ...{ state: 'not_readable', project: { id: 101, name: 'Support' } },
      problem: expect.stringContaining('HTTP 400') as string,
    });
  });

  test('of a project that the key does not see is nowhere', async () => {
    await begin([VIP]);
    world.sandbox.accounts.addProject({ id: 101, name: 'Support' });
    expect((await ask(999, 'session-1')).sight).toEqual({ state: 'no_project' });
  });
});
