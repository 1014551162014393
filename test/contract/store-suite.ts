import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '../../src/core/audit-chain.ts';
import { GENESIS } from '../../src/core/audit-entry.ts';
import type { AuditEntry, AuditEvent, AuditFacts } from '../../src/core/audit-entry.ts';
import { isFault } from '../../src/core/errors.ts';
import { OUTCOMES, NO_OUTCOMES, outcomeOfEvent } from '../../src/core/outcome.ts';
import type { PlanHeader, PlanItem, PlanProject } from '../../src/core/plan.ts';
import type { Clock, Store } from '../../src/core/ports.ts';
import type { RunRecord } from '../../src/core/run.ts';

/** A store under test. `reopen` closes it and opens the same state again, as a restart would. */
export interface StoreUnderTest {
  readonly store: Store;
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

export interface ManualClock extends Clock {
  set(at: number): void;
}

export const NOON = Date.UTC(2026, 10, 23, 12);
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export function manualClock(at = NOON): ManualClock {
  let now = at;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
    set: (next) => {
      now = next;
    },
  };
}

export function facts(event: AuditEvent, change: Partial<AuditFacts> = {}): AuditFacts {
  return {
    event,
    run_id: 'run-1',
    policy: 'support-chats',
    policy_hash: 'ab'.repeat(32),
    rule: 'idle',
    project_id: 42,
    session_id: 'session-0001',
    facts: {},
    ...change,
  };
}

export function header(planId: string, change: Partial<PlanHeader> = {}): PlanHeader {
  return {
    planId,
    policy: 'support-chats',
    policyHash: 'ab'.repeat(32),
    policyPath: '/etc/policies/support-chats.yaml',
    mode: 'enforce',
    decidedAt: NOON,
    expiresAt: NOON + DAY_MS,
    ...change,
  };
}

export function item(ordinal: number, change: Partial<PlanItem> = {}): PlanItem {
  return {
    ordinal,
    projectId: 42,
    sessionId: `session-${String(ordinal).padStart(8, '0')}`,
    verdict: 'delete',
    rule: 'idle',
    reason: 'last message 120 days ago',
    ageDays: 120,
    seen: { name: `Chat ${ordinal}`, createdAt: NOON - DAY_MS, updatedAt: NOON, createdBy: '1234' },
    seenAt: NOON,
    lastMessageAt: NOON - 5,
    lastMessageReadAt: NOON - 3,
    ...change,
  };
}

const PROJECT: PlanProject = {
  projectId: 42,
  listed: 3,
  total: 4,
  kept: 1,
  held: 0,
  unknown: 1,
  planned: 1,
  incomplete: undefined,
};
const DONE = { projects: [PROJECT], requestsUsed: 7 };

const RUN: RunRecord = {
  runId: 'run-1',
  policy: 'support-chats',
  policyHash: 'ab'.repeat(32),
  mode: 'enforce',
  trigger: 'schedule',
  slotAt: NOON - MINUTE_MS,
  planId: undefined,
  status: 'running',
  startedAt: NOON,
  endedAt: undefined,
  requests: undefined,
  auditHead: undefined,
  problem: undefined,
};

export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

async function fault(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error && 'kind' in error ? String(error.kind) : 'not one of ours';
  }
  return 'none';
}

/** What every implementation of the store port does, seen from outside. */
export function storeSuite(name: string, open: (clock: Clock) => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the store's contract`, () => {
    let clock: ManualClock;
    let underTest: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      clock = manualClock();
      underTest = await open(clock);
      store = underTest.store;
    });
    afterEach(() => underTest.dispose());

    const suite: Suite = { store: () => store, clock: () => clock, reopen: () => underTest.reopen() };
    describe('audit log', () => {
      auditLogTests(suite);
    });
    describe('questions to the audit log', () => {
      auditQuestionTests(suite);
    });
    describe('plans', () => {
      planTests(suite);
    });
    describe('end of a plan', () => {
      planEndTests(suite);
    });
    describe('leases', () => {
      leaseTests(suite);
    });
    describe('runs and slots', () => {
      runTests(suite);
    });
  });
}

