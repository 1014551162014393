import { afterEach, describe, expect, test } from 'vitest';
import { RetentionError } from '../../src/core/errors.ts';
import { totalRequests } from '../../src/core/run.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { addProject, AGE_POLICY, GO_ON, runOnce, sessionId } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';
import { NO_HOLDS } from '../../src/core/hold.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

describe('a purge by age', () => {
  test('deletes what is expired and nothing else, and records each step', async () => {
    world = await createWorld();
    const old = [
      ...addProject(world, 101, { old: 25, young: 30 }),
      ...addProject(world, 102, { old: 3, young: 0 }),
    ];
    const result = await runOnce(world, await world.policy(AGE_POLICY));

    expect(result.run.status).toBe('completed');
    expect(result.counts).toMatchObject({ planned: 28, verified: 28, unverified: 0, failed: 0, skipped: 0 });
    const { accounts } = world.sandbox;
    expect(accounts.conversationIds(101)).toEqual(
      Array.from({ length: 30 }, (_, i) => sessionId('young-101', i)),
    );
    expect(accounts.count(102)).toBe(0);

    const entries = await world.entries();
    expect(entries[0]?.event).toBe('run.started');
    expect(entries.at(-1)).toMatchObject({ event: 'run.completed', status: 'completed' });
    const verified = entries.filter(({ event }) => event === 'deletion.verified');
    expect(verified.map(({ session_id }) => session_id).sort()).toEqual([...old].sort());
    for (const entry of verified) {
      expect(entry).toMatchObject({ rule: 'old', delete_status: 200, verify_status: 404, attempts: 1 });
      expect(entry['control']).toMatchObject({ status: 200 });
      const {
        requested_at: requestedAt,
        verified_at: verifiedAt,
        control,
      } = entry as unknown as {
        requested_at: string;
        verified_at: string;
        control: { at: string; request: string };
      };
      expect(requestedAt <= verifiedAt && verifiedAt <= control.at).toBe(true);
      expect(control.request).toMatch(
        /^GET \/api\/v1\/projects\/\d+\/conversations\?page=\d+&orderBy=created_at&order=asc$/,
      );
    }
    expect(result.run.auditHead).toBe(entries.at(-1)?.hash);
  });

  test('costs at most 2.25 requests for each verified deletion', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 300, young: 500 });
    const result = await runOnce(world, await world.policy(AGE_POLICY));
    expect(result.counts.verified).toBe(300);
    expect(world.sandbox.journal.count() / 300).toBeLessThanOrEqual(2.25);
    const { requests } = result.run;
    expect(requests === undefined ? 0 : totalRequests(requests)).toBe(world.sandbox.journal.count());
  });

  test('reads a project where nothing has expired in at most three requests', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 0, young: 2000 });
    await runOnce(world, await world.policy(AGE_POLICY));
    // Its first page, its last, and one between; and one for the list of projects.
    expect(world.sandbox.journal.count({ route: 'conversations.list' })).toBe(3);
    // And one that asks whose key it is.
    expect(world.sandbox.journal.count()).toBe(5);
  });

  test('sends nothing but GET in dry-run mode, and says what it would delete', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 25, young: 5 });
    const result = await runOnce(world, await world.policy(AGE_POLICY.replace('enforce', 'dry-run')));
    expect(result.counts).toMatchObject({ planned: 25, verified: 0 });
    expect(result.run.status).toBe('completed');
    expect(new Set(world.sandbox.journal.entries.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(world.sandbox.accounts.count(101)).toBe(30);
  });

  test('keeps the names out of the log, the audit log and everything but the plan', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 3 });
    await runOnce(world, await world.policy(AGE_POLICY));
    expect(world.log.lines.join('\n')).not.toContain('secret name');
    expect(JSON.stringify(await world.entries())).not.toContain('secret name');
    expect(world.log.lines.join('\n')).not.toContain(world.sandbox.apiKey);
  });

  test('stays within the concurrency of the policy', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 40, young: 0 });
    world.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 3 } });
    await runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 3\n`));
    expect(world.sandbox.journal.peakInFlight).toBeLessThanOrEqual(4);
    expect(world.sandbox.accounts.count(101)).toBe(0);
  });

  test('keeps to the set pace', async () => {
    world = await createWorld({ rpm: 60 });
    addProject(world, 101, { old: 20, young: 0 });
    const startedAt = world.clock.now();
    await runOnce(world, await world.policy(AGE_POLICY));
    const starts = world.sandbox.journal.entries.map(({ at }) => at);
    expect(world.clock.now() - startedAt).toBeGreaterThanOrEqual((starts.length - 2) * 1000);
    starts.slice(1).forEach((at, index) => {
      expect(at - (starts[index] ?? 0)).toBeGreaterThanOrEqual(990);
    });
  });
});

describe('limits', () => {
  const limited = (limits: string): string => AGE_POLICY.replace('{ max_percent: 100 }', limits);

  test.each([
    ['max_deletions', '{ max_deletions: 9, max_percent: 100 }'],
    ['max_deletions of zero', '{ max_deletions: 0, max_percent: 100 }'],
    ['max_percent', '{ max_percent: 33, percent_applies_from: 5 }'],
    ['max_per_day', '{ max_per_day: 9, max_percent: 100 }'],
    ['max_per_week', '{ max_per_week: 9, max_percent: 100 }'],
  ])('%s refuses the whole plan before the first DELETE', async (_, limits) => {
    world = await createWorld();
    addProject(world, 101, { old: 10, young: 20 });
    const result = await runOnce(world, await world.policy(limited(limits)));
    expect(result.run.status).toBe('refused');
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(0);
    expect((await world.entries()).at(-1)).toMatchObject({
      event: 'run.refused',
      plan_id: result.run.planId,
    });
    expect((await world.store.plans.plan(result.run.planId ?? ''))?.status).toBe('open');
  });

  test('max_per_day counts what earlier runs of the day deleted, and nothing of it on the next day', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 6, young: 20 });
    const policy = await world.policy(limited('{ max_per_day: 10, max_per_week: 100, max_percent: 100 }'));
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    addProject(world, 102, { old: 6, young: 20 });
    expect((await runOnce(world, policy)).run.status).toBe('refused');
    await world.clock.advance(DAY / 2);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    expect(world.sandbox.accounts.count(102)).toBe(20);
  });

  test('a project that would lose fewer than percent_applies_from may lose them all', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 4, young: 0 });
    const result = await runOnce(
      world,
      await world.policy(limited('{ max_percent: 1, percent_applies_from: 5 }')),
    );
    expect(result.counts.verified).toBe(4);
  });
});

describe('age from the newest message', () => {
  const IDLE = `
