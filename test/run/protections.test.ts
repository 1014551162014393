import { afterEach, describe, expect, test } from 'vitest';
import type { PlanSummary } from '../../src/core/plan.ts';
import type { Policy } from '../../src/core/policy.ts';
import { applyStoredPlan } from '../../src/run/apply-stored-plan.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import { makePlan } from '../../src/run/plan/make-plan.ts';
import { accountOf, GO_ON, runOnce } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';
import { NO_HOLDS } from '../../src/core/hold.ts';

let world: TestWorld;
let others: readonly Policy[] = [];
afterEach(async () => {
  others = [];
  await world.assertSound();
  await world.close();
});

const keeps = {
  othersThan: (name: string) => Promise.resolve(others.filter((other) => other.name !== name)),
};

async function begin(): Promise<void> {
  world = await createWorld({ deps: { keeps } });
  world.sandbox.accounts.addProject({ id: 101, name: 'Support' });
}

/** Conversations of 120 days in project 101, by what they are called. */
function add(names: Readonly<Record<string, string>>, projectId = 101): void {
  Object.entries(names).forEach(([sessionId, name], index) => {
    const createdAt = NOW - 120 * DAY + index * 60_000;
    world.sandbox.accounts.addConversation(projectId, { sessionId, name, createdAt });
  });
}

function yaml(name: string, rules: string, rest = ''): string {
  const projects = rest.includes('projects:') ? '' : 'projects: { include: ["*"] }\n';
  return `version: 1\nname: ${name}\nmode: enforce\n${projects}rules:\n${rules}\nlimits: { max_percent: 100 }\n${rest}\n`;
}

const OLD = '  - { name: old, match: { older_than: 90d }, action: delete }';
const ACTIVE =
  '  - { name: active, match: { not: { older_than: 30d, age_from: last_message } }, action: keep }';
const VIP = '  - { name: vip, match: { name: { contains: VIP } }, action: keep }';

async function plan(policy: Policy): Promise<PlanSummary> {
  const { deps } = world;
  const rest = others.filter(({ name }) => name !== policy.name);
  return makePlan(
    { ...deps, reader: deps.openApi().reader },
    { policy, account: await accountOf(world), others: rest, holds: NO_HOLDS, withKept: true },
  );
}

function apply(summary: PlanSummary, policy: Policy): Promise<RunResult> {
  const override = { by: 'J. Doe', reason: 'whatever' };
  return applyStoredPlan(world.deps, { plan: summary, policy, override, signals: GO_ON });
}

async function reasons(summary: PlanSummary): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { sessionId, verdict, reason } of world.store.plans.planItems(summary.planId)) {
    found.push(`${sessionId ?? ''}: ${verdict}, ${reason}`);
  }
  return found;
}

const deletes = (): number => world.sandbox.journal.count({ method: 'DELETE' });
const NAMES = { 'session-vip': 'VIP secret name', 'session-one': 'secret name 1' };

