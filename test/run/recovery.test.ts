import { afterEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/core/audit-entry.ts';
import { ApiError, RetentionError } from '../../src/core/errors.ts';
import { outcomeOfEvent } from '../../src/core/outcome.ts';
import type { StopSignals } from '../../src/run/stop-signals.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { scrubIdlePlans } from '../../src/run/around/scrub.ts';
import { createStopSignals } from '../../src/daemon/lifecycle.ts';
import { addProject, AGE_POLICY, GO_ON, runOnce } from '../support/purge.ts';
import { createWorld, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

/** Ends a run the way a vanished worker does: nothing more is sent or recorded after the n-th DELETE. */
function vanishAfter(deletes: number): StopSignals {
  const gone = new AbortController();
  const { journal } = world.sandbox;
  const watch = setInterval(() => {
    if (journal.count({ method: 'DELETE' }) < deletes) return;
    clearInterval(watch);
    gone.abort(new RetentionError('interrupted', 'gone'));
  }, 0);
  return { stop: gone.signal, abandon: gone.signal };
}

/** Items of a plan as if their project had been listed an hour ago. */
function seenLongAgo({ store }: TestWorld): TestWorld['store'] {
  const planItems: typeof store.plans.planItems = async function* (...args) {
    for await (const item of store.plans.planItems(...args))
      yield { ...item, seenAt: item.seenAt - 3_600_000 };
  };
  return { ...store, plans: { ...store.plans, planItems } };
}

function outcomesIn(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  return entries.filter(({ event }) => outcomeOfEvent(event) !== undefined);
}

/** Listing and calibrating one project of a run. What comes after so many requests is about its deletions. */
const REQUESTS_BEFORE = 5;

describe('what a run left open', () => {
  test('in a project that shows nothing any more is settled by a witness in another one', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 0 });
    addProject(world, 102, { old: 0, young: 2 });
    const { faults } = world.sandbox;
    faults.staleListMs = 10 * 60_000;
    faults.add({ when: { method: 'DELETE' }, then: { cut: 'after' } });
    const policy = await world.policy(AGE_POLICY);
    expect((await runOnce(world, policy)).counts).toMatchObject({ planned: 1, unverified: 1 });
    await world.clock.sleep(10 * 60_000);
    const next = await runOnce(world, policy);
    expect(next.run.status).toBe('completed');
    const settled = outcomesIn(await world.entries()).at(-1);
    expect(settled).toMatchObject({ event: 'deletion.verified', settled_by: next.run.runId });
    expect(settled?.['witness']).toMatch(/^102\/young/);
  });

  test('is settled by GET, never by a second DELETE', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 40, young: 3 });
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 2 } });
    const policy = await world.policy(AGE_POLICY);
    const first = await runOnce(world, policy, vanishAfter(8));
    expect(first.run.status).toBe('interrupted');
    const open = await world.store.audit.openIntents();
    expect(open.length).toBeGreaterThan(0);

    const next = await runOnce(world, policy);
    expect(next.run.status).toBe('completed');
    expect(world.sandbox.accounts.count(101)).toBe(3);
    expect(await world.store.audit.openIntents()).toEqual([]);
    const entries = await world.entries();
    const verified = entries.filter(({ event }) => event === 'deletion.verified');
    expect(new Set(verified.map(({ session_id }) => session_id)).size).toBe(40);
    const settled = outcomesIn(entries).filter((entry) => entry['settled_by'] === next.run.runId);
    expect(settled.length).toBe(open.length);
    expect(settled.every(({ run_id }) => run_id === first.run.runId)).toBe(true);
  });

  test('and stayed unverified is proven once it is gone', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 3 });
    world.sandbox.faults.staleReadsMs = 600_000;
    const policy = await world.policy(AGE_POLICY);
    const first = await runOnce(world, policy);
    expect(first.counts).toMatchObject({ verified: 0, unverified: 2 });
    await world.clock.advance(600_000);
    const next = await runOnce(world, policy);
    expect(next.run.status).toBe('completed');
    expect((await world.store.audit.outcomes(first.run.runId)).counts).toMatchObject({
      verified: 2,
      unverified: 0,
    });
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(2);
    // The proof names the DELETE that was sent then, not the look that settled it now.
    const entries = await world.entries();
    const firstDeleted = entries.find(({ event }) => event === 'deletion.intended')?.session_id;
    for (const entry of entries.filter(({ event }) => event === 'deletion.verified')) {
      const unverified = entries.find(
        ({ event, session_id }) => event === 'deletion.unverified' && session_id === entry.session_id,
      );
      expect(entry).toMatchObject({
        rule: 'old',
        attempts: 1,
        delete_status: 200,
        seen_by: entry.session_id === firstDeleted ? 'messages' : 'listing',
        requested_at: unverified?.['requested_at'],
      });
    }
  });

  test('and was never carried out is decided anew', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 3 });
    world.sandbox.faults.swallowDeletes = true;
    const policy = await world.policy(AGE_POLICY);
    const first = await runOnce(world, policy);
    expect(first.counts.unverified).toBe(2);
    world.sandbox.faults.swallowDeletes = false;
    const next = await runOnce(world, policy);
    expect(next.counts).toMatchObject({ planned: 2, verified: 2 });
    // What that DELETE did not do stays said of it; the next one's is another.
    expect((await world.store.audit.outcomes(first.run.runId)).counts).toMatchObject({ unverified: 2 });
    expect(await world.store.audit.openIntents()).toEqual([]);
  });

  test('and was created anew meanwhile is not called "not carried out"', async () => {
    world = await createWorld();
    const [first = ''] = addProject(world, 101, { old: 1, young: 3 });
    const policy = await world.policy(AGE_POLICY);
    const { faults, accounts } = world.sandbox;
    const when = { route: 'messages.list', afterRequests: REQUESTS_BEFORE } as const;
    faults.add({ when, then: { status: 403 } });
    const run = await runOnce(world, policy);
    expect(run.counts.unverified).toBe(1);
    faults.clearRules();
    accounts.addConversation(101, { sessionId: first, name: 'back again', createdAt: world.clock.now() });
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    const counts = (await world.store.audit.outcomes(run.run.runId)).counts;
    expect(counts).toMatchObject({ verified: 1, already_gone: 0, failed: 0, unverified: 0 });
    expect(accounts.count(101)).toBe(4);
  });

  test.each([
    ['before the recheck', 'recheck'],
    ['before our DELETE', 'delete'],
  ] as const)('is nothing where one was gone %s and that cannot be shown', async (_, foundBy) => {
    world = await createWorld();
    const [, victim = ''] = addProject(world, 101, { old: 2, young: 3 });
    const policy = await world.policy(AGE_POLICY);
    const { accounts } = world.sandbox;
    let isUnreadable = false;
    const remove = (id: string): void => {
      if (id !== victim) return;
      accounts.removeConversation(101, victim);
      isUnreadable = true;
    };
    const openApi: TestWorld['deps']['openApi'] = () => {
      const { reader, deleter } = world.deps.openApi();
      const changed: Partial<typeof deleter> = {
        existence: (projectId, id, options) => {
          if (options.purpose === 'messages') remove(id);
          return deleter.existence(projectId, id, options);
        },
        deleteConversation: (projectId, id, options) => {
          remove(id);
          return deleter.deleteConversation(projectId, id, options);
        },
        async *conversationPages(...args) {
          if (isUnreadable)
            throw new ApiError({ failure: 'server_error', method: 'GET', path: '/', status: 503 });
          yield* deleter.conversationPages(...args);
        },
      };
      return { reader, deleter: { ...deleter, ...changed } };
    };
    // A plan that is looked at before each DELETE, or not at all.
    const store = foundBy === 'delete' ? world.store : seenLongAgo(world);
    const deps = { ...world.deps, openApi, store };
    const run = await runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
    expect(run.counts).toMatchObject({ already_gone: 0, skipped: 1 });
    const [skipped] = (await world.entries()).filter(({ event }) => event === 'deletion.skipped');
    expect(skipped).toMatchObject({ session_id: victim, cause: 'not_known' });
    const next = await runOnce(world, policy);
    expect(next.run.status).toBe('completed');
    const said = outcomesIn(await world.entries()).filter((entry) => entry.session_id === victim);
    expect(said).toHaveLength(1);
    expect(world.sandbox.journal.count({ method: 'DELETE', sessionId: victim })).toBe(
      foundBy === 'delete' ? 1 : 0,
    );
  });

  test('and stood in a project that was away for a moment is not called gone', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 3 });
    const { faults, accounts } = world.sandbox;
    faults.swallowDeletes = true;
    const policy = await world.policy(AGE_POLICY);
    const first = await runOnce(world, policy);
    expect(first.counts.unverified).toBe(1);
    faults.swallowDeletes = false;
    // Only the follow-up GET meets it; the control, right after, finds it there again.
    faults.add({ when: { route: 'messages.list', nth: 1 }, then: { status: 404 } });
    const next = await runOnce(world, policy);
    expect(next.counts).toMatchObject({ planned: 1, verified: 1 });
    const counts = (await world.store.audit.outcomes(first.run.runId)).counts;
    expect(counts).toMatchObject({ verified: 0, already_gone: 0, failed: 0, unverified: 1 });
    expect(accounts.count(101)).toBe(3);
  });

  test('stays open while nobody can tell', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 3 });
    const when = { route: 'messages.list', afterRequests: REQUESTS_BEFORE } as const;
    world.sandbox.faults.add({ when, then: { status: 403 } });
    const policy = await world.policy(AGE_POLICY);
    await runOnce(world, policy);
    const next = await runOnce(world, policy);
    expect((await world.store.audit.openIntents()).length).toBe(2);
    // Nothing was planned any more, and yet it is not complete.
    expect(next.counts.planned).toBe(0);
    expect(next.run.status).toBe('partial');
    expect((await world.entries()).at(-1)).toMatchObject({ event: 'run.completed', still_open: 2 });
    world.sandbox.faults.clearRules();
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    expect(await world.store.audit.openIntents()).toEqual([]);
  });

  test('under a name that no policy has any more is settled by another one, a day later', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 3 });
    world.sandbox.faults.staleReadsMs = 600_000;
    const first = await runOnce(world, await world.policy(AGE_POLICY));
    await world.store.runs.updateRun(first.run.runId, { status: 'running' });
    const renamed = await world.policy(AGE_POLICY.replace('by-age', 'by-age-2'));

    await world.clock.advance(23 * 60 * 60 * 1000);
    expect((await runOnce(world, renamed)).run.status).toBe('completed');
    expect((await world.store.audit.openIntents()).length).toBe(2);

    await world.clock.advance(2 * 60 * 60 * 1000);
    const lease = { now: world.clock.now(), ttlMs: 60_000 };
    await world.store.leases.acquireLease('policy:by-age', 'somebody at work', lease);
    await runOnce(world, renamed);
    expect((await world.store.audit.openIntents()).length).toBe(2);

    await world.clock.advance(61_000);
    const last = await runOnce(world, renamed);
    expect(await world.store.audit.openIntents()).toEqual([]);
    expect((await world.store.runs.run(first.run.runId))?.status).toBe('interrupted');
    const settled = outcomesIn(await world.entries()).filter(
      (entry) => entry['settled_by'] === last.run.runId,
    );
    expect(settled.map(({ event, policy, run_id }) => [event, policy, run_id])).toEqual(
      Array.from({ length: 2 }, () => ['deletion.verified', 'by-age', first.run.runId]),
    );
  });

  test('a run whose worker vanished is closed by the next one', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    const first = await runOnce(world, policy);
    await world.store.runs.updateRun(first.run.runId, { status: 'running' });
    await runOnce(world, policy);
    expect((await world.store.runs.run(first.run.runId))?.status).toBe('interrupted');
  });
});

