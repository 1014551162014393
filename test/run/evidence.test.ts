import { afterEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/core/audit-entry.ts';
import type { UnusableRow } from '../../src/core/conversation.ts';
import { RetentionError } from '../../src/core/errors.ts';
import type { PlanSummary } from '../../src/core/plan.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { CustomGptDeleter } from '../../src/core/ports/vendor.ts';
import { applyStoredPlan } from '../../src/run/apply-stored-plan.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { RunDeps } from '../../src/run/context.ts';
import { makePlan } from '../../src/run/plan/make-plan.ts';
import type { ListedRow } from '../../src/run/plan/list-project.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { accountOf, addProject, AGE_POLICY, GO_ON, runOnce, sessionId } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';
import { NO_HOLDS } from '../../src/core/hold.ts';

/* What may be claimed of a deletion: nothing that would look the same if it were not so. */

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

const deletes = (): number => world.sandbox.journal.count({ method: 'DELETE' });

async function entriesOf(event: string) {
  return (await world.entries()).filter((entry) => entry.event === event);
}

/** Why, in the words of an entry. */
function reasonOf(entry: AuditEntry | undefined): string {
  const reason = entry?.['reason'];
  return typeof reason === 'string' ? reason : '';
}

async function plan(policy: Policy): Promise<PlanSummary> {
  const { deps } = world;
  const parts = { ...deps, reader: deps.openApi().reader };
  return makePlan(parts, {
    policy,
    account: await accountOf(world),
    others: [],
    holds: NO_HOLDS,
    withKept: false,
  });
}

function apply(summary: PlanSummary, policy: Policy): Promise<RunResult> {
  return applyStoredPlan(world.deps, { plan: summary, policy, override: undefined, signals: GO_ON });
}

/** A run whose client is changed. */
function runWith(policy: Policy, change: (deleter: CustomGptDeleter) => Partial<CustomGptDeleter>) {
  const openApi: RunDeps['openApi'] = () => {
    const { reader, deleter } = world.deps.openApi();
    return { reader, deleter: { ...deleter, ...change(deleter) } };
  };
  return runPolicy({ ...world.deps, openApi }, { policy, trigger: 'manual', signals: GO_ON });
}

/** Does this as soon as a DELETE has been answered, before anybody looks. */
function afterEachDelete(act: (projectId: number, sessionId: string) => void) {
  return (deleter: CustomGptDeleter): Partial<CustomGptDeleter> => ({
    deleteConversation: async (projectId, id, options) => {
      const answer = await deleter.deleteConversation(projectId, id, options);
      act(projectId, id);
      return answer;
    },
  });
}

/** `team` and `visitors` of each: expired ones and, behind them, as many that are young. */
function addMixedProject(id: number, each: number): { readonly team: string[]; readonly visitors: string[] } {
  const { accounts } = world.sandbox;
  accounts.addProject({ id, name: `project-${id}` });
  const old = { team: [] as string[], visitors: [] as string[] };
  for (let index = 0; index < 4 * each; index += 1) {
    const isTeam = index % 2 === 0;
    const isOld = index < 2 * each;
    const session = sessionId(`${isOld ? 'old' : 'young'}-${id}`, index);
    accounts.addConversation(id, {
      sessionId: session,
      name: `secret name ${index}`,
      createdBy: isTeam ? 9_001 : null,
      createdAt: NOW - (isOld ? 400 : 10) * DAY + index * 60_000,
    });
    if (isOld) old[isTeam ? 'team' : 'visitors'].push(session);
  }
  return old;
}

describe('a DELETE that answers 404 for everything, while all of it is there', () => {
  test('has failed, after a follow-up GET, and exit code and every later run say so', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 3, young: 5 });
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { status: 404 } });
    const policy = await world.policy(AGE_POLICY);
    for (let run = 1; run <= 2; run += 1) {
      const result = await runOnce(world, policy);
      expect(result.run.status).toBe('partial');
      expect(result.counts).toMatchObject({ planned: 3, failed: 3, already_gone: 0, verified: 0 });
    }
    for (const session of old) {
      const own = world.sandbox.journal.entries.filter((entry) => entry.sessionId === session);
      const last = own.findLastIndex(({ method }) => method === 'DELETE');
      expect(own[last + 1]).toMatchObject({ route: 'messages.list', status: 200 });
    }
    expect(world.sandbox.accounts.count(101)).toBe(8);
    const reasons = (await entriesOf('deletion.failed')).map(reasonOf);
    expect(reasons.every((reason) => reason.includes('allowed to read and not to delete'))).toBe(true);
  });

  test('has the project asked before anything else of it', async () => {
    world = await createWorld();
    const [, victim = ''] = addProject(world, 101, { old: 4, young: 5 });
    const then = { status: 404, executed: true };
    world.sandbox.faults.add({ when: { method: 'DELETE', sessionId: victim }, times: 1, then });
    await runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 1\n`));
    const { entries } = world.sandbox.journal;
    const at = entries.findIndex(({ method, status }) => method === 'DELETE' && status === 404);
    expect(entries[at + 1]).toMatchObject({ route: 'conversations.list', method: 'GET' });
    expect(entries[at + 2]).toMatchObject({ route: 'messages.list', sessionId: victim });
  });
});

test.each([
  ['chat-441', /^chat-\d{4}$/],
  // Not to be seen by the id: a second draw finds it.
  ['ab-00044', /^ab-\d{6}$/],
])('an id that cannot exist has the shape of those that do: %s…', async (beginning, shape) => {
  world = await createWorld();
  const { accounts, faults } = world.sandbox;
  accounts.addProject({ id: 101, name: 'project-101' });
  for (const [index, ageDays] of [400, 400, 400, 10].entries())
    accounts.addConversation(101, { sessionId: `${beginning}${index}`, createdAt: NOW - ageDays * DAY });
  faults.idShape = shape;
  const result = await runOnce(world, await world.policy(AGE_POLICY));
  expect(result.counts).toMatchObject({ planned: 3, verified: 3 });
});

describe('a plan that is applied while the messages are broken', () => {
  test.each([
    ['answers the vendor’s own 404', { status: 404 }],
    ['answers a gateway’s 404', { status: 404, body: 'gateway-json' }],
    ['answers HTML', { status: 404, body: 'html' }],
  ] as const)('deletes nothing and calls nothing gone: the route %s', async (_, then) => {
    world = await createWorld();
    addProject(world, 101, { old: 6, young: 5 });
    const policy = await world.policy(AGE_POLICY);
    const summary = await plan(policy);
    // So long ago that each would be read again.
    await world.clock.advance(DAY);
    world.sandbox.faults.add({ when: { route: 'messages.list' }, then });
    const result = await apply(summary, policy);
    expect(result.run.status).toBe('partial');
    expect(result.counts).toMatchObject({ planned: 6, skipped: 6, already_gone: 0, verified: 0 });
    expect(deletes()).toBe(0);
    const [refused] = await entriesOf('project.refused');
    expect(reasonOf(refused)).toContain('not calibrated');
    expect(result.run.warnings).toEqual([
      expect.stringMatching(
        /^project 101 is left alone in this run \(not calibrated: .+\); it is tried again in the next$/,
      ),
    ]);
  });

  test.each([200, 'html'] as const)(
    'deletes nothing where an id that cannot exist answers %s',
    async (answer) => {
      world = await createWorld();
      addProject(world, 101, { old: 6, young: 5 });
      world.sandbox.faults.unknownIds = answer;
      const result = await runOnce(world, await world.policy(AGE_POLICY));
      expect(result.counts).toMatchObject({ planned: 6, skipped: 6, already_gone: 0, verified: 0 });
      expect(deletes()).toBe(0);
      const said = answer === 200 ? 'HTTP 200' : 'HTTP 404 without JSON';
      expect(reasonOf((await entriesOf('project.refused'))[0])).toContain(said);
    },
  );
});

test('a DELETE without effect is never verified by messages that are broken, in no later run', async () => {
  world = await createWorld();
  const [first = ''] = addProject(world, 101, { old: 1, young: 5 });
  addProject(world, 102, { old: 0, young: 2 });
  const { faults, accounts } = world.sandbox;
  faults.swallowDeletes = true;
  const policy = await world.policy(AGE_POLICY);
  const break404 = () => {
    if (faults.rules.length === 0) faults.add({ when: { route: 'messages.list' }, then: { status: 404 } });
  };
  const run = await runWith(policy, afterEachDelete(break404));
  expect(run.counts).toMatchObject({ planned: 1, verified: 0, unverified: 1 });
  const narrowed = await world.policy(AGE_POLICY.replace('["*"]', '[102]'));
  for (let round = 0; round < 2; round += 1) {
    const next = await runOnce(world, narrowed);
    expect(next.run.status).toBe('partial');
    expect((await world.store.audit.outcomes(run.run.runId)).counts).toMatchObject({
      verified: 0,
      unverified: 1,
    });
  }
  // Once the messages answer again they say the same as the listing.
  faults.clearRules();
  expect((await runOnce(world, narrowed)).run.status).toBe('partial');
  expect(await entriesOf('deletion.verified')).toEqual([]);
  expect(accounts.has(101, first)).toBe(true);
});

test.each([
  ['no date', '0000-00-00 00:00:00'],
  ['a date of the future', '2099-01-01 00:00:00'],
])('a deleted_at that is %s is no sign that a DELETE had an effect', async (_, deletedAt) => {
  world = await createWorld();
  const { faults, accounts } = world.sandbox;
  addProject(world, 101, { old: 0, young: 5 });
  const marked = sessionId('marked', 1);
  const createdAt = NOW - 400 * DAY;
  accounts.addConversation(101, { sessionId: marked, createdAt, raw: { deleted_at: deletedAt } });
  faults.swallowDeletes = true;
  const break404 = () => {
    faults.add({ when: { route: 'messages.list', sessionId: marked }, then: { status: 404 } });
  };
  const run = await runWith(await world.policy(AGE_POLICY), afterEachDelete(break404));
  expect(run.counts).toMatchObject({ planned: 1, verified: 0, unverified: 1 });
  expect(accounts.has(101, marked)).toBe(true);
});

describe('a gateway’s words', () => {
  test('are no evidence of what a DELETE without a clear answer did', async () => {
    world = await createWorld();
    const [first = ''] = addProject(world, 101, { old: 2, young: 5 });
    const { faults, accounts } = world.sandbox;
    faults.add({ when: { method: 'DELETE', sessionId: first }, then: { status: 502 } });
    const gateway = { status: 404, body: 'gateway-json' } as const;
    const result = await runWith(
      await world.policy(AGE_POLICY),
      afterEachDelete((_, id) => {
        if (id === first) faults.add({ when: { route: 'messages.list', sessionId: first }, then: gateway });
      }),
    );
    expect(result.counts).toMatchObject({ planned: 2, verified: 1, unverified: 1 });
    const [unverified] = await entriesOf('deletion.unverified');
    expect(reasonOf(unverified)).toContain('no Route matched with those values');
    expect(accounts.has(101, first)).toBe(true);
  });
});

describe('an API whose 404 is worded otherwise than documented', () => {
  test('is calibrated and verified like any other, and that is said once', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 12, young: 5 });
    world.sandbox.faults.notFoundBody = ({ sessionId: id }) => ({
      message: `No query results for model [App\\Models\\Conversation] ${id}`,
      request_id: `req-${String(deletes())}`,
    });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.run.status).toBe('completed');
    expect(result.counts).toMatchObject({ planned: 12, verified: 12 });
    expect(result.run.warnings).toEqual([expect.stringContaining('not in the documented words')]);
    expect(result.run.warnings[0]).toContain('No query results for model');
    const [calibrated] = await entriesOf('project.calibrated');
    expect(calibrated).toMatchObject({
      project_id: 101,
      gone: { status: 404, documented: false, asked: true },
      there: { by: 'messages' },
    });
    const verified = await entriesOf('deletion.verified');
    expect(verified.every((entry) => entry['calibration'] === calibrated?.seq)).toBe(true);
  });

  test('that says something else of what was deleted than of what never was is believed with a witness', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 6, young: 5 });
    world.sandbox.faults.notFoundBody = ({ wasThere }) => ({
      message: wasThere ? 'This conversation has been removed' : 'No such conversation',
    });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts).toMatchObject({ planned: 6, verified: 6 });
    expect(result.run.warnings).toContain(
      'a deleted conversation answers 404 in other words than one that never was: This conversation has been removed',
    );
  });

  test('and repeats the name of what was deleted does not get it into any reason', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 0 });
    const { faults, accounts } = world.sandbox;
    accounts.addConversation(101, { sessionId: 'young-00000001', createdAt: NOW - DAY, name: 'n' });
    faults.notFoundBody = ({ wasThere }) => ({ message: wasThere ? 'secret name is gone' : 'No such thing' });
    // Nothing can be verified, so that there are reasons.
    faults.staleListMs = 10 * 60_000;
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts).toMatchObject({ planned: 3, verified: 0 });
    expect(reasonOf((await entriesOf('deletion.unverified'))[0])).toContain('not repeated here');
  });
});

describe('the rights of the key', () => {
  test('to read, narrowed between plan and apply, let nothing of the project be called gone', async () => {
    world = await createWorld();
    const { visitors } = addMixedProject(101, 12);
    const { team } = addMixedProject(102, 3);
    const policy = await world.policy(AGE_POLICY);
    const summary = await plan(policy);
    const { faults, accounts } = world.sandbox;
    faults.unreadable.add('anonymous');
    faults.missingRight = 404;
    const result = await apply(summary, policy);
    expect(result.run.status).toBe('partial');
    // In the other project so few are gone from sight that it may be somebody's work; nothing shows that it is.
    expect(result.counts).toMatchObject({ planned: 30, verified: 3, already_gone: 0, skipped: 27 });
    expect(team.some((id) => accounts.has(102, id))).toBe(false);
    expect(world.sandbox.journal.count({ method: 'DELETE', projectId: 101 })).toBe(0);
    expect(visitors.every((id) => accounts.has(101, id))).toBe(true);
    const [refused] = await entriesOf('project.refused');
    expect(refused).toMatchObject({
      reason: '12 of its 24 planned conversations are no longer visible to this key',
    });
  });

  test('to read, withdrawn in mid-run, leave no witness for a DELETE that was cut off', async () => {
    world = await createWorld();
    const { team, visitors } = addMixedProject(101, 2);
    const { faults, accounts } = world.sandbox;
    const [victim = ''] = visitors;
    faults.missingRight = 404;
    faults.add({ when: { method: 'DELETE', sessionId: victim }, then: { cut: 'before' } });
    const withdraw = (_: number, id: string) => {
      if (id === victim) faults.unreadable.add('anonymous');
    };
    const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
    const result = await runWith(policy, afterEachDelete(withdraw));
    expect(result.run.status).toBe('partial');
    // What was accepted of the others of its kind is gone, but nothing shows it any more.
    expect(result.counts).toMatchObject({ already_gone: 0, unverified: 2 });
    expect(accounts.has(101, victim)).toBe(true);
    const said = (await world.entries()).filter((entry) => entry.session_id === victim);
    expect(said.at(-1)?.event).toBe('deletion.unverified');
    expect(reasonOf(said.at(-1))).toContain('it shows none of the 2 others of its kind');
    expect(team.some((id) => accounts.has(101, id))).toBe(false);
  });

  test('to delete, missing for visitors, stop that kind in that project, and the others are deleted', async () => {
    world = await createWorld();
    const { team, visitors } = addMixedProject(101, 10);
    addProject(world, 102, { old: 4, young: 1 });
    const { faults, accounts, journal } = world.sandbox;
    faults.undeletable.add('anonymous');
    // Those of the other project are visitors', too.
    const result = await runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 2\n`));
    expect(result.run.status).toBe('partial');
    expect(team.some((id) => accounts.has(101, id))).toBe(false);
    expect(visitors.every((id) => accounts.has(101, id))).toBe(true);
    const refused = journal.entries.filter(({ method, status }) => method === 'DELETE' && status === 403);
    expect(refused.filter(({ projectId }) => projectId === 101).length).toBeLessThanOrEqual(6);
    expect(result.counts.verified).toBe(10);
    expect(result.counts.failed + result.counts.skipped).toBe(14);
    expect(result.run.warnings).toContain(
      'the key may not delete anonymous conversations in project 101 (HTTP 403): give its role that right',
    );
    const skipped = (await entriesOf('deletion.skipped')).map((entry) => entry['cause']);
    expect(new Set(skipped)).toEqual(new Set(['right']));
  });

  test('to read, missing for visitors who are the first in line, stop that kind, and the others are deleted', async () => {
    world = await createWorld();
    const { accounts, faults } = world.sandbox;
    accounts.addProject({ id: 101, name: 'project-101' });
    const add = (kind: string, createdBy: number | null, ageDays: number): string[] =>
      Array.from({ length: 5 }, (_, index) => {
        const session = sessionId(kind, index);
        accounts.addConversation(101, {
          sessionId: session,
          createdBy,
          createdAt: NOW - ageDays * DAY + index,
        });
        return session;
      });
    const visitors = add('a-visitor', null, 400);
    const team = add('team', 9_001, 300);
    add('young', 9_001, 10);
    for (const session of visitors)
      faults.add({ when: { method: 'GET', sessionId: session }, then: { status: 403 } });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(team.some((id) => accounts.has(101, id))).toBe(false);
    expect(visitors.every((id) => accounts.has(101, id))).toBe(true);
    expect(result.counts).toMatchObject({ planned: 10, verified: 5, skipped: 5 });
    expect(result.run.warnings).toContain(
      'the key may not read anonymous conversations in project 101 (HTTP 403): nothing of them is deleted',
    );
  });

  test('are no reason where a DELETE is refused for another one', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 2 });
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { status: 405 } });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts).toMatchObject({ planned: 3, skipped: 3 });
    expect(result.run.warnings).toEqual([]);
    expect(deletes()).toBe(3);
  });

  test('to read may be what is missing where planned ones vanish: the project stops at the one too many', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 40, young: 5 });
    addProject(world, 102, { old: 3, young: 2 });
    const { store } = world;
    let removed = false;
    // All were seen long ago, so each is read again; most are gone by then.
    const planItems: typeof store.plans.planItems = async function* (...args) {
      if (!removed) for (const id of old.slice(3, 30)) world.sandbox.accounts.removeConversation(101, id);
      removed = true;
      for await (const item of store.plans.planItems(...args))
        yield { ...item, seenAt: item.seenAt - 3_600_000 };
    };
    const deps = { ...world.deps, store: { ...store, plans: { ...store.plans, planItems } } };
    const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
    const result = await runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
    const sent = world.sandbox.journal.count({ method: 'DELETE', projectId: 101 });
    expect(sent).toBeLessThanOrEqual(3);
    expect(result.counts).toMatchObject({ planned: 43, verified: sent + 3, already_gone: 0 });
    expect(result.counts.skipped).toBe(40 - sent);
    const [refused] = await entriesOf('project.refused');
    expect(reasonOf(refused)).toMatch(/^\d+ of its 40 planned conversations are no longer visible/);
  });

  test('to read may be what is missing of what this run deletes, however much is left to later ones', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 100, young: 5 });
    const { store } = world;
    const planItems: typeof store.plans.planItems = async function* (...args) {
      for (const id of old.slice(1, 10)) world.sandbox.accounts.removeConversation(101, id);
      for await (const item of store.plans.planItems(...args))
        yield { ...item, seenAt: item.seenAt - 3_600_000 };
    };
    const deps = { ...world.deps, store: { ...store, plans: { ...store.plans, planItems } } };
    const limits = AGE_POLICY.replace(
      'limits: {',
      'limits: { max_deletions: 10, when_exceeded: oldest_first,',
    );
    const policy = await world.policy(`${limits}concurrency: 1\n`);
    const result = await runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
    expect(result.counts).toMatchObject({ planned: 100, deferred: 90, already_gone: 0, skipped: 9 });
  });
});