describe('what another policy keeps', () => {
  test('is not deleted, and the decision names rule and policy', async () => {
    await begin();
    add(NAMES);
    const policy = await world.policy(yaml('a', OLD));
    others = [await world.policy(yaml('b', VIP).replace('enforce', 'dry-run'))];
    expect(await reasons(await plan(policy))).toEqual([
      'session-vip: keep, rule vip of policy b keeps it',
      'session-one: delete, rule old matches',
    ]);
    const { run, counts } = await runOnce(world, policy);
    expect(run).toMatchObject({ status: 'completed', warnings: [] });
    expect(counts).toMatchObject({ planned: 1, verified: 1 });
    expect(world.sandbox.accounts.conversationIds(101)).toEqual(['session-vip']);
    expect((await runOnce(world, policy)).run.warnings).toEqual([
      'other policies keep all 1 conversation that this one would delete: rule vip of policy b',
    ]);
  });

  test('costs a look at the newest message only where it decides', async () => {
    await begin();
    add(NAMES);
    world.sandbox.accounts.addConversation(101, { sessionId: 'session-young', createdAt: NOW - 5 * DAY });
    const rules = `${VIP}\n${ACTIVE}`;
    const policy = await world.policy(yaml('a', OLD));
    others = [await world.policy(yaml('b', rules))];
    await plan(policy);
    expect(world.sandbox.journal.count({ route: 'messages.list' })).toBe(1);
  });

  test('has the newest message looked for as far as its own ages go', async () => {
    await begin();
    world.sandbox.faults.messageOrder = 'oldest-page-first';
    const ages = Array.from({ length: 45 }, (_, index) => 170 - (160 * index) / 44);
    world.sandbox.accounts.addConversation(101, {
      sessionId: 'session-active',
      createdAt: NOW - 400 * DAY,
      messages: ages.map((age) => ({ createdAt: NOW - age * DAY, query: 'q', response: 'r' })),
    });
    const dormant =
      '  - { name: dormant, match: { older_than: 180d, age_from: last_message }, action: keep }';
    const policy = await world.policy(yaml('a', `${dormant}\n${OLD}`));
    others = [await world.policy(yaml('b', ACTIVE))];
    expect(await reasons(await plan(policy))).toEqual([
      'session-active: keep, rule active of policy b keeps it',
    ]);
  });

  test('counts in the projects of that policy alone', async () => {
    await begin();
    add(NAMES);
    const policy = await world.policy(yaml('a', OLD));
    others = [await world.policy(yaml('b', VIP, 'projects: { include: [999] }'))];
    expect((await runOnce(world, policy)).counts).toMatchObject({ planned: 2, verified: 2 });
  });

  test('by now, though not when the plan was made, is skipped by apply', async () => {
    await begin();
    add(NAMES);
    const policy = await world.policy(yaml('a', OLD));
    const summary = await plan(policy);
    others = [await world.policy(yaml('b', VIP))];
    const result = await apply(summary, policy);
    expect(result.counts).toMatchObject({ planned: 2, verified: 1, skipped: 1 });
    expect(world.sandbox.accounts.conversationIds(101)).toEqual(['session-vip']);
    const skipped = (await world.entries()).filter(({ event }) => event === 'deletion.skipped');
    expect(skipped).toMatchObject([
      { session_id: 'session-vip', cause: 'kept', reason: 'rule vip of policy b keeps it' },
    ]);
    expect(result.skipped).toEqual({ kept: 1 });
  });

  test('is looked at again when the run takes long: a name that was changed is not deleted', async () => {
    await begin();
    add({ 'session-one': 'secret name 1', 'session-two': 'secret name 2' });
    const policy = await world.policy(yaml('a', OLD));
    others = [await world.policy(yaml('b', VIP))];
    const summary = await plan(policy);
    world.sandbox.accounts.rename(101, 'session-two', 'VIP secret name');
    const result = await apply(summary, policy);
    expect(result.counts).toMatchObject({ verified: 1, skipped: 1 });
    expect(world.sandbox.accounts.has(101, 'session-two')).toBe(true);
  });
});

describe('a row that is marked as deleted', () => {
  const NEARLY = '  - { name: vip, match: { name: "VIP*" }, action: keep }';
  const marked = async (isThere: boolean): Promise<PlanSummary> => {
    await begin();
    world.sandbox.faults.keepDeletedRows = true;
    const raw = { deleted_at: '2026-01-01' };
    const row = { sessionId: 'session-trash', name: 'vip secret name', createdAt: NOW - 200 * DAY, raw };
    world.sandbox.accounts.addConversation(101, row);
    if (!isThere) world.sandbox.accounts.removeConversation(101, 'session-trash');
    return plan(await world.policy(yaml('a', `${NEARLY}\n${OLD}`)));
  };

  test('and gone is no near miss: nothing of it would be deleted', async () => {
    const { findings, projects } = await marked(false);
    expect(projects).toMatchObject([{ planned: 0 }]);
    expect(findings.stops).toEqual([]);
  });

  test('and there all the same is one', async () => {
    const { findings, projects } = await marked(true);
    expect(projects).toMatchObject([{ planned: 1 }]);
    expect(findings.stops).toMatchObject([{ kind: 'near_miss', sessionId: 'session-trash' }]);
  });
});