describe('behind two hundred runs on record', () => {
  async function addRuns(): Promise<void> {
    const [last] = await world.store.runs.runs({ limit: 1 });
    if (last === undefined) throw new Error('no run yet');
    for (let index = 0; index < 201; index += 1) {
      const run = { ...last, runId: `run-${index}`, policy: 'another' };
      const entry = {
        ...{ run_id: run.runId, policy: run.policy, policy_hash: run.policyHash },
        ...{ rule: null, project_id: null, session_id: null, facts: {} },
      };
      const [, end] = await world.store.audit.append([
        { event: 'run.started', ...entry },
        { event: 'run.completed', ...entry },
      ]);
      await world.store.runs.startRun({ ...run, status: 'completed', auditHead: end?.hash });
    }
  }

  test('a dead run is closed all the same', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    const first = await runOnce(world, policy);
    await world.store.runs.updateRun(first.run.runId, { status: 'running' });
    await addRuns();
    await runOnce(world, policy);
    expect((await world.store.runs.run(first.run.runId))?.status).toBe('interrupted');
  });

  test('a plan that is being applied keeps its names', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 2 });
    const first = await runOnce(world, await world.policy(AGE_POLICY.replace('enforce', 'dry-run')));
    await world.store.plans.consumePlan(first.run.planId ?? '', first.run.runId);
    await world.store.runs.updateRun(first.run.runId, { status: 'running' });
    await addRuns();
    const names = async () => {
      const seen: (string | undefined)[] = [];
      for await (const item of world.store.plans.planItems(first.run.planId ?? '')) seen.push(item.seen.name);
      return seen;
    };
    await scrubIdlePlans(world.store, world.clock.now());
    expect(await names()).toEqual(['secret name 0', 'secret name 1']);
    await world.store.runs.updateRun(first.run.runId, { status: 'completed' });
    await scrubIdlePlans(world.store, world.clock.now());
    expect(await names()).toEqual([undefined, undefined]);
  });
});

