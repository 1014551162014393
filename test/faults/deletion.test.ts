import { afterEach, describe, expect, test } from 'vitest';
import { ApiError } from '../../src/core/errors.ts';
import type { CustomGptDeleter } from '../../src/core/ports/vendor.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { addProject, AGE_POLICY, GO_ON, runOnce } from '../support/purge.ts';
import { createWorld, type TestWorld } from '../support/world.ts';

/* What the server can do to a deletion, and what must come of it. Each test says the case it proves. */

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

async function purge(old: number, policy = AGE_POLICY): Promise<RunResult> {
  addProject(world, 101, { old, young: 5 });
  return runOnce(world, await world.policy(policy));
}

function deletes(): number {
  return world.sandbox.journal.count({ method: 'DELETE' });
}

async function outcomes(event: string) {
  return (await world.entries()).filter((entry) => entry.event === `deletion.${event}`);
}

describe('a DELETE', () => {
  test.each([500, 502])(
    'that answers %i but was executed is verified with exactly one DELETE',
    async (status) => {
      world = await createWorld();
      world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { status, executed: true } });
      const result = await purge(6);
      expect(result.counts).toMatchObject({ planned: 6, verified: 6 });
      expect(deletes()).toBe(6);
      expect((await outcomes('verified')).every((entry) => entry['delete_status'] === null)).toBe(true);
      // That it is gone is known; that it was our DELETE is not.
      const answered = (await outcomes('verified')).map((entry) => entry['answered']);
      expect(new Set(answered)).toEqual(new Set([`HTTP ${status}`]));
    },
  );

  test('that answers 500 and was not executed is tried three times at most, then failed', async () => {
    world = await createWorld();
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { status: 500 } });
    const result = await purge(2);
    expect(result.counts).toMatchObject({ planned: 2, verified: 0, failed: 2 });
    expect(result.run.status).toBe('partial');
    expect(deletes()).toBe(6);
    expect(world.sandbox.accounts.count(101)).toBe(7);
    // Between two DELETEs of a conversation a GET has shown that it is still there.
    for (const sessionId of world.sandbox.accounts.conversationIds(101).slice(0, 2)) {
      const own = world.sandbox.journal.entries.filter((entry) => entry.sessionId === sessionId);
      const story = own.map(({ method, status }) => `${method} ${String(status)}`).join(', ');
      expect(story).toMatch(/^(GET 200, )?(DELETE 500, (GET 200(, )?)+){3}$/);
    }
  });

  test.each([
    ['the repeated ones find nothing any more', 1],
    ['so do the repeated ones', 3],
  ])(
    'that answers 502, was executed, and is hidden by a cache for 30 s is verified: %s',
    async (_, times) => {
      world = await createWorld();
      world.sandbox.faults.staleReadsMs = 30_000;
      world.sandbox.faults.add({ when: { method: 'DELETE' }, times, then: { status: 502, executed: true } });
      const result = await purge(1);
      expect(result.counts).toMatchObject({ planned: 1, verified: 1, failed: 0 });
      expect(deletes()).toBeLessThanOrEqual(3);
    },
  );

  test('that answers 500 once and was not executed is verified on the second attempt', async () => {
    world = await createWorld();
    world.sandbox.faults.add({ when: { method: 'DELETE' }, times: 1, then: { status: 500 } });
    const result = await purge(1);
    expect(result.counts.verified).toBe(1);
    expect(await outcomes('verified')).toMatchObject([{ attempts: 2 }]);
    expect((await outcomes('intended')).map((entry) => entry['attempt'])).toEqual([1, 2]);
  });

  test.each([
    ['before it was executed', 'before', 2],
    ['after it was executed', 'after', 1],
  ] as const)('whose connection is cut %s is settled by a GET', async (_, cut, sent) => {
    world = await createWorld();
    world.sandbox.faults.add({ when: { method: 'DELETE' }, times: 1, then: { cut } });
    const result = await purge(1);
    expect(result.counts.verified).toBe(1);
    expect(deletes()).toBe(sent);
    const methods = world.sandbox.journal.entries.map(({ method }) => method);
    const first = methods.indexOf('DELETE');
    expect(methods[first + 1]).toBe('GET');
  });

  test('that answers 200 while the conversation stays is unverified, never verified', async () => {
    world = await createWorld();
    world.sandbox.faults.swallowDeletes = true;
    const startedAt = world.clock.now();
    const result = await purge(3);
    expect(result.counts).toMatchObject({ verified: 0, unverified: 3 });
    expect(result.run.status).toBe('partial');
    expect(deletes()).toBe(3);
    expect(world.clock.now() - startedAt).toBeGreaterThanOrEqual(60_000);
  });

  test('that shows its effect after 30 s is verified with one DELETE, and the others go on meanwhile', async () => {
    world = await createWorld();
    world.sandbox.faults.staleReadsMs = 30_000;
    const result = await purge(12, `${AGE_POLICY}concurrency: 1\n`);
    expect(result.counts.verified).toBe(12);
    expect(deletes()).toBe(12);
    const { entries } = world.sandbox.journal;
    const sent = entries.filter(({ method }) => method === 'DELETE').map(({ at }) => at);
    // The first goes alone until it is gone; those after it do not wait for one another.
    expect((sent.at(-1) ?? Infinity) - (sent[1] ?? 0)).toBeLessThan(30_000);
  });

  test('that answers 404 is already gone and not counted as ours', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 5 });
    const [, victim = ''] = world.sandbox.accounts.conversationIds(101);
    // Somebody else removes it just before our DELETE arrives.
    const then = { status: 404, executed: true };
    world.sandbox.faults.add({ when: { method: 'DELETE', sessionId: victim }, times: 1, then });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts).toMatchObject({ planned: 3, verified: 2, already_gone: 1 });
    const [gone] = await outcomes('already_gone');
    expect(gone).toMatchObject({ delete_status: 404, found_by: 'delete', control: { status: 200 } });
    expect(gone?.['witness']).not.toBe('none');
  });

  test('that answers 404 for what can be read has failed, in every run', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 6, young: 5 });
    const [victim = ''] = world.sandbox.accounts.conversationIds(101);
    world.sandbox.faults.add({ when: { method: 'DELETE', sessionId: victim }, then: { status: 404 } });
    for (let run = 1; run <= 2; run += 1) {
      const result = await runOnce(world, await world.policy(AGE_POLICY));
      expect(result.run.status).toBe('partial');
      expect(result.counts).toMatchObject({ failed: 1, already_gone: 0 });
    }
    expect(world.sandbox.accounts.count(101)).toBe(6);
    const reason = JSON.stringify((await outcomes('failed'))[0]?.['reason']);
    expect(reason).toContain('DELETE 404');
    expect(reason).toContain('GET 200');
  });

  test('of a project that is gone stops that project and verifies nothing', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 40, young: 0 });
    addProject(world, 102, { old: 4, young: 0 });
    world.sandbox.faults.add({ when: { projectId: 101, method: 'DELETE' }, then: { status: 404 } });
    world.sandbox.faults.add({ when: { projectId: 101, afterRequests: 4 }, then: { status: 404 } });
    const result = await runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 1\n`));
    expect(result.run.status).toBe('partial');
    const verified = await outcomes('verified');
    expect(verified.every((entry) => entry.project_id === 102)).toBe(true);
    expect(verified.length).toBe(4);
    expect(result.counts.already_gone).toBe(0);
    expect(world.sandbox.accounts.count(101)).toBe(40);
  });

  test('that is forbidden stops that project, and the others finish', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 20, young: 0 });
    addProject(world, 102, { old: 4, young: 0 });
    world.sandbox.faults.add({ when: { projectId: 101, method: 'DELETE' }, then: { status: 403 } });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts.verified).toBe(4);
    expect(world.sandbox.journal.count({ method: 'DELETE', projectId: 101 })).toBeLessThanOrEqual(4);
    expect(result.counts.failed + result.counts.skipped).toBe(20);
  });
});

describe('a follow-up GET', () => {
  const NO_EVIDENCE = [
    ['403', { status: 403 }],
    ['429', { status: 429 }],
    ['500', { status: 500 }],
    ['502', { status: 502 }],
    ['503', { status: 503, body: 'html' }],
    ['504', { status: 504, body: 'empty' }],
    ['200 in HTML', { status: 200, body: 'html' }],
    ['an empty 200', { status: 200, body: 'empty' }],
    ['a 404 in HTML', { status: 404, body: 'html' }],
    ['an empty 404', { status: 404, body: 'empty' }],
  ] as const;

  test.each(NO_EVIDENCE)('that answers %s is no evidence: unverified', async (what, then) => {
    world = await createWorld();
    // What it looked like before the first DELETE was in order.
    world.sandbox.faults.add({ when: { route: 'messages.list', afterRequests: 5 }, then });
    const startedAt = world.clock.now();
    const result = await purge(2);
    // Told to wait for so long, the second one cannot be looked at any more before its DELETE.
    const begun = what === '429' ? 1 : 2;
    expect(result.counts).toMatchObject({ planned: 2, verified: 0, unverified: begun, already_gone: 0 });
    expect(deletes()).toBe(begun);
    expect(result.run.status).toBe('partial');
    // It was asked again and again, until the time was up.
    // What is told to wait is asked less often.
    const fewest = what === '429' ? 2 : 6;
    expect(world.sandbox.journal.count({ route: 'messages.list' })).toBeGreaterThan(fewest);
    expect(world.clock.now() - startedAt).toBeGreaterThanOrEqual(60_000);
  });

  test.each([
    ...NO_EVIDENCE,
    ['a 404 in another service’s JSON', { status: 404, body: 'foreign-json' }],
  ] as const)('that answers %s from the start lets no DELETE out', async (_, then) => {
    world = await createWorld();
    world.sandbox.faults.add({ when: { route: 'messages.list' }, then });
    const result = await purge(2);
    expect(result.counts).toMatchObject({
      planned: 2,
      verified: 0,
      unverified: 0,
      already_gone: 0,
      skipped: 2,
    });
    expect(deletes()).toBe(0);
    expect(result.run.status).toBe('partial');
    expect((await world.entries()).filter(({ event }) => event === 'project.refused')).toHaveLength(1);
  });

  test('that is no evidence at first leaves the deletion pending, and a later 404 verifies it', async () => {
    world = await createWorld();
    const bodies = ['html', 'empty', 'not-json'] as const;
    for (const [index, body] of bodies.entries()) {
      // The first answer of the first one is the 200 before its DELETE.
      const when = { route: 'messages.list', nthPerSession: index + 2 } as const;
      world.sandbox.faults.add({ when, then: { status: 404, body } });
    }
    const result = await purge(3);
    expect(result.counts).toMatchObject({ planned: 3, verified: 3 });
    expect(deletes()).toBe(3);
    const [first = ''] = (await outcomes('intended')).map(({ session_id: id }) => id ?? '');
    const asked = world.sandbox.journal.count({ route: 'messages.list', sessionId: first });
    expect(asked).toBe(1 + bodies.length + 1);
  });

  test('that answers 401 ends the run without counting anything as gone', async () => {
    world = await createWorld();
    world.sandbox.faults.add({ when: { route: 'messages.list' }, then: { status: 401 } });
    const result = await purge(10);
    expect(result.fault?.kind).toBe('credential_refused');
    expect(result.counts).toMatchObject({ verified: 0, already_gone: 0 });
    expect(deletes()).toBeLessThanOrEqual(5);
  });
});

test('a key revoked in mid-run stops every further DELETE', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 30, young: 0 });
  world.sandbox.faults.add({ when: { afterRequests: 20 }, then: { status: 401 } });
  const result = await runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 2\n`));
  expect(result.fault?.kind).toBe('credential_refused');
  expect(result.run.status).toBe('failed');
  const refused = world.sandbox.journal.entries.filter(
    ({ method, status }) => method === 'DELETE' && status === 401,
  );
  expect(refused.length).toBeLessThanOrEqual(2);
  expect(world.sandbox.accounts.count(101)).toBeGreaterThan(0);
  // The next run, with a key that works, settles what was left open and finishes.
  world.sandbox.faults.clearRules();
  const next = await runOnce(world, await world.policy(AGE_POLICY));
  expect(next.run.status).toBe('completed');
  expect(world.sandbox.accounts.count(101)).toBe(0);
});