describe('a keep rule that matches nothing', () => {
  test('is named, and louder where it matched before', async () => {
    await begin();
    add(NAMES);
    const policy = await world.policy(yaml('a', `${VIP}\n${OLD}`).replace('enforce', 'dry-run'));
    expect((await runOnce(world, policy)).plan?.findings.protections).toMatchObject([
      { kind: 'rule', name: 'vip', matched: 1 },
    ]);
    world.sandbox.accounts.rename(101, 'session-vip', 'secret name renamed');
    await world.clock.advance(1000);
    const { run, plan: second } = await runOnce(world, policy);
    expect(run.warnings).toEqual([
      expect.stringMatching(
        /^Attention: keep rule vip matched none of the 2 conversations it was checked against; it matched 1 conversation in the plan of .*, now none$/,
      ),
    ]);
    expect(second?.findings.protections).toMatchObject([{ matched: 0, before: 1 }]);
    expect(world.log.lines.join('\n')).toContain('now none');
  });

  test('while it was meant for what would be deleted: nothing is, by nobody', async () => {
    await begin();
    add(NAMES);
    const rules = `  - { name: vip, match: { name: { contains: vip } }, action: keep }\n${OLD}`;
    const policy = await world.policy(yaml('a', rules));
    const refused = await runOnce(world, policy);
    expect(refused.run).toMatchObject({
      status: 'refused',
      problem: expect.stringContaining('fits conversation 101/session-vip') as string,
    });
    expect((await world.entries()).at(-1)).toMatchObject({
      event: 'run.refused',
      refused_by: [
        { kind: 'near_miss', rule: 'vip', pattern: 'vip', project_id: 101, session_id: 'session-vip' },
      ],
    });
    const summary = await plan(policy);
    expect((await apply(summary, policy)).run.status).toBe('refused');
    expect(deletes()).toBe(0);
  });
});

describe('an exclusion', () => {
  const EXCLUDING = yaml('a', OLD, 'projects: { include: ["*"], exclude: ["Legal archive*"] }');

  async function renamed(): Promise<Policy> {
    await begin();
    add(NAMES);
    world.sandbox.accounts.addProject({ id: 202, name: 'Legal archive 2026' });
    add({ 'session-legal': 'secret name of a case' }, 202);
    const policy = await world.policy(EXCLUDING);
    await plan(policy);
    world.sandbox.accounts.renameProject(202, 'Legal - archive 2026');
    return policy;
  }

  test('that was kept in a plan, and is lost by a new name, stops the policy until it is released', async () => {
    const policy = await renamed();
    const first = await runOnce(world, policy);
    for (const { run } of [first, await runOnce(world, policy)]) {
      expect(run).toMatchObject({
        status: 'refused',
        problem: expect.stringMatching(/^exclusion: .*"Legal archive\*" once kept project 202 out/) as string,
      });
    }
    const summary = await plan(policy);
    expect(summary.findings.warnings.join('\n')).toMatch(/exclude entry "Legal archive\*" keeps nothing out/);
    expect((await apply(summary, policy)).run.status).toBe('refused');
    expect(deletes()).toBe(0);
    const released = EXCLUDING.replace('*"] }', '*"], released: [202] }');
    expect((await runOnce(world, await world.policy(released))).run.status).toBe('completed');
    expect(deletes()).toBe(3);
  });

  test('that is lost between plan and apply stops the plan', async () => {
    await begin();
    add(NAMES);
    world.sandbox.accounts.addProject({ id: 202, name: 'Legal archive 2026' });
    const policy = await world.policy(EXCLUDING);
    const summary = await plan(policy);
    world.sandbox.accounts.renameProject(202, 'Legal - archive 2026');
    expect((await apply(summary, policy)).run).toMatchObject({ status: 'refused' });
    expect(deletes()).toBe(0);
    world.sandbox.accounts.renameProject(202, 'Legal archive 2026');
    expect((await apply(summary, policy)).run.status).toBe('completed');
  });

  test('by an id that never matched stops it, too, unless that is allowed', async () => {
    await begin();
    add(NAMES);
    const written = yaml('a', OLD, 'projects: { include: ["*"], exclude: [909] }');
    const { run } = await runOnce(world, await world.policy(written));
    expect(run.problem).toMatch(/^exclusion: "909" matches no project and never did/);
    expect(deletes()).toBe(0);
    const allowed = written.replace('[909] }', '[909], allow_unmatched: [909] }');
    const passed = await runOnce(world, await world.policy(allowed));
    expect(passed.run).toMatchObject({
      status: 'completed',
      warnings: ['exclude entry "909" keeps nothing out: no project that the key can see has this id'],
    });
  });

  test('of what was released is refused', async () => {
    await renamed();
    world.sandbox.accounts.renameProject(202, 'Legal archive again');
    const released = EXCLUDING.replace('*"] }', '*"], released: [202] }');
    const { run } = await runOnce(world, await world.policy(released));
    expect(run.problem).toMatch(/^exclusion: project 202 stands under projects.released/);
  });
});