describe('the lease', () => {
  test('held by another worker keeps the run from starting', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 0 });
    await world.store.leases.acquireLease('policy:by-age', 'another', {
      now: world.clock.now(),
      ttlMs: 60_000,
    });
    await expect(runOnce(world, await world.policy(AGE_POLICY))).rejects.toMatchObject({
      kind: 'lease_held',
    });
    expect(world.sandbox.journal.count()).toBe(0);
  });

  test('covers the record of the slot: who gets the lease next does not run the slot again', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 0 });
    const policy = await world.policy(AGE_POLICY);
    const slotAt = world.clock.now() - 1000;
    const { signals } = createStopSignals(world.clock);
    const forSlot = { policy, trigger: 'schedule', slotAt, signals } as const;
    expect((await runPolicy(world.deps, forSlot)).run.status).toBe('completed');
    expect(await world.store.runs.lastSlot('by-age')).toBe(slotAt);
    const requests = world.sandbox.journal.count();
    const entries = (await world.entries()).length;
    await expect(runPolicy(world.deps, forSlot)).rejects.toMatchObject({ kind: 'lease_held' });
    await expect(runPolicy(world.deps, { ...forSlot, slotAt: slotAt - 1 })).rejects.toMatchObject({
      kind: 'lease_held',
    });
    expect(world.sandbox.journal.count()).toBe(requests);
    expect((await world.entries()).length).toBe(entries);
    expect((await runPolicy(world.deps, { ...forSlot, slotAt: slotAt + 500 })).run.status).toBe('completed');
    // The clock was set back: what is on record lies in the future.
    await world.store.runs.recordSlot('by-age', world.clock.now() + 60_000);
    expect((await runPolicy(world.deps, forSlot)).run.status).toBe('completed');
  });

  test('lost in mid-run stops every further DELETE', async () => {
    world = await createWorld({ deps: { leaseMs: 60_000 } });
    addProject(world, 101, { old: 60, young: 0 });
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 1 } });
    const running = runOnce(world, await world.policy(AGE_POLICY));
    const { journal } = world.sandbox;
    while (journal.count({ method: 'DELETE' }) < 5) await new Promise((resolve) => setImmediate(resolve));
    // The holder was stopped past its lease, and somebody else took it.
    const later = world.clock.now() + 120_000;
    expect(
      await world.store.leases.acquireLease('policy:by-age', 'another', { now: later, ttlMs: 600_000 }),
    ).toBeDefined();
    const sent = journal.count({ method: 'DELETE' });
    const result = await running;
    expect(result.fault?.kind).toBe('lease_held');
    // What was intended by then still leaves, as this worker's own clock lets it; nothing new follows.
    expect(journal.count({ method: 'DELETE' })).toBeLessThanOrEqual(sent + 8);
    expect(world.sandbox.accounts.count(101)).toBeGreaterThan(0);
  });
});

