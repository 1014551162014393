import { afterEach, describe, expect, test } from 'vitest';
import type { CustomGptReader } from '../../src/core/ports/vendor.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import type { FaultEffect } from '../../src/sandbox/fault-rules.ts';
import { addProject, AGE_POLICY, GO_ON, runOnce, sessionId } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

/** Pages of conversations asked for so far. */
const listed = (): number => world.sandbox.journal.count({ route: 'conversations.list' });
const plans = async (yaml = AGE_POLICY) => {
  const policy = await world.policy(yaml.replace('mode: enforce', 'mode: dry-run'));
  return runOnce(world, policy);
};

describe('a list whose rows change places', () => {
  test('because they are of one second is completed by id, and all of it is deleted in the same run', async () => {
    world = await createWorld();
    world.sandbox.accounts.addProject({ id: 101, name: 'Imported' });
    for (let index = 0; index < 60; index += 1)
      world.sandbox.accounts.addConversation(101, {
        sessionId: sessionId('i', index),
        createdAt: NOW - 120 * DAY,
      });
    world.sandbox.faults.shuffleTies = true;
    const policy = await world.policy(AGE_POLICY);
    const result = await runOnce(world, policy);
    expect(result.run.status).toBe('completed');
    expect(result.counts).toMatchObject({ listed: 60, planned: 60, verified: 60 });
    expect(world.sandbox.journal.entries.some(({ path }) => path.includes('orderBy=id'))).toBe(true);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
  });

  test('on every page, whatever is asked for, is completed by several readings', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 25, young: 5 });
    world.sandbox.faults.ignoreOrder = 'reshuffled';
    const { run, counts } = await plans();
    expect(run.status).toBe('completed');
    expect(counts).toMatchObject({ listed: 30, planned: 25 });
  });
});

describe('a list that only begins in order', () => {
  test('and has the oldest last is read to its end', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 60, young: 120 });
    world.sandbox.faults.ignoreOrder = 'oldest-last';
    const { counts, plan } = await plans();
    expect(counts).toMatchObject({ listed: 180, planned: 60 });
    expect(plan?.projects[0]).not.toHaveProperty('sampled');
  });

  test('and has the oldest in the middle is found out by the page that is drawn, in one run or another', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 60, young: 120 });
    world.sandbox.faults.ignoreOrder = 'oldest-in-the-middle';
    const planned: number[] = [];
    while (planned.at(-1) !== 60 && planned.length < 20) planned.push((await plans()).counts.planned);
    expect(planned.at(-1)).toBe(60);
    expect(planned.slice(0, -1).every((count) => count === 0)).toBe(true);
  });
});

describe('a list that is long', () => {
  test('is sampled where nothing has expired, in three requests, and read in full after 30 days', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 0, young: 500 });
    const days: number[] = [];
    for (let day = 0; day <= 30; day += 1) {
      const before = listed();
      const { plan } = await plans(AGE_POLICY.replace('90d', '5y'));
      if (plan?.projects[0]?.sampled === undefined) days.push(day);
      else expect(listed() - before).toBe(3);
      await world.clock.advance(DAY);
    }
    expect(days).toEqual([29]);
  });

  test('of one page takes one request', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 0, young: 7 });
    await plans();
    expect(listed()).toBe(1);
  });

  test('draws another page each time', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 0, young: 500 });
    for (let run = 0; run < 4; run += 1) await plans();
    const pages = world.sandbox.journal.entries.flatMap(
      ({ path }) => /conversations\?page=(\d+)/.exec(path)?.[1] ?? [],
    );
    expect(new Set(pages).size).toBeGreaterThan(3);
  });

  test('is read on until the percentage of what was seen allows what is planned', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 95, young: 900 });
    world.sandbox.faults.add({ when: { route: 'conversations.list' }, then: { totalOffset: 1_000_000 } });
    const { plan } = await plans(AGE_POLICY.replace('max_percent: 100', 'max_percent: 50'));
    expect(plan?.projects[0]).toMatchObject({ planned: 95, total: 190, sampled: { claimed: 1_000_995 } });
  });

  test('is read on to its end where it has not so many, whatever it counts', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 60, young: 40 });
    world.sandbox.faults.add({ when: { route: 'conversations.list' }, then: { totalOffset: 1_000_000 } });
    const result = await runOnce(
      world,
      await world.policy(AGE_POLICY.replace('max_percent: 100', 'max_percent: 50')),
    );
    expect(result.plan?.projects[0]).toMatchObject({ planned: 60, total: 100 });
    expect(result.run.status).toBe('refused');
    expect(result.run.problem).toContain('max_percent allows 50 in project 101, the plan has 60');
  });
});