describe('a fresh listing that cannot speak', () => {
  const NOBODY = sessionId('nobody', 99);

  test.each([
    ['a DELETE that was cut off', { cut: 'before' }, 'deletion.unverified'],
    ['a DELETE that found nothing', { status: 404 }, 'deletion.skipped'],
  ] as const)('because it shows fewer than it counts proves nothing after %s', async (_, then, lastWord) => {
    world = await createWorld();
    const { accounts, faults } = world.sandbox;
    accounts.addProject({ id: 101, name: 'project-101' });
    const add = (label: string, createdBy: number, ageDays: number): string => {
      const session = sessionId(label, 1);
      accounts.addConversation(101, { sessionId: session, createdBy, createdAt: NOW - ageDays * DAY });
      return session;
    };
    // One of three creators is hidden, and the paginator goes on counting it.
    const victim = add('hidden', 9_002, 400);
    add('young', 9_003, 10);
    faults.missingRight = 404;
    faults.add({ when: { method: 'DELETE' }, then });
    const hide = (): void => {
      faults.add({ when: { route: 'conversations.list' }, then: { totalOffset: 1 } });
    };
    let isHidden = false;
    const result = await runWith(await world.policy(AGE_POLICY), (deleter) => ({
      ...afterEachDelete(() => {
        if (!isHidden) hide();
        isHidden = true;
      })(deleter),
      existence: (projectId, id, options) =>
        deleter.existence(projectId, isHidden && id === victim ? NOBODY : id, options),
      async *conversationPages(...of) {
        for await (const page of deleter.conversationPages(...of))
          yield { ...page, rows: page.rows.filter((row) => !isHidden || row.sessionId !== victim) };
      },
    }));
    expect(result.run.status).toBe('partial');
    const said = (await world.entries()).filter((entry) => entry.session_id === victim);
    expect(said.at(-1)?.event).toBe(lastWord);
    expect(accounts.has(101, victim)).toBe(true);
  });

  test('because it writes the ids in another case does not show that they are gone', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 4, young: 5 });
    let isLoud = false;
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { status: 404 } });
    const loud = (row: ListedRow): ListedRow =>
      row.kind === 'conversation' ? { ...row, sessionId: row.sessionId.toUpperCase() } : row;
    const result = await runWith(await world.policy(AGE_POLICY), (deleter) => ({
      ...afterEachDelete(() => (isLoud = true))(deleter),
      existence: (projectId, id, options) =>
        deleter.existence(projectId, isLoud && old.includes(id) ? NOBODY : id, options),
      async *conversationPages(...of) {
        for await (const page of deleter.conversationPages(...of))
          yield isLoud ? { ...page, rows: page.rows.map(loud) } : page;
      },
    }));
    expect(result.counts).toMatchObject({ planned: 4, already_gone: 0, verified: 0 });
  });
});