interface Suite {
  store(): Store;
  clock(): ManualClock;
  reopen(): Promise<Store>;
}

function auditLogTests({ store, clock, reopen }: Suite): void {
  it('starts empty, at the genesis', async () => {
    expect(await store().audit.head()).toEqual(GENESIS);
    expect(await collect(store().audit.entries())).toEqual([]);
  });

  it('gives entries their place and their time, and returns them as they stand in the log', async () => {
    const written = await store().audit.append([
      facts('deletion.intended', { facts: { seen_at: '2026-11-23T11:59:00.000Z', list: [1, { a: null }] } }),
      facts('deletion.verified'),
    ]);
    expect(written.map(({ seq, time, event }) => [seq, time, event])).toEqual([
      [1, '2026-11-23T12:00:00.000Z', 'deletion.intended'],
      [2, '2026-11-23T12:00:00.000Z', 'deletion.verified'],
    ]);
    expect(written[0]?.prev).toBe(GENESIS.hash);
    expect(written[1]?.prev).toBe(written[0]?.hash);
    expect(await store().audit.head()).toEqual({ seq: 2, hash: written[1]?.hash });
    const stored = await collect(store().audit.entries());
    expect(stored).toEqual(written);
    expect(stored.map((entry) => Object.keys(entry))).toEqual(written.map((entry) => Object.keys(entry)));
  });

  it('goes on where it was after a restart', async () => {
    const first = await store().audit.append([facts('run.started')]);
    const again = await reopen();
    const second = await again.audit.append([facts('run.completed')]);
    expect(second[0]).toMatchObject({ seq: 2, prev: first[0]?.hash });
    expect(await collect(again.audit.entries())).toEqual([...first, ...second]);
  });

  it('keeps concurrent callers in order, each with its entries together, in one sound chain', async () => {
    const calls = Array.from({ length: 300 }, (_, index) =>
      store().audit.append(
        Array.from({ length: (index % 3) + 1 }, () => facts('deletion.intended', { facts: { index } })),
      ),
    );
    const answers = await Promise.all(calls);
    const all = await collect(store().audit.entries());
    expect(all).toEqual(answers.flat());
    expect(all.map((entry) => entry.seq)).toEqual(all.map((_, index) => index + 1));
    expect(await verifyChain(store().audit.entries(), await store().audit.head())).toMatchObject({
      ok: true,
    });
  });

  it('reads a log longer than one batch', async () => {
    const many = Array.from({ length: 4_500 }, () => facts('deletion.skipped'));
    await store().audit.append(many);
    expect((await collect(store().audit.entries())).length).toBe(4_500);
    expect(await verifyChain(store().audit.entries())).toMatchObject({ ok: true, head: { seq: 4_500 } });
  });

  it('filters by run and by sequence number', async () => {
    for (const run_id of ['run-1', 'run-2', null, 'run-1']) {
      await store().audit.append([facts('deletion.skipped', { run_id })]);
    }
    const seqs = async (filter: Parameters<Store['audit']['entries']>[0]): Promise<number[]> =>
      (await collect(store().audit.entries(filter))).map((entry) => entry.seq);
    expect(await seqs({ runId: 'run-1' })).toEqual([1, 4]);
    expect(await seqs({ fromSeq: 3 })).toEqual([3, 4]);
    expect(await seqs({ runId: 'run-1', fromSeq: 2 })).toEqual([4]);
    expect(await seqs({ runId: 'run-9' })).toEqual([]);
  });

  it('takes the time of the commit, also when the clock was set back', async () => {
    await store().audit.append([facts('run.started')]);
    clock().set(NOON - DAY_MS);
    expect((await store().audit.append([facts('run.completed')]))[0]?.time).toBe('2026-11-22T12:00:00.000Z');
    expect(await verifyChain(store().audit.entries())).toMatchObject({ ok: true });
  });

  it('refuses facts that would overwrite common keys, without harm to others of the same turn', async () => {
    const before = store().audit.append([facts('run.started')]);
    const bad = store().audit.append([facts('run.started'), facts('run.started', { facts: { hash: 'x' } })]);
    const after = store().audit.append([facts('run.completed')]);
    await expect(bad).rejects.toThrow(/common key/);
    expect((await before)[0]?.seq).toBe(1);
    expect((await after)[0]?.seq).toBe(2);
    expect((await collect(store().audit.entries())).length).toBe(2);
  });

  it('does nothing for nothing', async () => {
    expect(await store().audit.append([])).toEqual([]);
    expect(await store().audit.head()).toEqual(GENESIS);
  });

  it('lets only the holder of the lease write under a fence', async () => {
    const lease = await store().acquireLease('support-chats', 'worker-a', { now: NOON, ttlMs: MINUTE_MS });
    if (lease === undefined) throw new Error('no lease');
    const append = (fence: typeof lease) => store().audit.append([facts('deletion.intended')], fence);
    expect((await append(lease)).length).toBe(1);

    const calls = [
      append({ ...lease, token: lease.token + 1 }),
      store().audit.append([facts('run.started')]),
      append({ ...lease, holder: 'worker-b' }),
      append(lease),
      append({ ...lease, name: 'another' }),
    ];
    expect(await Promise.all(calls.map(fault))).toEqual([
      'lease_held',
      'none',
      'lease_held',
      'none',
      'lease_held',
    ]);
    expect((await store().audit.head()).seq).toBe(3);
  });

  it('refuses the holder whose lease ran out, and the one that was woken after somebody else took it', async () => {
    const lease = await store().acquireLease('support-chats', 'worker-a', { now: NOON, ttlMs: MINUTE_MS });
    clock().set(NOON + MINUTE_MS - 1);
    expect(await fault(store().audit.append([facts('deletion.intended')], lease))).toBe('none');
    clock().set(NOON + MINUTE_MS);
    expect(await fault(store().audit.append([facts('deletion.intended')], lease))).toBe('lease_held');
    await store().acquireLease('support-chats', 'worker-b', { now: clock().now(), ttlMs: MINUTE_MS });
    expect(await fault(store().audit.append([facts('deletion.intended')], lease))).toBe('lease_held');
    expect((await store().audit.head()).seq).toBe(1);
  });

  it('is unusable once it is closed; what was asked for before is written', async () => {
    const last = store().audit.append([facts('run.interrupted')]);
    const closed = store();
    await closed.close();
    expect((await last)[0]?.seq).toBe(1);
    expect(await fault(closed.audit.append([facts('run.started')]))).toBe('state_unusable');
    expect(await fault(closed.audit.head())).toBe('state_unusable');
    await closed.close();
    expect((await (await reopen()).audit.head()).seq).toBe(1);
  });
}

