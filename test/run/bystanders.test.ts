import { afterEach, describe, expect, test } from 'vitest';
import type { CustomGptDeleter } from '../../src/core/ports/vendor.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { RunDeps } from '../../src/run/context.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { addProject, AGE_POLICY, GO_ON, runOnce, sessionId } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';

/* What a run does not delete has to be shown still: a listing that has lost it proves nothing of what it does not show. */

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

const ALONE = `${AGE_POLICY}concurrency: 1\n`;

/** Conversations of the key's team, all of them young. */
function addTeam(projectId: number, count: number): void {
  for (let index = 0; index < count; index += 1) {
    world.sandbox.accounts.addConversation(projectId, {
      sessionId: sessionId('team', index),
      createdBy: 9_001 + index,
      createdAt: NOW - 10 * DAY + index * 60_000,
    });
  }
}

/** From then on DELETEs are accepted and do nothing, and what is meant by `whose` is neither listed nor found. */
function goDark(whose: readonly ('anonymous' | 'team')[]): void {
  const { faults } = world.sandbox;
  faults.swallowDeletes = true;
  faults.missingRight = 404;
  for (const one of whose) faults.unreadable.add(one);
}

async function runUntilDark(after: number, act: () => void, yaml = ALONE): Promise<RunResult> {
  let sent = 0;
  const openApi: RunDeps['openApi'] = () => {
    const { reader, deleter } = world.deps.openApi();
    const deleteConversation: CustomGptDeleter['deleteConversation'] = (...args) => {
      sent += 1;
      if (sent === after + 1) act();
      return deleter.deleteConversation(...args);
    };
    return { reader, deleter: { ...deleter, deleteConversation } };
  };
  const policy = await world.policy(yaml);
  return runPolicy({ ...world.deps, openApi }, { policy, trigger: 'manual', signals: GO_ON });
}

async function lastReasons(): Promise<ReadonlySet<unknown>> {
  const entries = (await world.entries()).filter(({ event }) => event === 'deletion.unverified');
  return new Set(entries.map((entry) => entry['reason']));
}

describe('a project that goes dark in mid-run, where DELETEs go on being accepted', () => {
  test('has nothing verified by that, in this run or the next, and all of it once it is seen again', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 12, young: 20 });
    const first = await runUntilDark(3, () => {
      goDark(['anonymous', 'team']);
    });
    expect(first.run.status).toBe('partial');
    expect(first.counts).toMatchObject({ verified: 0, already_gone: 0, unverified: 12 });
    const exist = (): number => old.filter((id) => world.sandbox.accounts.has(101, id)).length;
    expect(exist()).toBe(9);
    const second = await runOnce(world, await world.policy(ALONE));
    expect(second.counts).toMatchObject({ verified: 0, already_gone: 0 });
    expect((await world.store.audit.outcomes(first.run.runId)).counts.verified).toBe(0);

    const { faults } = world.sandbox;
    faults.unreadable.clear();
    faults.swallowDeletes = false;
    const third = await runOnce(world, await world.policy(ALONE));
    expect(third.run.status).toBe('completed');
    expect((await world.store.audit.outcomes(first.run.runId)).counts.verified).toBe(3);
    expect(exist()).toBe(0);
  });

  test('but for some of its team’s has none of its visitors’ verified', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 12, young: 20 });
    addTeam(101, 5);
    const first = await runUntilDark(3, () => {
      goDark(['anonymous']);
    });
    expect(first.run.status).toBe('partial');
    expect(first.counts).toMatchObject({ verified: 0, already_gone: 0 });
    expect([...(await lastReasons())].join('\n')).toContain(
      'the fresh listing proves nothing: it shows none of the 20 others of its kind that were listed with it',
    );
    // In the dark, the next run has no word for them either.
    await runOnce(world, await world.policy(ALONE));
    expect((await world.store.audit.outcomes(first.run.runId)).counts.verified).toBe(0);
    expect(old.filter((id) => world.sandbox.accounts.has(101, id))).toHaveLength(9);
  });

  test('but for one of them has none verified either', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 12, young: 20 });
    const { accounts } = world.sandbox;
    const first = await runUntilDark(3, () => {
      world.sandbox.faults.swallowDeletes = true;
      for (const id of accounts.conversationIds(101).slice(0, -1)) accounts.removeConversation(101, id);
    });
    expect(first.run.status).toBe('partial');
    expect(first.counts).toMatchObject({ verified: 0, already_gone: 0 });
    expect([...(await lastReasons())].join('\n')).toContain('it shows only 1 of the 20 others of its kind');
    // The next run, which rests on the same one, has no better word for them, and says so once.
    const policy = await world.policy(ALONE);
    expect((await runOnce(world, policy)).run.status).toBe('partial');
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    expect((await world.store.audit.outcomes(first.run.runId)).counts).toMatchObject({ verified: 0 });
  });
});

