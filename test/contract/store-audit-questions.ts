import { formatInstant } from '../../src/core/instant.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEntry, AuditEvent, AuditFacts } from '../../src/core/audit-entry.ts';
import { NO_OUTCOMES, OUTCOMES, outcomeOfEvent } from '../../src/core/outcome.ts';
import { OpenWords } from '../../src/core/open-words.ts';
import { facts, MINUTE_MS, NOON, RUN } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

export function auditQuestionTests({ store, clock }: Suite): void {
  const HISTORY_EVENTS: readonly AuditEvent[] = [
    'deletion.intended',
    'deletion.absent',
    ...OUTCOMES.map((outcome) => `deletion.${outcome}` as const),
    'conversation.marked',
    'conversation.reappeared',
    'run.started',
    'limits.overridden',
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

  it('knows when a conversation was last verified', async () => {
    const about = { project_id: 4711, session_id: 'session-verified' };
    const asked = () => store().audit.lastVerifiedAt(about.project_id, about.session_id);
    expect(await asked()).toBeUndefined();
    await store().audit.append([facts('deletion.intended', about)]);
    expect(await asked()).toBeUndefined();
    for (let count = 1; count <= 2; count += 1) {
      await clock().sleep(MINUTE_MS);
      await store().audit.append([facts('deletion.verified', about)]);
      expect(await asked()).toBe(clock().now());
    }
    expect(await store().audit.lastVerifiedAt(4712, about.session_id)).toBeUndefined();
  });

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
        const truth = new OpenWords();
        written.forEach((entry) => {
          truth.take({ ...entry, account: null });
        });
        const kept = (await store().audit.openIntents()).filter(({ runId }) =>
          written.some((e) => e.run_id === runId),
        );
        expect(
          kept.map((intent) => [intent.policy, intent.runId, intent.projectId, intent.sessionId]),
        ).toEqual(truth.words().map((word) => [word.policy, word.run_id, word.project_id, word.session_id]));
        const differences = await store().derivedDifferences();
        expect(differences.filter(({ table }) => ['open_intents', 'audit_head'].includes(table))).toEqual([]);
        const since = startAt + sinceMs;
        for (const policy of [`${own}p`, `${own}q`]) {
          const open = (await store().audit.openIntents()).filter((intent) => intent.policy === policy);
          expect(open.map((intent) => `${intent.runId} ${intent.projectId}/${intent.sessionId}`)).toEqual(
            openBySlowWalk(written, policy),
          );
          expect(await store().audit.openIntentCount(policy, 'run-now')).toBe(open.length);
          expect(await store().audit.lastIntendedAt(policy)).toBe(lastIntendedBySlowWalk(written, policy));
          expect(await store().audit.intendedInRunsSince(policy, since)).toBe(
            intendedBySlowWalk(written, policy, since),
          );
        }
        for (const runId of [`${own}a`, `${own}b`]) {
          expect((await store().audit.outcomes(runId)).counts).toEqual(countsBySlowWalk(written, runId));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('tells all that is needed to settle an open intent, whichever policy it is of', async () => {
    const seen = { attempt: 1, seen_at: '2026-11-23T11:00:00.000Z', seen_by: 'listing' };
    await store().audit.append([
      facts('deletion.intended', { session_id: 'session-0002', facts: seen }),
      facts('deletion.intended', { session_id: 'session-0001', rule: null, facts: { attempt: 2 } }),
      facts('deletion.intended', { session_id: 'session-0003', run_id: 'run-2', policy: 'another' }),
      facts('deletion.unverified', {
        session_id: 'session-0001',
        facts: { requested_at: '2026-11-23T11:59:00.000Z', delete_status: 200, found_by: 'recheck' },
      }),
    ]);
    const common = {
      ...{ runId: 'run-1', policy: 'support-chats', policyHash: 'ab'.repeat(32), projectId: 42 },
      ...{ createdAt: undefined, kind: undefined, absent: undefined, isParked: false },
    };
    expect(await store().audit.openIntents()).toEqual([
      {
        ...common,
        sessionId: 'session-0002',
        rule: 'idle',
        attempts: 1,
        requestedAt: '2026-11-23T12:00:00.000Z',
        isRequestKnown: false,
        answered: 'ambiguous',
        deleteStatus: null,
        seenAt: '2026-11-23T11:00:00.000Z',
        seenBy: 'listing',
      },
      {
        ...common,
        sessionId: 'session-0001',
        rule: null,
        attempts: 2,
        requestedAt: '2026-11-23T11:59:00.000Z',
        isRequestKnown: true,
        answered: 'accepted',
        deleteStatus: 200,
        seenAt: null,
        seenBy: null,
      },
      expect.objectContaining({ policy: 'another', runId: 'run-2', sessionId: 'session-0003' }),
    ]);
  });

  it('says why a run skipped, by the last word on each conversation', async () => {
    const skipped = (session: string, cause?: string) =>
      facts('deletion.skipped', { session_id: session, facts: cause === undefined ? {} : { cause } });
    await store().audit.append([
      skipped('session-0001', 'brake'),
      skipped('session-0002', 'brake'),
      skipped('session-0003'),
      skipped('session-0004', 'what is this'),
      skipped('session-0005', 'held'),
      facts('deletion.verified', { session_id: 'session-0005' }),
      facts('deletion.skipped', { run_id: 'run-2', session_id: 'session-0006', facts: { cause: 'stopped' } }),
    ]);
    expect((await store().audit.outcomes('run-1')).skipped).toEqual({ brake: 2, changed: 2 });
    expect((await store().audit.outcomes('run-9')).skipped).toEqual({});
  });

  it('counts a deletion for the day on which its run started', async () => {
    const midnight = clock().now() + 1_000;
    const append = async (...of: [at: number, event: AuditEvent, run: string, session?: string]) => {
      const [at, event, run, session = null] = of;
      clock().set(at);
      await store().audit.append([facts(event, { run_id: run, session_id: session })]);
    };
    await append(midnight - 1, 'run.started', 'late');
    await append(midnight + 1, 'deletion.intended', 'late', 'session-0001');
    expect(await store().audit.intendedInRunsSince('support-chats', midnight)).toBe(0);
    expect(await store().audit.intendedInRunsSince('support-chats', midnight - 1)).toBe(1);
    await append(midnight + 2, 'run.started', 'next');
    await append(midnight + 3, 'deletion.intended', 'next', 'session-0001');
    await append(midnight + 4, 'deletion.intended', 'next', 'session-0002');
    await append(midnight + 5, 'deletion.intended', 'next', 'session-0002');
    await append(midnight + 6, 'run.started', 'by a person');
    await append(midnight + 7, 'limits.overridden', 'by a person');
    await append(midnight + 8, 'deletion.intended', 'by a person', 'session-0003');
    expect(await store().audit.intendedInRunsSince('support-chats', midnight)).toBe(2);
    expect(await store().audit.intendedInRunsSince('support-chats', midnight - 1)).toBe(2);
  });

  it('remembers the absence that was recorded of an open intent', async () => {
    const absent = { absent_at: '2026-11-23T12:00:01.000Z', verify_status: 404, answer: 'accepted' };
    await store().audit.append([
      facts('deletion.intended', { facts: { attempt: 1, kind: 'named' } }),
      facts('deletion.absent', { facts: absent }),
    ]);
    expect(await store().audit.openIntents()).toMatchObject([
      { kind: 'named', answered: 'accepted', absent: { status: 404, at: Date.parse(absent.absent_at) } },
    ]);
    expect(await store().audit.openIntentCount('support-chats', 'run-now')).toBe(1);
    await store().audit.append([facts('deletion.verified')]);
    expect(await store().audit.openIntents()).toEqual([]);
  });

  it('does not count what is parked, until something else is said of it', async () => {
    const count = () => store().audit.openIntentCount('support-chats', 'run-now');
    await store().audit.append([
      facts('deletion.intended'),
      facts('deletion.intended', { session_id: 'session-0002' }),
      facts('deletion.unverified', { facts: { parked: true, settled_by: 'run-0' } }),
    ]);
    expect(await count()).toBe(1);
    expect((await store().audit.openIntents()).map(({ isParked }) => isParked)).toEqual([true, false]);
    await store().audit.append([facts('deletion.unverified')]);
    expect(await count()).toBe(2);
    await store().audit.append([
      facts('deletion.unverified', { facts: { parked: true, settled_by: 'run-0' } }),
    ]);
    expect(await count()).toBe(1);
    // What is intended anew is nobody's lost cause any more.
    await store().audit.append([facts('deletion.intended', { run_id: 'run-2' })]);
    expect(await count()).toBe(2);
  });

  it('knows the strongest answer to what failed or stayed unverified, for each conversation', async () => {
    const created_at = '2026-01-02T03:04:05.000Z';
    const undone = (event: AuditEvent, answer: string | null, change: Partial<AuditFacts> = {}) =>
      facts(event, { facts: { answer, created_at }, ...change });
    await store().audit.append([
      undone('deletion.unverified', 'accepted'),
      undone('deletion.failed', 'not_found', { run_id: 'run-2' }),
      undone('deletion.failed', 'never_sent', { session_id: 'session-0002' }),
      undone('deletion.failed', 'not_found', { session_id: 'session-0002', run_id: 'run-2' }),
      // By an earlier rule: without its creation, and without an answer in words.
      facts('deletion.failed', { session_id: 'session-0003', facts: { delete_status: null } }),
      facts('deletion.failed', { session_id: 'session-0003', facts: { delete_status: 404, created_at } }),
      undone('deletion.verified', 'accepted', { session_id: 'session-0004' }),
      undone('deletion.skipped', 'not_found', { session_id: 'session-0005' }),
      undone('deletion.failed', 'accepted', { session_id: null }),
      undone('deletion.failed', 'accepted', { project_id: null }),
    ]);
    const createdAt = Date.parse(created_at);
    const of = (session: number) => ({ projectId: 42, sessionId: `session-000${session}` });
    const found = await store().audit.undoneAnswers();
    expect(found).toHaveLength(4);
    expect(new Set(found)).toEqual(
      new Set([
        { ...of(1), createdAt, answered: 'accepted' },
        { ...of(2), createdAt, answered: 'not_found' },
        { ...of(3), createdAt: undefined, answered: 'ambiguous' },
        { ...of(3), createdAt, answered: 'not_found' },
      ]),
    );
  });

  describe('of DELETEs under way in a project', () => {
    const underWay = (runId = 'run-9', projectId = 42) =>
      store().audit.deletesUnderWay(projectId, { thanRunId: runId, now: clock().now() });
    const takeLease = () =>
      store().leases.acquireLease('policy:support-chats', 'w', { now: clock().now(), ttlMs: MINUTE_MS });

    it('counts those that another run at work intended, until it says what became of them', async () => {
      await store().runs.startRun(RUN);
      await takeLease();
      await store().audit.append([
        facts('deletion.intended'),
        facts('deletion.intended', { session_id: 'session-0002' }),
        facts('deletion.intended', { session_id: 'session-0003' }),
      ]);
      expect(await underWay()).toBe(3);
      expect(await underWay('run-1')).toBe(0);
      expect(await underWay('run-9', 43)).toBe(0);
      await store().audit.append([
        facts('deletion.absent'),
        facts('deletion.unverified', { session_id: 'session-0002' }),
        facts('deletion.failed', { session_id: 'session-0003' }),
      ]);
      expect(await underWay()).toBe(0);
    });

    it('counts none of a run whose lease is over or given back, or that has ended', async () => {
      await store().runs.startRun(RUN);
      await store().audit.append([facts('deletion.intended')]);
      expect(await underWay()).toBe(0);
      const lease = await takeLease();
      expect(await underWay()).toBe(1);
      clock().set(NOON + MINUTE_MS);
      expect(await underWay()).toBe(0);
      clock().set(NOON);
      if (lease !== undefined) await store().leases.releaseLease(lease);
      expect(await underWay()).toBe(0);
      // The next worker of the policy has closed it, and holds the lease now.
      await takeLease();
      await store().runs.updateRun('run-1', { status: 'interrupted' });
      expect(await underWay()).toBe(0);
    });
  });

  it('refuses an intent for what was verified since its run saw it, whoever intends the same beside it', async () => {
    await store().audit.append([facts('deletion.verified', { run_id: 'run-3' })]);
    const seenAt = (at: number) => ({ facts: { seen_at: formatInstant(at) } });
    const outcomes = await Promise.allSettled([
      store().audit.append([facts('deletion.intended', seenAt(NOON - MINUTE_MS))]),
      store().audit.append([
        facts('deletion.intended', { run_id: 'run-2', policy: 'another', ...seenAt(NOON + MINUTE_MS) }),
      ]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('counts nothing for runs and policies that it does not know', async () => {
    expect((await store().audit.outcomes('run-9')).counts).toEqual(NO_OUTCOMES);
    expect(await store().audit.openIntents()).toEqual([]);
    expect(await store().audit.openIntentCount('nobody', 'run-now')).toBe(0);
    expect(await store().audit.intendedInRunsSince('nobody', 0)).toBe(0);
    expect(await store().audit.undoneAnswers()).toEqual([]);
  });
}

function conversationOf(entry: AuditEntry): string {
  return `${String(entry.project_id)}/${String(entry.session_id)}`;
}

function openBySlowWalk(entries: readonly AuditEntry[], policy: string): string[] {
  const open = new Map<string, AuditEntry>();
  for (const entry of entries) {
    if (entry.policy !== policy || !entry.event.startsWith('deletion.')) continue;
    const conversation = conversationOf(entry);
    if (entry.event === 'deletion.intended') open.set(conversation, entry);
    // Unverified settles nothing: the latest intent stays open, or the entry itself stands in for it.
    else if (entry.event === 'deletion.unverified') open.set(conversation, open.get(conversation) ?? entry);
    // What one run says of a conversation is silent about another run's DELETE.
    else if (outcomeOfEvent(entry.event) !== undefined && open.get(conversation)?.run_id === entry.run_id)
      open.delete(conversation);
  }
  return [...open.values()]
    .sort((a, b) => a.seq - b.seq)
    .map((entry) => `${String(entry.run_id)} ${conversationOf(entry)}`);
}

function lastIntendedBySlowWalk(written: readonly AuditEntry[], policy: string): number | undefined {
  const times = written.filter((entry) => entry.policy === policy && entry.event === 'deletion.intended');
  return times.length === 0 ? undefined : Math.max(...times.map(({ time }) => Date.parse(time)));
}

function intendedBySlowWalk(entries: readonly AuditEntry[], policy: string, sinceAt: number): number {
  const runsOf = (event: AuditEvent, those: (entry: AuditEntry) => boolean): ReadonlySet<string | null> =>
    new Set(entries.filter((entry) => entry.event === event && those(entry)).map((entry) => entry.run_id));
  const started = runsOf(
    'run.started',
    (entry) => entry.policy === policy && Date.parse(entry.time) >= sinceAt,
  );
  const overridden = runsOf('limits.overridden', () => true);
  const intended = entries.filter(
    ({ event, run_id: runId }) =>
      event === 'deletion.intended' && started.has(runId) && !overridden.has(runId),
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