test('a refused key stops even the DELETE that waits for the slot of the refused one', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 10, young: 0 });
  let sent = 0;
  // Refused at once: over a real connection the stop would always be there first.
  const refuse: CustomGptDeleter['deleteConversation'] = (_projectId, _sessionId, { signal } = {}) => {
    const isStopped = signal?.aborted === true;
    if (!isStopped) sent += 1;
    const failure = isStopped ? 'aborted' : 'unauthorized';
    return Promise.reject(new ApiError({ failure, method: 'DELETE', path: '/', neverSent: isStopped }));
  };
  const openApi = () => {
    const api = world.deps.openApi();
    return { ...api, deleter: { ...api.deleter, deleteConversation: refuse } };
  };
  const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
  const result = await runPolicy({ ...world.deps, openApi }, { policy, trigger: 'manual', signals: GO_ON });
  expect(result.fault?.kind).toBe('credential_refused');
  expect(sent).toBe(1);
});

describe('the fresh listing at the end', () => {
  test('waits for a listing that lags behind', async () => {
    world = await createWorld();
    world.sandbox.faults.staleListMs = 20_000;
    const result = await purge(5);
    expect(result.run.status).toBe('completed');
    expect(deletes()).toBe(5);
  });

  test('reports what it goes on showing', async () => {
    world = await createWorld();
    world.sandbox.faults.staleListMs = 10 * 60_000;
    const result = await purge(2);
    expect(result.counts).toMatchObject({ verified: 0, unverified: 2 });
    expect(result.run.status).toBe('partial');
    expect(deletes()).toBe(2);
  });

  test('has what answers again after its 404 unverified, and the next run deletes it', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 4, young: 5 });
    const [, victim = ''] = world.sandbox.accounts.conversationIds(101);
    const { faults, accounts } = world.sandbox;
    // After its DELETE the first look finds it gone; then a replica that had missed the DELETE takes over.
    faults.add({ when: { method: 'DELETE', sessionId: victim }, times: 1, then: { swallow: true } });
    faults.add({ when: { route: 'messages.list', sessionId: victim }, times: 1, then: { status: 404 } });
    const policy = await world.policy(AGE_POLICY);
    const result = await runOnce(world, policy);
    expect(result.counts).toMatchObject({ planned: 4, verified: 3, unverified: 1 });
    expect(await outcomes('unverified')).toMatchObject([
      { session_id: victim, reason: 'the listing still shows it; GET: HTTP 200, it still answers' },
    ]);
    const next = await runOnce(world, policy);
    expect(next.run.status).toBe('completed');
    expect(accounts.has(101, victim)).toBe(false);
    const last = (await outcomes('verified')).filter(({ session_id: id }) => id === victim).at(-1);
    expect(last).toMatchObject({ attempts: 1, delete_status: 200 });
  });

  test('leaves alone what was created anew under the same id', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 5 });
    const [victim = ''] = world.sandbox.accounts.conversationIds(101);
    const { accounts, faults, journal } = world.sandbox;
    const remove = faults.add({
      when: { route: 'messages.list', sessionId: victim },
      then: { latencyMs: 0 },
    });
    const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
    const running = runOnce(world, policy);
    while (accounts.has(101, victim)) await new Promise((resolve) => setImmediate(resolve));
    // An open chat widget posts into the session that was just deleted.
    const seen = journal.count({ route: 'messages.list', sessionId: victim });
    while (journal.count({ route: 'messages.list', sessionId: victim }) <= seen && seen === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    accounts.postMessage(101, victim, { query: 'hello?' });
    remove();
    const result = await running;
    expect(result.counts.planned).toBe(3);
    expect(accounts.has(101, victim)).toBe(true);
    expect(journal.count({ method: 'DELETE', sessionId: victim })).toBe(1);
  });
});