describe('a list that always has one page more, and counts it', () => {
  /** A run of a client that lists otherwise. */
  async function runWith(change: (reader: CustomGptReader) => Partial<CustomGptReader>) {
    const { deps } = world;
    const openApi: typeof deps.openApi = () => {
      const { reader, deleter } = deps.openApi();
      return { reader: { ...reader, ...change(reader) }, deleter: { ...deleter, ...change(deleter) } };
    };
    const policy = await world.policy(AGE_POLICY);
    return runPolicy({ ...deps, openApi }, { policy, trigger: 'manual', signals: GO_ON });
  }

  test('is given up, and the other projects are worked on', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 0 });
    addProject(world, 102, { old: 3, young: 3 });
    let asked = 0;
    const result = await runWith((reader) => ({
      async *conversationPages(projectId, ...how) {
        for await (const first of reader.conversationPages(projectId, ...how)) {
          yield projectId === 101 ? { ...first, lastPage: 2, total: 2 } : first;
          if (projectId !== 101) continue;
          for (let page = 2; ; page += 1) {
            asked += 1;
            const rows = first.rows.map((row) => ({ ...row, sessionId: sessionId('more', page) }));
            yield { ...first, page, rows: rows, lastPage: page + 1, total: page + 1 };
          }
        }
      },
    }));
    expect(result.counts).toMatchObject({ verified: 3 });
    // The count begins anew with each reading, so that the project seems to have shrunk.
    expect(result.plan?.projects[0]?.incomplete).toBe('the project shrank while it was listed');
    expect(asked).toBeLessThan(500);
  });

  test('of projects ends the run, and nothing is deleted', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 3 });
    let asked = 0;
    const result = await runWith((reader) => ({
      async *projectPages(signal) {
        for await (const first of reader.projectPages(signal)) {
          for (let page = 1; ; page += 1) {
            asked += 1;
            const projects = first.projects.map((project) => ({ ...project, id: project.id + page }));
            yield { ...first, page, projects, lastPage: page + 1, total: page + 1 };
          }
        }
      },
    }));
    expect(result.fault).toMatchObject({ kind: 'api_unreachable' });
    expect(result.fault?.message).toContain('where it should have ended');
    expect(asked).toBeLessThan(200);
    expect(world.sandbox.accounts.count(101)).toBe(6);
  });
});

describe('a project that counts more than its list shows', () => {
  test('is planned by what it shows, and the rest is named: a right may be missing', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 12, young: 8 });
    addProject(world, 102, { old: 3, young: 3 });
    const when = { route: 'conversations.list', projectId: 101 } as const;
    world.sandbox.faults.add({ when, then: { totalOffset: 7 } });
    const { run, counts } = await plans();
    expect(counts).toMatchObject({ listed: 26, planned: 15 });
    expect(run.warnings).toEqual([
      'project 101 lists 20 of the 27 conversations that it counts: the key may not see the others, and they stay',
    ]);
  });

  test('is not one of which the list had to say less', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 12, young: 300 });
    expect((await plans()).run.warnings).toEqual([]);
  });
});