describe('a few planned ones in each of many projects that go from sight', () => {
  const REASON =
    /^\d+ of \d+ planned conversations, over all projects so far, are no longer visible to this key$/;

  function addProjects(count: number, old: number): readonly (readonly string[])[] {
    return Array.from({ length: count }, (_, index) => addProject(world, 101 + index, { old, young: 3 }));
  }

  /** The first `each` of every project. */
  function hide(projects: readonly (readonly string[])[], each: number): Promise<void> {
    projects.forEach((old, index) => {
      for (const id of old.slice(0, each)) world.sandbox.accounts.removeConversation(101 + index, id);
    });
    return Promise.resolve();
  }

  /** A run in which all that was planned was seen long ago, so that each is read again; `meanwhile` it happens. */
  function runLate(policy: Policy, meanwhile: () => Promise<void>): Promise<RunResult> {
    const { store } = world;
    let happened: Promise<void> | undefined;
    const planItems: typeof store.plans.planItems = async function* (...args) {
      await (happened ??= meanwhile());
      for await (const item of store.plans.planItems(...args))
        yield { ...item, seenAt: item.seenAt - 3_600_000 };
    };
    const deps = { ...world.deps, store: { ...store, plans: { ...store.plans, planItems } } };
    return runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
  }

  async function expectWithheld(result: RunResult, mostClaimed: number): Promise<void> {
    expect(result.run.status).toBe('partial');
    expect(deletes()).toBe(0);
    const { already_gone: claimed, skipped, verified } = result.counts;
    expect(claimed).toBeLessThanOrEqual(mostClaimed);
    expect({ all: claimed + skipped, verified }).toEqual({ all: 100, verified: 0 });
    const entries = await entriesOf('deletion.skipped');
    expect(entries.map(reasonOf).filter((reason) => !REASON.test(reason))).toEqual([]);
    expect(new Set(entries.map((entry) => entry['cause']))).toEqual(new Set(['vanished']));
    expect(result.run.warnings).toEqual([expect.stringMatching(/^\d+ of \d+ planned .+ in this run$/)]);
  }

  test('between plan and apply may be the key’s loss: none of them is called gone', async () => {
    world = await createWorld();
    const projects = addProjects(20, 5);
    const policy = await world.policy(AGE_POLICY);
    const summary = await plan(policy);
    await world.clock.advance(DAY);
    await hide(projects, 5);
    await expectWithheld(await apply(summary, policy), 0);
    expect(reasonOf((await entriesOf('deletion.skipped'))[0])).toMatch(/^100 of 100 /);
  });

  test.each([1, 4])(
    'in mid-run may be the key’s loss: no more than five are called gone, %i at once',
    async (atOnce) => {
      world = await createWorld();
      const projects = addProjects(20, 5);
      const policy = await world.policy(`${AGE_POLICY}concurrency: ${atOnce}\n`);
      await expectWithheld(await runLate(policy, () => hide(projects, 5)), 5);
    },
  );

  test('are somebody’s work where they are no more than a tenth: already gone, and the others are deleted', async () => {
    world = await createWorld();
    const projects = addProjects(12, 10);
    const policy = await world.policy(AGE_POLICY);
    const summary = await plan(policy);
    await world.clock.advance(DAY);
    await hide(projects, 1);
    const applied = await apply(summary, policy);
    expect(applied.run).toMatchObject({ status: 'completed', warnings: [] });
    expect(applied.counts).toMatchObject({ planned: 120, verified: 108, already_gone: 12 });
  });

  test('are somebody’s work in mid-run, too, where they are no more than a tenth', async () => {
    world = await createWorld();
    const projects = addProjects(8, 10);
    const policy = await world.policy(AGE_POLICY);
    const result = await runLate(policy, () => hide(projects, 1));
    expect(result.run).toMatchObject({ status: 'completed', warnings: [] });
    expect(result.counts).toMatchObject({ planned: 80, verified: 72, already_gone: 8 });
  });

  test('are no loss where another run of ours deleted them, and do not make one of what somebody removed', async () => {
    world = await createWorld();
    const projects = addProjects(6, 5);
    const other = await world.policy(
      AGE_POLICY.replace('["*"]', '[102, 103, 104, 105, 106]').replace('by-age', 'other'),
    );
    const result = await runLate(await world.policy(AGE_POLICY), async () => {
      expect((await runOnce(world, other)).counts.verified).toBe(25);
      await hide(projects.slice(0, 1), 1);
    });
    expect(result.run).toMatchObject({ status: 'completed', warnings: [] });
    expect(result.counts).toMatchObject({ planned: 30, verified: 29, already_gone: 1 });
  });

  test('keep nothing from being deleted that is still there', async () => {
    world = await createWorld();
    const projects = addProjects(6, 5);
    const policy = await world.policy(AGE_POLICY);
    const summary = await plan(policy);
    await world.clock.advance(DAY);
    await hide(projects, 2);
    const result = await apply(summary, policy);
    expect(result.run.status).toBe('partial');
    expect(result.counts).toMatchObject({ planned: 30, verified: 18, already_gone: 0, skipped: 12 });
    expect(reasonOf((await entriesOf('deletion.skipped'))[0])).toMatch(/^12 of 30 /);
  });
});