test('a machine that wakes from a suspend past its lease sends nothing of what it had in line', async () => {
  world = await createWorld({ deps: { leaseMs: 60_000 }, rpm: 30 });
  addProject(world, 101, { old: 24, young: 0 });
  const running = runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 32\n`));
  const { journal } = world.sandbox;
  while (journal.count({ method: 'DELETE' }) < 2) await new Promise((resolve) => setImmediate(resolve));
  const sent = journal.count({ method: 'DELETE' });
  // The monotonic clock, and every timer with it, stood still.
  world.clock.shiftWallClock(3_600_000);
  const lease = { now: world.clock.now(), ttlMs: 600_000_000 };
  expect(await world.store.leases.acquireLease('policy:by-age', 'another', lease)).toBeDefined();
  const result = await running;
  // Whichever is noticed first.
  expect(['clock_untrusted', 'lease_held']).toContain(result.fault?.kind);
  expect(journal.count({ method: 'DELETE' })).toBe(sent);
});

test('a worker whose renewal hangs past its lease sends nothing further, though no timer has told it', async () => {
  world = await createWorld({ deps: { leaseMs: 60_000 }, rpm: 30 });
  addProject(world, 101, { old: 60, young: 0 });
  const { clock, store } = world;
  const { journal } = world.sandbox;
  let sent = 0;
  // Hangs until the lease is over and another worker has it.
  const renewLease: typeof store.leases.renewLease = async () => {
    for (let other: unknown; other === undefined || journal.count({ method: 'DELETE' }) === 0;) {
      await clock.sleep(5_000);
      other ??= await store.leases.acquireLease('policy:by-age', 'another', {
        now: clock.now(),
        ttlMs: 600_000_000,
      });
    }
    sent = journal.count({ method: 'DELETE' });
    await clock.sleep(30_000);
    return undefined;
  };
  const deps = { ...world.deps, store: { ...store, leases: { ...store.leases, renewLease } } };
  const policy = await world.policy(AGE_POLICY);
  const result = await runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
  expect(result.fault?.kind).toBe('lease_held');
  expect(sent).toBeGreaterThan(0);
  expect(journal.count({ method: 'DELETE' })).toBe(sent);
});

test('a deletion that was still on its way when its run was stopped is verified by the next', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 2, young: 3 });
  const { journal, faults, accounts } = world.sandbox;
  faults.staleReadsMs = 30_000;
  const gone = new AbortController();
  const running = runOnce(world, await world.policy(AGE_POLICY), { stop: gone.signal, abandon: gone.signal });
  while (journal.count({ method: 'DELETE' }) < 2) await new Promise((resolve) => setImmediate(resolve));
  gone.abort(new RetentionError('interrupted', 'stopped'));
  expect((await running).run.status).toBe('interrupted');
  const next = await runOnce(world, await world.policy(AGE_POLICY));
  expect(next.run.status).toBe('completed');
  expect(accounts.count(101)).toBe(3);
  expect(journal.count({ method: 'DELETE' })).toBe(2);
  const events = (await world.entries()).map(({ event }) => event);
  expect(events.filter((event) => event === 'deletion.verified')).toHaveLength(2);
  expect(events).not.toContain('deletion.failed');
  await world.assertSound();
});

test('a DELETE that left long after its intent, right before its worker vanished, has its time in the next run', async () => {
  world = await createWorld();
  const [first = ''] = addProject(world, 101, { old: 1, young: 3 });
  const { faults, journal } = world.sandbox;
  faults.staleReadsMs = 30_000;
  const policy = await world.policy(AGE_POLICY);
  const gone = new AbortController();
  const openApi: TestWorld['deps']['openApi'] = () => {
    const api = world.deps.openApi();
    const deleteConversation: typeof api.deleter.deleteConversation = async (projectId, sessionId) => {
      // Held up on its way out, longer than the verify time-out.
      await world.clock.advance(300_000);
      const answer = await api.deleter.deleteConversation(projectId, sessionId, {});
      gone.abort(new RetentionError('interrupted', 'gone'));
      return answer;
    };
    return { reader: api.reader, deleter: { ...api.deleter, deleteConversation } };
  };
  const signals = { stop: gone.signal, abandon: gone.signal };
  await runPolicy({ ...world.deps, openApi }, { policy, trigger: 'manual', signals });
  expect((await world.entries()).at(-1)?.event).not.toMatch(/^deletion/);
  await runOnce(world, policy);
  const said = (await world.entries())
    .filter((entry) => entry.session_id === first)
    .map(({ event }) => event);
  expect(said).toEqual(['deletion.intended', 'deletion.absent', 'deletion.verified']);
  expect(journal.count({ method: 'DELETE' })).toBe(1);
});

test('what never left because the API answered nobody is skipped, whoever removed it meanwhile', async () => {
  world = await createWorld({ rpm: 20 });
  addProject(world, 101, { old: 12, young: 1 });
  const { journal, accounts, faults } = world.sandbox;
  const running = runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 8\n`));
  // The first one goes alone.
  while (journal.count({ method: 'DELETE' }) < 2) await new Promise((resolve) => setImmediate(resolve));
  faults.add({ when: {}, then: { status: 503 } });
  await world.clock.advance(200_000);
  const sent = (): Set<unknown> =>
    new Set(journal.entries.flatMap(({ method, sessionId: id }) => (method === 'DELETE' ? [id] : [])));
  const intended = (await world.entries()).filter(({ event }) => event === 'deletion.intended');
  const inLine = intended.filter(({ session_id }) => !sent().has(session_id));
  expect(inLine.length).toBeGreaterThan(0);
  for (const { session_id } of inLine) accounts.removeConversation(101, session_id ?? '');
  await world.clock.advance(220_000);
  faults.clearRules();
  await running;
  const unsent = (await world.entries()).filter(
    ({ event, session_id }) => /verified|failed/.test(event) && !sent().has(session_id),
  );
  expect(unsent).toEqual([]);
  await world.assertSound();
});