function auditQuestionTests({ store, clock }: Suite): void {
  const HISTORY_EVENTS: readonly AuditEvent[] = [
    'deletion.intended',
    ...OUTCOMES.map((outcome) => `deletion.${outcome}` as const),
    'conversation.marked',
    'run.started',
  ];
  const history = fc.array(
    fc.record({
      event: fc.constantFrom(...HISTORY_EVENTS),
      run: fc.constantFrom('a', 'b'),
      policy: fc.constantFrom('p', 'q'),
      project: fc.constantFrom(1, 2),
      session: fc.constantFrom('session-0001', 'session-0002', 'session-0003'),
      pauseMs: fc.nat(3),
    }),
    { maxLength: 40 },
  );

  it('answers them as a walk through the whole log would', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(history, fc.nat(60), async (steps, sinceMs) => {
        const own = `${++round}`;
        const startAt = clock().now();
        const written: AuditEntry[] = [];
        for (const step of steps) {
          await clock().sleep(step.pauseMs);
          written.push(
            ...(await store().audit.append([
              facts(step.event, {
                run_id: own + step.run,
                policy: own + step.policy,
                project_id: step.project,
                session_id: step.session,
              }),
            ])),
          );
        }
        const since = startAt + sinceMs;
        for (const policy of [`${own}p`, `${own}q`]) {
          expect((await store().audit.openIntents(policy)).map((intent) => intent.seq)).toEqual(
            openBySlowWalk(written, policy),
          );
          expect(await store().audit.intendedSince(policy, since)).toBe(
            intendedBySlowWalk(written, policy, since),
          );
        }
        for (const runId of [`${own}a`, `${own}b`]) {
          expect(await store().audit.outcomeCounts(runId)).toEqual(countsBySlowWalk(written, runId));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('tells all that is needed to settle an open intent', async () => {
    await store().audit.append([
      facts('deletion.intended', {
        session_id: 'session-0002',
        facts: { seen_at: '2026-11-23T11:00:00.000Z' },
      }),
      facts('deletion.intended', { session_id: 'session-0001', rule: null }),
      facts('deletion.intended', { session_id: 'session-0003', policy: 'another' }),
    ]);
    expect(await store().audit.openIntents('support-chats')).toEqual([
      {
        seq: 1,
        runId: 'run-1',
        projectId: 42,
        sessionId: 'session-0002',
        rule: 'idle',
        policyHash: 'ab'.repeat(32),
        seenAt: '2026-11-23T11:00:00.000Z',
        intendedAt: '2026-11-23T12:00:00.000Z',
      },
      {
        seq: 2,
        runId: 'run-1',
        projectId: 42,
        sessionId: 'session-0001',
        rule: null,
        policyHash: 'ab'.repeat(32),
        seenAt: null,
        intendedAt: '2026-11-23T12:00:00.000Z',
      },
    ]);
  });

  it('counts nothing for runs and policies that it does not know', async () => {
    expect(await store().audit.outcomeCounts('run-9')).toEqual(NO_OUTCOMES);
    expect(await store().audit.openIntents('nobody')).toEqual([]);
    expect(await store().audit.intendedSince('nobody', 0)).toBe(0);
  });
}

function conversationOf(entry: AuditEntry): string {
  return `${String(entry.project_id)}/${String(entry.session_id)}`;
}

function openBySlowWalk(entries: readonly AuditEntry[], policy: string): number[] {
  const last = new Map<string, AuditEntry>();
  for (const entry of entries) {
    if (entry.policy === policy && entry.event.startsWith('deletion.'))
      last.set(conversationOf(entry), entry);
  }
  return [...last.values()]
    .filter((entry) => entry.event === 'deletion.intended')
    .map((entry) => entry.seq)
    .sort((a, b) => a - b);
}

function intendedBySlowWalk(entries: readonly AuditEntry[], policy: string, sinceAt: number): number {
  const intended = entries.filter(
    (entry) =>
      entry.policy === policy && entry.event === 'deletion.intended' && Date.parse(entry.time) >= sinceAt,
  );
  return new Set(intended.map(conversationOf)).size;
}

function countsBySlowWalk(entries: readonly AuditEntry[], runId: string): Record<string, number> {
  const last = new Map<string, string>();
  for (const entry of entries) {
    const outcome = outcomeOfEvent(entry.event);
    if (entry.run_id === runId && outcome !== undefined) last.set(conversationOf(entry), outcome);
  }
  const counts: Record<string, number> = { ...NO_OUTCOMES };
  for (const outcome of last.values()) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

function planTests({ store, clock, reopen }: Suite): void {
  it('shows a plan only when it is finished', async () => {
    const writer = await store().createPlan(header('plan-1'));
    await writer.add([item(1)]);
    expect(await store().plan('plan-1')).toBeUndefined();
    expect(await store().planStatus('plan-1')).toBe('draft');
    expect(await collect(store().planItems('plan-1'))).toEqual([]);
    expect(await store().consumePlan('plan-1', 'run-1')).toBe(false);
    expect(await fault(store().planFingerprint('plan-1'))).toBe('plan_stale');

    const summary = await writer.finish(DONE);
    expect(summary).toEqual({
      ...header('plan-1'),
      ...DONE,
      status: 'open',
      fingerprint: summary.fingerprint,
      fileHash: undefined,
    });
    expect(summary.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(await store().plan('plan-1')).toEqual(summary);
    expect(await store().planStatus('plan-1')).toBe('open');
    expect(await (await reopen()).plan('plan-1')).toEqual(summary);
  });

  it('knows nothing of plans that were never made', async () => {
    expect(await store().plan('plan-9')).toBeUndefined();
    expect(await store().planStatus('plan-9')).toBeUndefined();
    expect(await collect(store().planItems('plan-9'))).toEqual([]);
    expect(await store().consumePlan('plan-9', 'run-1')).toBe(false);
    expect(await fault(store().setPlanFileHash('plan-9', 'ff'))).toBe('plan_stale');
  });

  it('gives back every item as it was, however strange', async () => {
    const unknown = { name: undefined, createdAt: undefined, updatedAt: undefined, createdBy: undefined };
    const items = [
      item(1),
      item(2, { verdict: 'unknown', sessionId: null, rule: null, ageDays: null, seen: unknown }),
      item(3, { verdict: 'keep', lastMessageAt: undefined, lastMessageReadAt: undefined }),
      item(4, {
        seen: { ...unknown, name: 'half \ud800 \u0000 "quoted" \u202e 聊天 👩‍👩‍👧', createdBy: 'anonymous' },
      }),
      item(5, { verdict: 'held', seen: { ...unknown, name: '', createdBy: '' }, ageDays: 0 }),
      item(6, { seen: { ...unknown, name: 'null' }, projectId: Number.MAX_SAFE_INTEGER }),
    ];
    const writer = await store().createPlan(header('plan-1'));
    await writer.add(items.slice(0, 2));
    await writer.add(items.slice(2));
    const { fingerprint } = await writer.finish(DONE);
    expect(await collect(store().planItems('plan-1'))).toStrictEqual(items);
    expect(await store().planFingerprint('plan-1')).toBe(fingerprint);
  });

  it('reads plans longer than one batch in order, all of it or one verdict', async () => {
    const items = Array.from({ length: 5_000 }, (_, index) =>
      item(index + 1, { verdict: index % 4 === 0 ? 'delete' : 'keep' }),
    );
    const writer = await store().createPlan(header('plan-1'));
    await writer.add(items);
    const { fingerprint } = await writer.finish(DONE);
    expect(await collect(store().planItems('plan-1'))).toEqual(items);
    expect(await collect(store().planItems('plan-1', { verdict: 'delete' }))).toEqual(
      items.filter(({ verdict }) => verdict === 'delete'),
    );
    expect(await collect(store().planItems('plan-1', { verdict: 'held' }))).toEqual([]);
    expect(await store().planFingerprint('plan-1')).toBe(fingerprint);
  });

  it('keeps two plans that are made at the same time apart', async () => {
    const writers = [
      await store().createPlan(header('plan-1')),
      await store().createPlan(header('plan-2', { policy: 'another' })),
    ];
    for (let ordinal = 1; ordinal <= 3; ordinal++) {
      for (const [index, writer] of writers.entries()) {
        await writer.add([item(ordinal, { projectId: index + 1 })]);
      }
    }
    for (const writer of writers) await writer.finish({ projects: [], requestsUsed: 0 });
    expect((await collect(store().planItems('plan-1'))).map(({ projectId }) => projectId)).toEqual([1, 1, 1]);
    expect((await collect(store().planItems('plan-2'))).map(({ projectId }) => projectId)).toEqual([2, 2, 2]);
  });

  it('takes a project back, also one of many batches, and fingerprints what is left', async () => {
    const mixed = Array.from({ length: 4_200 }, (_, index) =>
      item(index + 1, { projectId: (index % 2) + 1 }),
    );
    const kept = mixed.filter(({ projectId }) => projectId === 1);
    const again = item(5_000, { projectId: 2 });

    const writer = await store().createPlan(header('plan-1'));
    await writer.add(mixed);
    await writer.dropProject(2);
    await writer.dropProject(99);
    await writer.add([again]);
    const { fingerprint } = await writer.finish(DONE);
    expect(await collect(store().planItems('plan-1'))).toEqual([...kept, again]);
    expect(await store().planFingerprint('plan-1')).toBe(fingerprint);
  });

  it('gives different plans different fingerprints, whatever the difference', async () => {
    let round = 0;
    const fingerprint = async (
      items: readonly PlanItem[],
      change: Partial<PlanHeader> = {},
      projects = [PROJECT],
    ): Promise<string> => {
      // The id is part of the header, so each variant is made under the same one, in a state of its own time.
      const writer = await store().createPlan(header('plan-x', change));
      await writer.add(items);
      const summary = await writer.finish({ projects, requestsUsed: round++ });
      expect(await store().planFingerprint(summary.planId)).toBe(summary.fingerprint);
      return summary.fingerprint;
    };
    const variants = [
      await fingerprint([item(1), item(2)], { planId: 'v1' }),
      await fingerprint([item(1), item(2)], { planId: 'v2' }),
      await fingerprint([item(1)], { planId: 'v3' }),
      await fingerprint([item(1), item(2)], { planId: 'v4', mode: 'dry-run' }),
      await fingerprint([item(1), item(2)], { planId: 'v5' }, []),
      await fingerprint([item(1), item(2, { verdict: 'keep' })], { planId: 'v6' }),
    ];
    expect(new Set(variants).size).toBe(variants.length);
  });

  it('forgets a plan that was discarded, but not one that was finished', async () => {
    const writer = await store().createPlan(header('plan-1'));
    await writer.add([item(1), item(2)]);
    await writer.discard();
    await writer.discard();
    expect(await store().planStatus('plan-1')).toBeUndefined();
    await expect(writer.add([item(3)])).rejects.toThrow(/discarded/);
    await expect(writer.finish(DONE)).rejects.toThrow(/discarded/);

    const second = await store().createPlan(header('plan-1'));
    await second.add([item(1)]);
    await second.finish(DONE);
    await second.discard();
    await expect(second.finish(DONE)).rejects.toThrow(/finished/);
    expect((await collect(store().planItems('plan-1'))).length).toBe(1);
  });

  it('removes drafts that a crash left behind once they are older than a day, and no others', async () => {
    const old = await store().createPlan(header('old'));
    await old.add([item(1)]);
    clock().set(NOON + DAY_MS / 2);
    const young = await store().createPlan(header('young'));
    await young.add([item(1)]);
    clock().set(NOON + DAY_MS + 1);
    const newest = await store().createPlan(header('newest'));
    expect(await store().planStatus('old')).toBeUndefined();
    await expect(old.add([item(2)])).rejects.toThrow();
    await expect(old.finish(DONE)).rejects.toThrow();

    await young.add([item(2)]);
    await young.finish(DONE);
    expect((await collect(store().planItems('young'))).length).toBe(2);
    await newest.add([item(1)]);

    clock().set(NOON + 3 * DAY_MS);
    const again = await reopen();
    expect(await again.planStatus('newest')).toBeUndefined();
    expect(await again.planStatus('young')).toBe('open');
  });

  it('finds a plan by the hash of its file', async () => {
    const writer = await store().createPlan(header('plan-1'));
    await writer.finish(DONE);
    expect(await store().planByFileHash('ff'.repeat(32))).toBeUndefined();
    await store().setPlanFileHash('plan-1', 'ff'.repeat(32));
    const found = await store().planByFileHash('ff'.repeat(32));
    expect(found).toMatchObject({ planId: 'plan-1', fileHash: 'ff'.repeat(32) });
    expect(await store().planFingerprint('plan-1')).toBe(found?.fingerprint);
  });
}

function planEndTests({ store }: Suite): void {
  async function openPlan(planId: string, change: Partial<PlanHeader> = {}, itemCount = 2): Promise<void> {
    const writer = await store().createPlan(header(planId, change));
    await writer.add(Array.from({ length: itemCount }, (_, index) => item(index + 1)));
    await writer.finish(DONE);
  }
  async function namesOf(planId: string): Promise<Set<string | undefined>> {
    const items = await collect(store().planItems(planId));
    return new Set(items.flatMap(({ seen }) => [seen.name, seen.createdBy]));
  }
  const SCRUBBED = new Set([undefined]);

  it('is consumed once, whoever asks at the same time', async () => {
    await openPlan('plan-1');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => store().consumePlan('plan-1', `run-${index}`)),
    );
    expect(answers.filter(Boolean).length).toBe(1);
    expect(await store().consumePlan('plan-1', 'run-9')).toBe(false);
    expect((await store().plan('plan-1'))?.status).toBe('applied');
  });

  it('comes when its time is over: it expires and cannot be consumed', async () => {
    await openPlan('plan-1', { expiresAt: NOON });
    await openPlan('plan-2', { expiresAt: NOON + 1 });
    expect(await store().scrubPlans(NOON)).toBe(0);
    expect(await store().scrubPlans(NOON + 1)).toBe(1);
    expect(await store().planStatus('plan-1')).toBe('expired');
    expect(await store().planStatus('plan-2')).toBe('open');
    expect(await store().consumePlan('plan-1', 'run-1')).toBe(false);
  });

  it('takes the names and user ids of plans that are no longer open, and nothing else', async () => {
    await openPlan('applied', {}, 4_100);
    await openPlan('expired', { expiresAt: NOON - 1 });
    await openPlan('open');
    await openPlan('kept', { expiresAt: NOON - 1 });
    await store().consumePlan('applied', 'run-1');
    const before = await collect(store().planItems('applied'));

    expect(await store().scrubPlans(NOON, ['kept'])).toBe(3);
    expect(await namesOf('applied')).toEqual(SCRUBBED);
    expect(await namesOf('expired')).toEqual(SCRUBBED);
    expect(await namesOf('open')).toEqual(new Set(['Chat 1', 'Chat 2', '1234']));
    expect(await namesOf('kept')).toEqual(new Set(['Chat 1', 'Chat 2', '1234']));
    expect(await store().planStatus('kept')).toBe('expired');
    expect(await collect(store().planItems('applied'))).toEqual(
      before.map((one) => ({ ...one, seen: { ...one.seen, name: undefined, createdBy: undefined } })),
    );

    expect(await store().scrubPlans(NOON, ['kept'])).toBe(0);
    expect(await store().scrubPlans(NOON)).toBe(1);
    expect(await namesOf('kept')).toEqual(SCRUBBED);
  });

  it('leaves drafts alone', async () => {
    const writer = await store().createPlan(header('plan-1', { expiresAt: NOON - 1 }));
    await writer.add([item(1)]);
    expect(await store().scrubPlans(NOON)).toBe(0);
    await writer.finish(DONE);
    expect(await namesOf('plan-1')).toEqual(new Set(['Chat 1', '1234']));
  });
}

function leaseTests({ store, reopen }: Suite): void {
  const time = { now: NOON, ttlMs: MINUTE_MS };
  const acquire = (holder: string, now = NOON) => store().acquireLease('p', holder, { ...time, now });

  it('goes to one worker only', async () => {
    const leases = await Promise.all(['a', 'b', 'c'].map((holder) => acquire(holder)));
    expect(leases.filter((lease) => lease !== undefined)).toEqual([
      { name: 'p', holder: 'a', token: 1, expiresAt: NOON + MINUTE_MS },
    ]);
    expect(await store().acquireLease('q', 'b', time)).toMatchObject({ token: 1 });
  });

  it('can be taken once it has expired, with a greater token', async () => {
    await acquire('a');
    expect(await acquire('b', NOON + MINUTE_MS - 1)).toBeUndefined();
    expect(await acquire('b', NOON + MINUTE_MS)).toMatchObject({ holder: 'b', token: 2 });
    expect(await acquire('a', NOON + 3 * MINUTE_MS)).toMatchObject({ holder: 'a', token: 3 });
  });

  it('stays the same for the holder who asks again in time, and is a new one after it lapsed', async () => {
    await acquire('a');
    expect(await acquire('a', NOON + 1)).toMatchObject({ token: 1, expiresAt: NOON + 1 + MINUTE_MS });
    expect(await acquire('a', NOON + 5 * MINUTE_MS)).toMatchObject({ token: 2 });
  });

  it('is renewed by its holder, in time, with its token', async () => {
    const lease = await acquire('a');
    if (lease === undefined) throw new Error('no lease');
    const renew = (change: Partial<typeof lease>, now: number) =>
      store().renewLease({ ...lease, ...change }, { ...time, now });
    expect(await renew({ holder: 'b' }, NOON)).toBeUndefined();
    expect(await renew({ token: 2 }, NOON)).toBeUndefined();
    expect(await renew({ name: 'q' }, NOON)).toBeUndefined();
    expect(await renew({}, NOON + 30_000)).toEqual({ ...lease, expiresAt: NOON + 90_000 });
    expect(await acquire('b', NOON + 89_999)).toBeUndefined();
    expect(await renew({}, NOON + 90_000)).toBeUndefined();
  });

  it('is free after its holder released it, and only then; the token is never given out again', async () => {
    const lease = await acquire('a');
    if (lease === undefined) throw new Error('no lease');
    await store().releaseLease({ ...lease, token: 7 });
    await store().releaseLease({ ...lease, holder: 'b' });
    expect(await acquire('b')).toBeUndefined();
    await store().releaseLease(lease);
    expect(await store().renewLease(lease, time)).toBeUndefined();
    expect(await acquire('a')).toMatchObject({ token: 2 });
    await store().releaseLease(lease);
    expect(await acquire('b')).toBeUndefined();
  });

  it('survives a restart', async () => {
    await acquire('a');
    const again = await reopen();
    expect(await again.acquireLease('p', 'b', time)).toBeUndefined();
    expect(await again.acquireLease('p', 'b', { ...time, now: NOON + MINUTE_MS })).toMatchObject({
      token: 2,
    });
  });
}

function runTests({ store, reopen }: Suite): void {
  it('keeps a run as it was recorded', async () => {
    await store().startRun(RUN);
    expect(await store().run('run-1')).toStrictEqual(RUN);
    expect(await store().run('run-9')).toBeUndefined();
    expect(await (await reopen()).run('run-1')).toStrictEqual(RUN);
  });

  it('changes what is given, and nothing else', async () => {
    await store().startRun(RUN);
    await store().updateRun('run-1', { planId: 'plan-1' });
    const requests = { list: 1, messages: 2, delete: 3, verify: 4, control: 5, other: 6 };
    const end = {
      status: 'partial',
      endedAt: NOON + 5,
      requests,
      auditHead: 'ff',
      problem: 'two failed',
    } as const;
    await store().updateRun('run-1', end);
    expect(await store().run('run-1')).toStrictEqual({ ...RUN, planId: 'plan-1', ...end });
    await store().updateRun('run-1', { problem: undefined });
    expect(await store().run('run-1')).toStrictEqual({
      ...RUN,
      planId: 'plan-1',
      ...end,
      problem: undefined,
    });
    await expect(store().updateRun('run-9', { status: 'failed' })).rejects.toThrow(/run-9/);
  });

  it('lists runs newest first', async () => {
    const start = (runId: string, policy: string, startedAt: number) =>
      store().startRun({ ...RUN, runId, policy, startedAt });
    await start('one', 'p', NOON);
    await start('two', 'q', NOON + 2);
    await start('three', 'p', NOON + 1);
    await start('four', 'p', NOON + 1);
    const ids = async (filter: Parameters<Store['runs']>[0]) =>
      (await store().runs(filter)).map(({ runId }) => runId);
    expect(await ids({ limit: 10 })).toEqual(['two', 'four', 'three', 'one']);
    expect(await ids({ limit: 2 })).toEqual(['two', 'four']);
    expect(await ids({ policy: 'p', limit: 2 })).toEqual(['four', 'three']);
    expect(await ids({ policy: 'z', limit: 2 })).toEqual([]);
  });

  it('does not take the same run twice', async () => {
    await store().startRun(RUN);
    await expect(store().startRun(RUN)).rejects.toSatisfy((error) => isFault(error, 'state_unusable'));
  });

  it('remembers the last slot of each policy, and never an earlier one again', async () => {
    expect(await store().lastSlot('p')).toBeUndefined();
    await store().recordSlot('p', NOON);
    await store().recordSlot('q', NOON + 7);
    await store().recordSlot('p', NOON + MINUTE_MS);
    await store().recordSlot('p', NOON);
    expect(await store().lastSlot('p')).toBe(NOON + MINUTE_MS);
    expect(await (await reopen()).lastSlot('q')).toBe(NOON + 7);
  });
}