describe('a witness', () => {
  const unclear = {
    when: { method: 'DELETE', projectId: 101 },
    then: { status: 502, executed: true },
  } as const;

  test('is not needed where the DELETE was accepted', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 0 });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.run.status).toBe('completed');
    expect((await entriesOf('deletion.verified')).map((entry) => entry['witness'])).toEqual(
      Array.from({ length: 3 }, () => 'none'),
    );
  });

  test('is missing where nothing of its kind is shown anywhere', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 0 });
    world.sandbox.faults.add(unclear);
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts).toMatchObject({ planned: 1, verified: 0, already_gone: 0, unverified: 1 });
    expect(deletes()).toBe(1);
  });

  test('may be a row of its kind that another project shows at the same time', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 0 });
    addProject(world, 102, { old: 1, young: 2 });
    world.sandbox.faults.add(unclear);
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.run.status).toBe('completed');
    const [verified] = (await entriesOf('deletion.verified')).filter(({ project_id: id }) => id === 101);
    expect(verified?.['witness']).toMatch(/^102\/young-102-/);
  });
});

test('a listing whose dates the conversations’ own GETs contradict lets none of them be deleted', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 14, young: 5 });
  const result = await runWith(await world.policy(AGE_POLICY), (deleter) => ({
    existence: async (...args) => {
      const answer = await deleter.existence(...args);
      if (answer.state !== 'present' || answer.conversation === undefined) return answer;
      return { ...answer, conversation: { ...answer.conversation, createdAt: NOW - DAY } };
    },
  }));
  expect(result.run.status).toBe('partial');
  expect(deletes()).toBe(0);
  expect(reasonOf((await entriesOf('project.refused'))[0])).toBe(
    'not calibrated: by their own GET, 3 conversations were created at another time than listed',
  );
});