test('a run whose end cannot be written any more tells what it did all the same', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 4, young: 3 });
  const { store } = world;
  const append: typeof store.audit.append = (entries, fence) =>
    entries.some(({ event }) => event === 'run.completed')
      ? Promise.reject(new RetentionError('state_unusable', 'the disk is full'))
      : store.audit.append(entries, fence);
  const deps = { ...world.deps, store: { ...store, audit: { ...store.audit, append } } };
  const policy = await world.policy(AGE_POLICY);
  const result = await runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
  expect(result.fault).toMatchObject({ kind: 'state_unusable', message: 'the disk is full' });
  expect(result.run).toMatchObject({ status: 'failed', problem: 'the disk is full' });
  expect(result.counts).toMatchObject({ planned: 4, verified: 4 });
});

test('a stop records what is in flight and begins nothing new', async () => {
  world = await createWorld();
  addProject(world, 101, { old: 60, young: 0 });
  world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 2 } });
  // The grace does not end by itself: the simulated time may jump over it while an answer is on its way.
  const stopping = createStopSignals({ sleep: (_, signal) => world.clock.sleep(Infinity, signal) });
  const running = runOnce(world, await world.policy(AGE_POLICY), stopping.signals);
  const { journal } = world.sandbox;
  while (journal.count({ method: 'DELETE' }) < 10) await new Promise((resolve) => setImmediate(resolve));
  stopping.stop('stopped by SIGTERM');
  const sent = journal.count({ method: 'DELETE' });
  const result = await running;
  stopping.settle();
  expect(result.run).toMatchObject({ status: 'interrupted', problem: 'stopped by SIGTERM' });
  expect(journal.count({ method: 'DELETE' })).toBeLessThanOrEqual(sent + 4);
  expect(result.counts.verified).toBe(60 - world.sandbox.accounts.count(101));
  expect((await world.entries()).at(-1)?.event).toBe('run.interrupted');
  expect((await runOnce(world, await world.policy(AGE_POLICY))).run.status).toBe('completed');
});