describe('a list whose deep pages are refused', () => {
  test('is completed from its other end', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 150, young: 20 });
    world.sandbox.faults.deepestPage = 10;
    const { run, counts } = await plans();
    expect(run.status).toBe('completed');
    expect(counts).toMatchObject({ listed: 170, planned: 150 });
  });

  test('is left where that is not enough, with the same reason each time', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 300, young: 20 });
    world.sandbox.faults.deepestPage = 10;
    const reasons: (string | undefined)[] = [];
    for (let run = 0; run < 2; run += 1) {
      const { counts, plan } = await plans();
      expect(counts.planned).toBe(0);
      reasons.push(plan?.projects[0]?.incomplete);
      world.sandbox.accounts.addConversation(101, {});
    }
    expect(new Set(reasons)).toEqual(
      new Set([
        'the API refuses page 11 and all behind it (HTTP 422), from either end, so not all can be listed',
      ]),
    );
  });
});

describe('what is wrong with a page', () => {
  test.each<readonly [FaultEffect, string]>([
    [{ body: 'not-json' }, 'page 2: HTTP 200, not JSON'],
    [{ body: 'foreign-json' }, 'page 2: HTTP 200, JSON, but no list'],
    [{ status: 500 }, 'page 2: HTTP 500'],
    [{ status: 403 }, 'page 2: HTTP 403'],
    [
      { dropRows: 6 },
      'page 2 of 4 is short: 4 rows where 10 were; 34 conversations arrived where the project counts 40',
    ],
    [{ repeatPage: true }, 'page 2 of 4 repeats rows; 30 conversations arrived where the project counts 40'],
  ])('is told: %j', async (then, problem) => {
    world = await createWorld();
    addProject(world, 101, { old: 40, young: 0 });
    world.sandbox.faults.add({ when: { route: 'conversations.list', page: 2 }, then });
    expect((await plans()).plan?.projects[0]?.incomplete).toBe(problem);
  });
});

test('rows of another project are not counted among those of which a percentage is taken', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 25, young: 2 });
  for (let index = 0; index < 30; index += 1) {
    world.sandbox.accounts.addConversation(101, {
      sessionId: sessionId('foreign', index),
      createdAt: NOW - 500 * DAY,
      raw: { project_id: 999 },
    });
  }
  const result = await runOnce(
    world,
    await world.policy(AGE_POLICY.replace('max_percent: 100', 'max_percent: 50')),
  );
  expect(result.run.status).toBe('refused');
  expect(result.counts).toMatchObject({ listed: 57, planned: 25 });
  expect(result.plan?.projects).toMatchObject([{ total: 27 }]);
});

describe('rows that stay in the list with a deleted_at', () => {
  const existenceAsked = (): number => world.sandbox.journal.count({ route: 'messages.list' });

  test('are not planned: those in the log without a question, others once they answer 404', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 6, young: 14 });
    world.sandbox.faults.keepDeletedRows = true;
    const [first = '', second = '', third = ''] = old;
    for (const session of [first, second]) world.sandbox.accounts.removeConversation(101, session);
    await world.store.audit.append([
      {
        event: 'deletion.verified',
        ...{ run_id: 'run-0', policy: 'by-age', policy_hash: null, rule: 'old' },
        ...{ project_id: 101, session_id: first, facts: {} },
      },
    ]);
    world.sandbox.accounts.addConversation(101, {
      sessionId: sessionId('trash', 1),
      createdAt: NOW - 300 * DAY,
      raw: { deleted_at: '2025-01-05 00:00:00' },
    });
    const { counts, plan } = await plans();
    // The third kind answers 200 all the same: it is decided like any other.
    expect(counts).toMatchObject({ listed: 21, planned: 5, kept: 16 });
    expect(existenceAsked()).toBe(2);
    expect(plan?.projects).toMatchObject([{ total: 19 }]);
    expect((await world.entries()).some(({ event }) => event === 'conversation.reappeared')).toBe(false);
    expect(third).not.toBe('');
  });
});