describe('a conversation that is created anew', () => {
  test('after a 502 that had deleted it is left alone, and the old one is gone', async () => {
    world = await createWorld();
    const [first = ''] = addProject(world, 101, { old: 1, young: 5 });
    const { faults, accounts } = world.sandbox;
    faults.add({ when: { method: 'DELETE' }, then: { status: 502, executed: true } });
    const post = (projectId: number, id: string) => accounts.postMessage(projectId, id, { query: 'hello?' });
    const result = await runWith(await world.policy(AGE_POLICY), afterEachDelete(post));
    expect(result.run.status).toBe('completed');
    expect(deletes()).toBe(1);
    expect(accounts.has(101, first)).toBe(true);
    const [verified] = await entriesOf('deletion.verified');
    expect(verified).toMatchObject({ session_id: first, delete_status: null, verify_status: 200 });
    expect(verified?.['recreated_at']).toBeDefined();
  });

  test('is known by its listing where its own GET does not say when it was created', async () => {
    world = await createWorld();
    const [first = ''] = addProject(world, 101, { old: 1, young: 5 });
    const { accounts } = world.sandbox;
    const result = await runWith(await world.policy(AGE_POLICY), (deleter) => ({
      ...afterEachDelete((id, session) => accounts.postMessage(id, session, { query: 'hello?' }))(deleter),
      existence: async (...args) => {
        const answer = await deleter.existence(...args);
        return answer.state === 'present' && args[2].purpose === 'verify'
          ? { ...answer, conversation: undefined }
          : answer;
      },
    }));
    expect(result.run.status).toBe('completed');
    expect(accounts.has(101, first)).toBe(true);
    const [verified] = await entriesOf('deletion.verified');
    expect(verified).toMatchObject({ session_id: first, delete_status: 200 });
    expect(verified?.['recreated_at']).toBeDefined();
  });
});