test('a listing that is not read to its end has to show what was kept as far as it is read', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 52, young: 60 });
  const { accounts, faults } = world.sandbox;
  const old = accounts.conversationIds(101).slice(0, 52);
  const kept = ALONE.replace(
    'rules:',
    `rules:\n  - { name: vip, match: { session_ids: [${old.slice(0, 40).join(', ')}] }, action: keep }`,
  );
  const result = await runUntilDark(
    3,
    () => {
      faults.swallowDeletes = true;
      for (const id of old) accounts.removeConversation(101, id);
    },
    kept,
  );
  expect(result.run.status).toBe('partial');
  expect(result.counts).toMatchObject({ planned: 12, verified: 0, already_gone: 0 });
  expect([...(await lastReasons())].join('\n')).toContain('it shows none of the 40 others of its kind');
});

test('what is left to later runs has to be shown still', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 60, young: 10 });
  const { accounts, faults } = world.sandbox;
  const some = ALONE.replace(
    'max_percent: 100',
    'max_percent: 100, max_deletions: 12, when_exceeded: oldest_first',
  );
  const result = await runUntilDark(
    3,
    () => {
      faults.swallowDeletes = true;
      for (const id of accounts.conversationIds(101).slice(0, -10)) accounts.removeConversation(101, id);
    },
    some,
  );
  expect(result.counts).toMatchObject({ planned: 60, deferred: 48, verified: 0 });
  expect([...(await lastReasons())].join('\n')).toMatch(
    /it shows (none|only \d+) of the \d+ others of its kind/,
  );
});

test('one of its kind is read for to the end, though others might speak for it', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 0, young: 60 });
  addTeam(101, 5);
  const { accounts, faults } = world.sandbox;
  const add = (label: string, ageDays: number): void => {
    const createdAt = NOW - ageDays * DAY;
    // The API does not say who created it: it may be a visitor's or a colleague's.
    accounts.addConversation(101, {
      sessionId: sessionId(label, 1),
      createdAt,
      raw: { created_by: undefined },
    });
  };
  add('old', 400);
  add('newest', 2);
  faults.add({ when: { method: 'DELETE' }, then: { status: 502, executed: true } });
  // Has planning read all of them, and so know of the newest one.
  const nothing = '- { name: none, match: { name: nobody, older_than: 1d }, action: delete }';
  const policy = await world.policy(ALONE.replace('limits:', `  ${nothing}\nlimits:`));
  const result = await runOnce(world, policy);
  expect(result.run.status).toBe('completed');
  expect(result.counts).toMatchObject({ planned: 1, verified: 1 });
});

test('what an accepted DELETE left open is settled once one of its kind is seen again; until then that is said once', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 6, young: 8 });
  const { accounts } = world.sandbox;
  const first = await runUntilDark(3, () => {
    for (const id of accounts.conversationIds(101)) accounts.removeConversation(101, id);
  });
  expect(first.counts).toMatchObject({ verified: 0, unverified: 3, skipped: 3 });
  const policy = await world.policy(ALONE);
  // Nothing is listed any more, in no project, so that nobody can tell.
  expect((await runOnce(world, policy)).run.status).toBe('partial');
  expect((await runOnce(world, policy)).run.status).toBe('completed');
  expect((await world.store.audit.outcomes(first.run.runId)).counts.verified).toBe(0);
  addProject(world, 102, { old: 0, young: 1 });
  // One of another project does not speak for what was lost here; eight of this one do.
  expect((await runOnce(world, policy)).run.status).toBe('completed');
  expect((await world.store.audit.outcomes(first.run.runId)).counts.verified).toBe(0);
  for (let index = 0; index < 8; index += 1) {
    const createdAt = world.clock.now();
    accounts.addConversation(101, { sessionId: sessionId('later', index), createdAt });
  }
  expect((await runOnce(world, policy)).run.status).toBe('completed');
  expect((await world.store.audit.outcomes(first.run.runId)).counts.verified).toBe(3);
});

test('what another policy deletes meanwhile is no loss', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 6, young: 8 });
  const other = await world.policy(
    ALONE.replace('by-age', 'younger')
      .replace('90d', '5d')
      .replace('older_than', 'name: "*young*", older_than'),
  );
  let ran: Promise<RunResult> | undefined;
  const result = await runUntilDark(5, () => {
    ran = runOnce(world, other);
  });
  expect((await ran)?.counts.verified).toBe(8);
  expect(result.counts.verified).toBe(6);
});