describe('the newest message', () => {
  const IDLE = AGE_POLICY.replace('older_than: 90d', 'older_than: 90d, age_from: last_message');
  const add = (label: string, ages: readonly number[]): void => {
    world.sandbox.accounts.addConversation(101, {
      sessionId: sessionId(label, 1),
      createdAt: NOW - 400 * DAY,
      messages: ages.map((age) => ({ createdAt: NOW - age * DAY, query: 'q', response: 'r' })),
    });
  };
  const days = (from: number, to: number): number[] =>
    Array.from({ length: 45 }, (_, index) => from + ((to - from) * index) / 44);

  test.each(['as-asked', 'oldest-first', 'oldest-page-first'] as const)(
    'is found on all pages of messages that come %s, on a paginator of one page',
    async (messageOrder) => {
      world = await createWorld();
      world.sandbox.accounts.addProject({ id: 101, name: 'p' });
      add('idle-00', days(390, 100));
      add('active-0', days(390, 10));
      world.sandbox.faults.messageOrder = messageOrder;
      world.sandbox.faults.add({ when: { route: 'messages.list' }, then: { lastPageOffset: -9 } });
      const result = await runOnce(world, await world.policy(IDLE));
      expect(result.counts).toMatchObject({ planned: 1, verified: 1, kept: 1 });
      expect(world.sandbox.accounts.conversationIds(101)).toEqual([sessionId('active-0', 1)]);
      // Too young by a page, it needs no other.
      const asked = world.sandbox.journal.count({ sessionId: sessionId('active-0', 1) });
      expect(asked).toBe(messageOrder === 'as-asked' ? 1 : 2);
    },
  );

  test('is unknown, and the conversation kept, where rows and paginator contradict one another', async () => {
    world = await createWorld();
    world.sandbox.accounts.addProject({ id: 101, name: 'p' });
    add('idle-00', days(390, 100));
    world.sandbox.faults.add({ when: { route: 'messages.list' }, then: { totalOffset: 3 } });
    expect((await plans(IDLE)).counts).toMatchObject({ planned: 0, unknown: 1 });
  });

  test('is not taken from an answer about a conversation that was created at another time', async () => {
    world = await createWorld();
    world.sandbox.accounts.addProject({ id: 101, name: 'p' });
    add('idle-00', [100]);
    const { deps } = world;
    const openApi: typeof deps.openApi = () => {
      const { reader, ...rest } = deps.openApi();
      const existence: typeof reader.existence = async (...of) => {
        const answer = await reader.existence(...of);
        if (answer.state !== 'present' || answer.conversation === undefined) return answer;
        return { ...answer, conversation: { ...answer.conversation, createdAt: NOW - 2 * DAY } };
      };
      return { ...rest, reader: { ...reader, existence } };
    };
    const policy = await world.policy(IDLE);
    const result = await runPolicy({ ...deps, openApi }, { policy, trigger: 'manual', signals: GO_ON });
    expect(result.counts).toMatchObject({ planned: 0, unknown: 1 });
  });

  test('with the dates of 2023 is an interval: old enough as a whole, it is deleted', async () => {
    world = await createWorld();
    world.sandbox.accounts.addProject({ id: 101, name: 'p' });
    add('idle-00', [300, 95]);
    add('around-0', [300, 90]);
    add('active-0', [300, 80]);
    world.sandbox.faults.messageDates = '12-hour';
    const result = await runOnce(world, await world.policy(IDLE));
    expect(result.counts).toMatchObject({ planned: 1, verified: 1, kept: 1, unknown: 1 });
    expect(world.sandbox.accounts.has(101, sessionId('idle-00', 1))).toBe(false);
    const reasons: string[] = [];
    for await (const item of world.store.plans.planItems(result.plan?.planId ?? ''))
      reasons.push(item.reason);
    expect(reasons.sort()).toEqual([
      expect.stringMatching(
        /^rule old matches \(newest message's date between 2025-11-2\d .* and 2025-11-2\d .* UTC\)$/,
      ),
      expect.stringMatching(
        /^rule old needs its newest message's date, which lies between 2025-11-30 .* and 2025-12-02 /,
      ),
    ]);
  });
});