describe('an answer from a cache', () => {
  test('is no evidence that a conversation is gone', async () => {
    world = await createWorld();
    const [first = ''] = addProject(world, 101, { old: 1, young: 5 });
    const { faults } = world.sandbox;
    const old = {
      when: { route: 'messages.list', sessionId: first },
      then: { headers: { age: '60' } },
    } as const;
    const result = await runWith(
      await world.policy(AGE_POLICY),
      afterEachDelete(() => faults.add(old)),
    );
    expect(result.counts).toMatchObject({ planned: 1, verified: 0, unverified: 1 });
    faults.clearRules();
    expect((await runOnce(world, await world.policy(AGE_POLICY))).run.status).toBe('completed');
  });

  test('is no fresh listing', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 5 });
    const { faults } = world.sandbox;
    const result = await runWith(
      await world.policy(AGE_POLICY),
      afterEachDelete(() => {
        faults.add({ when: { route: 'conversations.list' }, then: { headers: { age: '60' } } });
      }),
    );
    expect(result.counts).toMatchObject({ planned: 1, verified: 0, unverified: 1 });
  });
});

describe('what a run left open', () => {
  /** Ends a run as a vanished worker does, as soon as a fresh listing is asked for. */
  async function vanishBeforeListing(policy: Policy): Promise<RunResult> {
    const gone = new AbortController();
    const { journal } = world.sandbox;
    const openApi: RunDeps['openApi'] = () => {
      const { reader, deleter } = world.deps.openApi();
      const conversationPages: CustomGptDeleter['conversationPages'] = (...args) => {
        if (journal.count({ method: 'DELETE' }) > 0) gone.abort(new RetentionError('interrupted', 'gone'));
        return deleter.conversationPages(...args);
      };
      return { reader, deleter: { ...deleter, conversationPages } };
    };
    const signals = { stop: gone.signal, abandon: gone.signal };
    return runPolicy({ ...world.deps, openApi }, { policy, trigger: 'manual', signals });
  }

  test('is settled by the absence on record and a fresh listing, without asking again', async () => {
    world = await createWorld();
    const [first = ''] = addProject(world, 101, { old: 1, young: 3 });
    const policy = await world.policy(AGE_POLICY);
    const run = await vanishBeforeListing(policy);
    expect(run.run.status).toBe('interrupted');
    expect((await entriesOf('deletion.absent')).map((entry) => entry.session_id)).toEqual([first]);
    const { journal } = world.sandbox;
    const asked = journal.count({ route: 'messages.list', sessionId: first });
    const startedAt = world.clock.now();
    const next = await runOnce(world, policy);
    expect(next.run.status).toBe('completed');
    expect(journal.count({ route: 'messages.list', sessionId: first })).toBe(asked);
    expect(deletes()).toBe(1);
    // Nobody is at work on it any more: no lease of a minute is waited for, and no time-out of as long.
    expect(world.clock.now() - startedAt).toBeLessThan(60_000);
    const [verified] = await entriesOf('deletion.verified');
    expect(verified).toMatchObject({ run_id: run.run.runId, settled_by: next.run.runId, delete_status: 200 });
  });

  test('in a project of which nothing is left is settled by its own earlier sight', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    await vanishBeforeListing(policy);
    const next = await runOnce(world, policy);
    expect(next.run.status).toBe('completed');
    expect((await entriesOf('project.calibrated')).at(-1)).toMatchObject({ there: { by: 'recorded' } });
    expect(await entriesOf('deletion.verified')).toMatchObject([{ witness: 'none' }]);
  });

  test('in a project that is no longer visible is said once, and settled when it is back', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 3 });
    addProject(world, 102, { old: 0, young: 3 });
    const policy = await world.policy(AGE_POLICY);
    await vanishBeforeListing(policy);
    const { faults } = world.sandbox;
    faults.vanishedProjects.add(101);
    const statuses: string[] = [];
    for (let run = 1; run <= 3; run += 1) statuses.push((await runOnce(world, policy)).run.status);
    expect(statuses).toEqual(['partial', 'completed', 'completed']);
    expect((await world.store.audit.openIntents()).map(({ isParked }) => isParked)).toEqual([true]);
    expect(await entriesOf('deletion.unverified')).toHaveLength(1);
    faults.vanishedProjects.clear();
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    expect(await world.store.audit.openIntents()).toEqual([]);
    expect(await entriesOf('deletion.verified')).toHaveLength(1);
  });

  test('that answers in other words than an unknown id is settled by its own 200 on record', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 3 });
    const { faults } = world.sandbox;
    faults.notFoundBody = ({ wasThere }) => ({ message: wasThere ? 'Removed' : 'No such thing' });
    faults.staleListMs = 10 * 60_000;
    const policy = await world.policy(AGE_POLICY);
    expect((await runOnce(world, policy)).counts).toMatchObject({ planned: 1, unverified: 1 });
    await world.clock.advance(20 * 60_000);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    expect(await entriesOf('deletion.verified')).toMatchObject([{ verify_status: 404 }]);
  });

  test('and found nothing to delete, though it is there, has failed', async () => {
    world = await createWorld();
    const [first = ''] = addProject(world, 101, { old: 1, young: 3 });
    const { faults } = world.sandbox;
    faults.add({ when: { method: 'DELETE' }, then: { status: 404 } });
    // Once, after the DELETE, its own GET says just what an unknown id is told.
    faults.notFoundBody = () => ({ message: 'Not Found' });
    const when = { route: 'messages.list', sessionId: first, nthPerSession: 2 } as const;
    faults.add({ when, then: { status: 404, body: 'foreign-json' } });
    const policy = await world.policy(AGE_POLICY);
    const run = await vanishBeforeListing(policy);
    expect(await entriesOf('deletion.absent')).toMatchObject([{ answer: 'not_found' }]);
    await runOnce(world, policy);
    expect((await world.store.audit.outcomes(run.run.runId)).counts).toMatchObject({
      failed: 1,
      already_gone: 0,
    });
  });
});