test('a hold on what is not there is named', async () => {
  await begin();
  add(NAMES);
  const hold = { matter: 'M-17', reason: 'a case', by: 'legal', addedAt: NOW, untilAt: undefined };
  await world.store.holds.addHold({
    ...hold,
    holdId: 'hold-absent',
    projectId: 101,
    sessionId: 'session-gone',
  });
  await world.store.holds.addHold({ ...hold, holdId: 'hold-nowhere', projectId: 909, sessionId: undefined });
  await world.store.holds.addHold({
    ...hold,
    holdId: 'hold-there',
    projectId: 101,
    sessionId: 'SESSION-VIP',
  });
  const { run, plan: made } = await runOnce(world, await world.policy(yaml('a', OLD)));
  expect(run.warnings).toEqual([
    'hold hold-absent covers nothing: project 101 was listed completely and has no conversation session-gone',
    'hold hold-nowhere covers nothing: the key sees no project 909',
  ]);
  expect(made?.findings.protections).toMatchObject([
    { kind: 'hold', name: 'hold-absent', matched: 0 },
    { kind: 'hold', name: 'hold-there', matched: 1 },
    { kind: 'hold', name: 'hold-nowhere', matched: 0 },
  ]);
});

describe('a policy that only keeps', () => {
  const only = (include: string) => yaml('keeper', VIP, `projects: { include: ["${include}"] }`);

  test('covers a project whose name it spells in another case', async () => {
    await begin();
    add(NAMES);
    others = [await world.policy(only('support'))];
    const result = await runOnce(world, await world.policy(yaml('p', OLD)));
    expect(result.counts).toMatchObject({ planned: 1, verified: 1 });
    expect(world.sandbox.accounts.has(101, 'session-vip')).toBe(true);
    expect(result.run.warnings).toEqual([]);
  });

  test('and covers nothing says so in the runs of those that delete', async () => {
    await begin();
    add(NAMES);
    others = [await world.policy(only('Support team'))];
    const result = await runOnce(world, await world.policy(yaml('p', OLD)));
    expect(result.run.warnings).toEqual([
      'policy keeper covers no project that the key can see, so what it keeps (rule vip) protects nothing: look at its projects.include',
    ]);
  });

  test('says so louder when it kept something before, though it covers another project still', async () => {
    await begin();
    add(NAMES);
    world.sandbox.accounts.addProject({ id: 102, name: 'Support two' });
    others = [await world.policy(yaml('keeper', VIP, 'projects: { include: ["Support", "Support two"] }'))];
    const policy = await world.policy(yaml('p', OLD, 'projects: { include: [101] }'));
    expect((await plan(policy)).findings.warnings).toEqual([]);
    world.sandbox.accounts.renameProject(101, 'Support (old)');
    expect((await plan(policy)).findings.warnings).toEqual([
      expect.stringMatching(
        /^Attention: keep rule vip of policy keeper was not checked against any of the 2 conversations that this policy would delete: its policy covers none of their projects; it matched 1 conversation in the plan of .*, now none$/,
      ) as string,
    ]);
  });
});
