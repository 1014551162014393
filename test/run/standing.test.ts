import { afterEach, describe, expect, test } from 'vitest';
import { backlogCount, oldestDueAt } from '../../src/core/backlog.ts';
import type { PolicyStanding } from '../../src/core/ports/status.ts';
import { StandingReader } from '../../src/run/standing.ts';
import { applyStoredPlan } from '../../src/run/apply-stored-plan.ts';
import { planPolicy } from '../../src/run/plan/plan-policy.ts';
import { accountOf, addProject, AGE_POLICY, GO_ON, runOnce } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(() => world.close());

function onlyOne({ policies }: { readonly policies: readonly PolicyStanding[] }): PolicyStanding {
  const [one] = policies;
  if (one === undefined || policies.length !== 1) throw new Error(`${policies.length} policies`);
  return one;
}

describe('how retention stands', () => {
  test('is told with the backlog, which a dry run leaves and a run takes away', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 6, young: 3 });
    const dry = await world.policy(AGE_POLICY.replace('mode: enforce', 'mode: dry-run'));
    const enforced = await world.policy(AGE_POLICY);
    let policies = [dry];
    const { store, clock } = world;
    const reader = new StandingReader({ store, clock, policies: () => Promise.resolve({ policies }) });
    expect(onlyOne(await reader.standing())).toMatchObject({
      state: 'waiting',
      plan: undefined,
      backlog: undefined,
    });

    await runOnce(world, dry);
    const left = onlyOne(await reader.standing());
    if (left.backlog === undefined) throw new Error('no backlog');
    expect(left.state).toBe('ok');
    expect(backlogCount(left.backlog)).toBe(6);
    // 400 days old, by a rule of 90.
    expect(oldestDueAt(left.backlog)).toBe(NOW - 310 * DAY);

    policies = [enforced];
    await runOnce(world, enforced);
    const done = await reader.standing();
    expect(onlyOne(done).backlog?.projects).toEqual([]);
    expect(done).toMatchObject({ problems: [], open: [], holdCount: 0, auditHead: await store.audit.head() });
  });

  test('goes on naming the policies while a file is wrong', async () => {
    world = await createWorld();
    const policy = await world.policy(AGE_POLICY);
    let read: Awaited<ReturnType<ConstructorParameters<typeof StandingReader>[0]['policies']>> = {
      policies: [policy],
    };
    const { store, clock } = world;
    const reader = new StandingReader({ store, clock, policies: () => Promise.resolve(read) });
    await reader.standing();
    read = { problems: ['a.yaml:3:1 is wrong'] };
    const standing = await reader.standing();
    expect(standing.problems).toEqual(['a.yaml:3:1 is wrong']);
    expect(onlyOne(standing).policy.name).toBe(policy.name);
  });

  test('a project that a later plan could not list, or did not see, is not empty for that', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 6, young: 3 });
    addProject(world, 102, { old: 2, young: 3 });
    const dry = await world.policy(AGE_POLICY.replace('mode: enforce', 'mode: dry-run'));
    const { store, clock } = world;
    const policies = [dry];
    const reader = new StandingReader({ store, clock, policies: () => Promise.resolve({ policies }) });
    const left = async () => {
      const { projects = [], unread } = onlyOne(await reader.standing()).backlog ?? {};
      return [
        ...projects.map(({ projectId, count }) => `${projectId}: ${count}`),
        ...(unread ?? []).map(String),
      ];
    };
    await runOnce(world, dry);
    expect(await left()).toEqual(['101: 6', '102: 2']);
    world.sandbox.faults.add({ when: { projectId: 101 }, then: { status: 500 } });
    await runOnce(world, dry);
    expect(await left()).toEqual(['101: 6', '102: 2']);
    // By another version of the policy nobody knows yet.
    const changed = await world.policy(`${AGE_POLICY.replace('mode: enforce', 'mode: dry-run')}# changed\n`);
    policies[0] = changed;
    expect(onlyOne(await reader.standing()).backlog).toBeUndefined();
    await runOnce(world, changed);
    expect(await left()).toEqual(['102: 2', '101']);
  });

  test('an older plan that is applied hides nothing that a later one found', async () => {
    world = await createWorld();
    const [first] = addProject(world, 101, { old: 2, young: 3 });
    const policy = await world.policy(AGE_POLICY);
    const { deps, store, clock } = world;
    const account = await accountOf(world);
    const plan = () =>
      planPolicy({ ...deps, reader: deps.openApi().reader }, { policy, account, withKept: false });
    const { plan: older } = await plan();
    addProject(world, 102, { old: 4, young: 1 });
    await plan();
    await applyStoredPlan(deps, { plan: older, policy, override: undefined, signals: GO_ON });
    expect(first).toBeDefined();
    const policies = [policy];
    const reader = new StandingReader({ store, clock, policies: () => Promise.resolve({ policies }) });
    expect(onlyOne(await reader.standing()).backlog?.projects).toMatchObject([{ projectId: 102, count: 4 }]);
  });

  test('a backlog that is not known is not told as none', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    await runOnce(world, policy);
    await world.clock.sleep(40 * DAY);
    await world.store.plans.scrubPlans(world.clock.now());
    const { store, clock } = world;
    const policies = [policy];
    const reader = new StandingReader({ store, clock, policies: () => Promise.resolve({ policies }) });
    expect(onlyOne(await reader.standing()).backlog).toMatchObject({ projects: [], unread: [101] });
  });
});

test('what another policy deleted since the plan is no backlog any more', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 6, young: 3 });
  const dry = await world.policy(AGE_POLICY.replace('mode: enforce', 'mode: dry-run'));
  const other = await world.policy(AGE_POLICY.replace('name: by-age', 'name: other'));
  await runOnce(world, dry);
  const { store, clock } = world;
  const policies = [dry];
  const reader = new StandingReader({ store, clock, policies: () => Promise.resolve({ policies }) });
  expect(backlogCount(onlyOne(await reader.standing()).backlog ?? { projects: [] })).toBe(6);
  await runOnce(world, other);
  expect(onlyOne(await reader.standing()).backlog?.projects).toEqual([]);
});

test('a run says that a project is gone in which the plan before had found something', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 2, young: 3 });
  addProject(world, 102, { old: 4, young: 1 });
  const dry = await world.policy(AGE_POLICY.replace('mode: enforce', 'mode: dry-run'));
  await runOnce(world, dry);
  world.sandbox.accounts.removeProject(102);
  const said =
    'project 102, in which the plan before would delete 4, is not there any more: does the key still see it?';
  expect((await runOnce(world, dry)).run.warnings).toContain(said);
  expect((await runOnce(world, dry)).run.warnings).not.toContain(said);
});