describe('creation dates that are told otherwise from some instant on', () => {
  const HOUR = 3_600_000;

  test.each([1000, HOUR, -HOUR, -365 * DAY])('(by %d ms) are no new conversations', async (laterMs) => {
    world = await createWorld();
    addProject(world, 101, { old: 8, young: 5 });
    const { faults, accounts } = world.sandbox;
    let sent = 0;
    const changed = afterEachDelete(() => {
      sent += 1;
      if (sent !== 6) return;
      faults.swallowDeletes = true;
      faults.createdLaterMs = laterMs;
    });
    const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
    const result = await runWith(policy, changed);
    expect(accounts.count(101)).toBe(7);
    expect(result.counts).toMatchObject({ already_gone: 0, verified: 6 });
    expect(result.run.status).toBe('partial');
    expect((await runOnce(world, policy)).counts).toMatchObject({ already_gone: 0, verified: 0 });
    expect((await entriesOf('deletion.verified')).length).toBe(6);
  });

  test('settle nothing that a run left open', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 4, young: 5 });
    const policy = await world.policy(AGE_POLICY);
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { cut: 'before' } });
    await runOnce(world, policy);
    world.sandbox.faults.clearRules();
    world.sandbox.faults.createdLaterMs = 482_000;
    await runOnce(world, await world.policy(AGE_POLICY.replace('mode: enforce', 'mode: dry-run')));
    expect(await entriesOf('deletion.verified')).toEqual([]);
    expect(await entriesOf('conversation.reappeared')).toEqual([]);
    expect(world.sandbox.accounts.count(101)).toBe(9);
  });
});