version: 1
name: idle
mode: enforce
projects: { include: ["*"] }
rules:
  - { name: vip, match: { name: { contains: VIP } }, action: keep }
  - { name: idle, match: { older_than: 90d, age_from: last_message }, action: delete }
limits: { max_percent: 100 }
`;

  test('is read only where name and creation leave it open', async () => {
    world = await createWorld();
    const { accounts } = world.sandbox;
    accounts.addProject({ id: 7, name: 'p' });
    const add = (
      label: string,
      name: string,
      [createdDays, messageDays]: readonly [number, number],
    ): void => {
      accounts.addConversation(7, {
        sessionId: sessionId(label, 1),
        name,
        createdAt: NOW - createdDays * DAY,
        messages: [{ createdAt: NOW - messageDays * DAY, query: 'q', response: 'r' }],
      });
    };
    add('idle', 'x', [300, 200]);
    add('active', 'x', [300, 5]);
    add('guest', 'a VIP', [300, 200]);
    add('young', 'x', [30, 30]);
    accounts.addConversation(7, { sessionId: sessionId('empty', 1), name: 'x', createdAt: NOW - 250 * DAY });
    const result = await runOnce(world, await world.policy(IDLE));
    expect(result.run.requests?.messages).toBe(3);
    expect(result.counts).toMatchObject({ verified: 1, unknown: 1, planned: 1 });
    expect(accounts.has(7, sessionId('idle', 1))).toBe(false);
    expect(accounts.count(7)).toBe(4);
  });
});

describe('what changed between the listing and the DELETE', () => {
  test('a rule on messages that its name part had settled does not hold up the rules behind it', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 5, young: 1 });
    const yaml = AGE_POLICY.replace(
      'rules:',
      'rules:\n  - { name: vip, match: { name: "VIP*", older_than: 120d, age_from: last_message }, action: keep }',
    );
    const result = await runOnce(world, await world.policy(yaml));
    expect(result.counts).toMatchObject({ planned: 5, verified: 5, skipped: 0 });
  });

  test('a DELETE that the pool held up for minutes is thought over again', async () => {
    world = await createWorld();
    const [first = '', second = ''] = addProject(world, 101, { old: 2, young: 1 });
    const yaml = AGE_POLICY.replace('older_than: 90d', 'older_than: 90d, name: "secret*"');
    const policy = await world.policy(`${yaml}concurrency: 1\n`);
    world.sandbox.faults.add({
      when: { method: 'DELETE' },
      times: 1,
      then: { status: 429, retryAfter: 600 },
    });
    const running = runOnce(world, policy);
    while (world.sandbox.journal.count({ status: 429 }) === 0)
      await new Promise((resolve) => setImmediate(resolve));
    world.sandbox.accounts.rename(101, first, 'VIP');
    world.sandbox.accounts.rename(101, second, 'VIP');
    const result = await running;
    expect(result.counts).toMatchObject({ planned: 2, verified: 0, skipped: 2 });
    expect(world.sandbox.accounts.count(101)).toBe(3);
  });

  test('a session that was created anew in a long run is another conversation', async () => {
    world = await createWorld({ rpm: 2 });
    const old = addProject(world, 101, { old: 20, young: 0 });
    const last = old.at(-1) ?? '';
    const running = runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 1\n`));
    const { accounts, journal } = world.sandbox;
    while (journal.count({ method: 'DELETE' }) === 0) await new Promise((resolve) => setImmediate(resolve));
    accounts.removeConversation(101, last);
    accounts.postMessage(101, last, { query: 'hello?' });
    const result = await running;
    expect(accounts.has(101, last)).toBe(true);
    expect(result.counts).toMatchObject({ planned: 20, verified: 19, skipped: 1 });
  });
});