test('what goes from sight while it is being deleted is not called gone, though each DELETE finds that out first', async () => {
  world = await createWorld();
  const old = addProject(world, 101, { old: 30, young: 10 });
  let sent = 0;
  const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
  const result = await runWith(
    policy,
    afterEachDelete(() => {
      sent += 1;
      if (sent === 5) for (const id of old.slice(5)) world.sandbox.accounts.removeConversation(101, id);
    }),
  );
  expect(result.run.status).toBe('partial');
  expect(result.counts).toMatchObject({ planned: 30, verified: 5, already_gone: 0, skipped: 25 });
  const refused = await entriesOf('project.refused');
  expect(refused.map(reasonOf)).toEqual([
    expect.stringMatching(/of its 30 planned conversations are no longer visible/) as string,
  ]);
  expect(world.sandbox.journal.count({ method: 'DELETE' })).toBeLessThanOrEqual(12);
});

test('each intent is for one DELETE, though the project is asked about in between', async () => {
  world = await createWorld();
  const old = addProject(world, 101, { old: 60, young: 10 });
  for (const sessionId of old.slice(10, 15))
    world.sandbox.faults.add({
      when: { method: 'DELETE', sessionId },
      then: { status: 404, executed: true },
    });
  const result = await runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 8\n`));
  expect(result.counts).toMatchObject({ verified: 55, already_gone: 5 });
  expect((await entriesOf('deletion.intended')).length).toBe(60);
});

describe('a row without a usable id', () => {
  /** The list shows so many rows more, once a DELETE has gone out: nobody can read whose they are. */
  async function runBeside(rows: readonly UnusableRow[]): Promise<RunResult> {
    world = await createWorld();
    addProject(world, 101, { old: 4, young: 20 });
    const openApi: RunDeps['openApi'] = () => {
      const { reader, deleter } = world.deps.openApi();
      const conversationPages: typeof reader.conversationPages = async function* (...args) {
        for await (const page of deleter.conversationPages(...args)) {
          const more = deletes() > 0 && page.page === page.lastPage ? rows : [];
          const unusable = more.map((row) => ({ kind: 'unusable' as const, ...row }));
          const total = page.total === undefined ? undefined : page.total + (deletes() > 0 ? rows.length : 0);
          yield { ...page, total, rows: [...page.rows, ...unusable] };
        }
      };
      return { reader: { ...reader, conversationPages }, deleter: { ...deleter, conversationPages } };
    };
    const policy = await world.policy(AGE_POLICY);
    return runPolicy({ ...world.deps, openApi }, { policy, trigger: 'manual', signals: GO_ON });
  }
  const row = { projectId: 101, sessionId: undefined, problem: 'no_session_id' } as const;
  const first = NOW - 400 * DAY;

  test.each([
    ['no date', 4, { ...row, createdAt: undefined }],
    ['the date of one that was deleted', 1, { ...row, createdAt: first }],
    [
      'another project, and the id of one that was deleted',
      1,
      {
        ...row,
        problem: 'wrong_project' as const,
        sessionId: 'OLD-10100000000',
        createdAt: NOW,
      },
    ],
  ])(
    'and with %s may be one that was deleted, which is not verified beside it',
    async (_what, unverified, nameless) => {
      const { counts, run } = await runBeside([nameless]);
      expect(run.status).toBe('partial');
      expect(counts).toMatchObject({ planned: 4, verified: 4 - unverified, unverified });
      expect(reasonOf((await entriesOf('deletion.unverified'))[0])).toContain('a row that may be it');
    },
  );

  test('but of another date is another one', async () => {
    const { counts } = await runBeside([{ ...row, createdAt: NOW - 10 * DAY }]);
    expect(counts).toMatchObject({ planned: 4, verified: 4 });
  });
});