describe('a slow pace and many slots', () => {
  test('do not let intents pile up in front of the line', async () => {
    world = await createWorld({ rpm: 30 });
    addProject(world, 101, { old: 150, young: 0 });
    const result = await runOnce(world, await world.policy(`${AGE_POLICY}concurrency: 32\n`));
    expect(result.counts).toMatchObject({ verified: 150 });
    const intents = (await world.entries()).filter(({ event }) => event === 'deletion.intended').length;
    // A turn that comes after a minute is looked at again: 32 slots at two seconds a request make that once for most.
    expect(intents / 150).toBeLessThan(2.3);
  });
});

describe('holds', () => {
  const placed = {
    projectId: 101,
    matter: 'M-7',
    untilAt: undefined,
    reason: 'suit',
    by: 'legal',
    addedAt: 0,
  };

  test('keep a conversation, also one that is held after the plan was made', async () => {
    world = await createWorld();
    const [first, second] = addProject(world, 101, { old: 4, young: 0 });
    const { store } = world;
    await store.holds.addHold({ ...placed, holdId: 'h1', sessionId: first });
    const policy = await world.policy(AGE_POLICY);
    // Held in mid-run: the listing and the decision are over when the plan is consumed.
    const consumePlan: typeof store.plans.consumePlan = async (...plan) => {
      await store.holds.addHold({ ...placed, holdId: 'h2', sessionId: second });
      return store.plans.consumePlan(...plan);
    };
    const deps = { ...world.deps, store: { ...store, plans: { ...store.plans, consumePlan } } };
    const result = await runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
    expect(result.counts).toMatchObject({ held: 1, planned: 3, verified: 2, skipped: 1 });
    expect(world.sandbox.accounts.conversationIds(101)).toEqual([first, second]);
    const skipped = (await world.entries()).find(({ event }) => event === 'deletion.skipped');
    expect(skipped).toMatchObject({ session_id: second, reason: 'held for M-7 since the plan' });
  });

  test('stop a DELETE whose intent was written before and that waits for its turn', async () => {
    world = await createWorld({ rpm: 6 });
    const old = addProject(world, 101, { old: 5, young: 0 });
    const { store } = world;
    const intended = async (): Promise<readonly (string | null)[]> =>
      (await world.entries()).flatMap(({ event, session_id: id }) =>
        event === 'deletion.intended' ? [id] : [],
      );
    const { openApi } = world.deps;
    let isPlaced = false;
    let held = '';
    const deps: typeof world.deps = {
      ...world.deps,
      openApi: () => {
        const { reader, deleter } = openApi();
        const existence: typeof deleter.existence = async (...call) => {
          const waits = (await intended()).at(-1);
          const hasLeft = world.sandbox.journal.count({ method: 'DELETE', sessionId: waits ?? '' }) > 0;
          if (!isPlaced && typeof waits === 'string' && waits !== old[0] && !hasLeft) {
            // A DELETE has left; the intent of the next one is on the disk by then.
            isPlaced = true;
            held = waits;
            await store.holds.addHold({ ...placed, holdId: 'h1', sessionId: held });
          }
          return deleter.existence(...call);
        };
        return { reader, deleter: { ...deleter, existence } };
      },
    };
    const policy = await world.policy(AGE_POLICY);
    const result = await runPolicy(deps, { policy, trigger: 'manual', signals: GO_ON });
    expect(result.counts).toMatchObject({ planned: 5, verified: 4, skipped: 1 });
    expect(world.sandbox.accounts.conversationIds(101)).toEqual([held]);
  });

  test('that cannot be read let no DELETE out', async () => {
    world = await createWorld({ rpm: 6 });
    addProject(world, 101, { old: 5, young: 0 });
    let readings = 0;
    const holds: typeof world.deps.holds = {
      holdsInForce() {
        readings += 1;
        if (readings === 1) return Promise.resolve(NO_HOLDS);
        return Promise.reject(new RetentionError('usage', 'holds cannot be read'));
      },
    };
    const policy = await world.policy(AGE_POLICY);
    const result = await runPolicy({ ...world.deps, holds }, { policy, trigger: 'manual', signals: GO_ON });
    expect(result.fault?.message).toBe('holds cannot be read');
    expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(0);
  });

  test('of a whole project stop its deletions, until it is released', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 3, young: 0 });
    addProject(world, 102, { old: 2, young: 0 });
    await world.store.holds.addHold({ ...placed, holdId: 'h1', sessionId: undefined });
    const policy = await world.policy(AGE_POLICY);
    expect((await runOnce(world, policy)).counts).toMatchObject({ held: 3, verified: 2 });
    expect(world.sandbox.accounts.count(101)).toBe(3);
    await world.store.holds.releaseHold('h1', { at: world.clock.now(), by: 'legal', reason: 'settled' });
    expect((await runOnce(world, policy)).counts).toMatchObject({ held: 0, verified: 3 });
  });
});
