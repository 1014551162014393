import { expect, it } from 'vitest';
import type { PlanHeader, PlanItem } from '../../src/core/plan.ts';
import { DONE, facts, header, item, MINUTE_MS, NOON, RUN } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

/** Looking for plans, runs and conversations by what a person has of them. */
export function searchTests({ store, clock }: Suite): void {
  async function plan(
    planId: string,
    items: readonly PlanItem[] = [],
    change: Partial<PlanHeader> = {},
  ): Promise<void> {
    await clock().sleep(MINUTE_MS);
    const writer = await store().plans.createPlan(header(planId, { decidedAt: clock().now(), ...change }));
    await writer.add(items);
    await writer.finish(DONE);
  }

  it('knows the latest plan of a policy, and none that is not finished', async () => {
    expect(await store().plans.plansOf('support-chats', 2)).toEqual([]);
    await plan('plan-b');
    await plan('plan-a');
    await plan('plan-c', [], { policy: 'other' });
    await clock().sleep(MINUTE_MS);
    await store().plans.createPlan(header('plan-d'));
    expect((await store().plans.plansOf('support-chats', 1)).map(({ planId }) => planId)).toEqual(['plan-a']);
    expect((await store().plans.plansOf('support-chats', 9))[0]).toEqual(await store().plans.plan('plan-a'));
    expect((await store().plans.plansOf('other', 1))[0]?.planId).toBe('plan-c');
  });

  it('finds plans by the start of their ids', async () => {
    for (const id of ['plan-k3v9aaaaaaaa', 'plan-k3v9zzzzzzzz', 'plan-k3w0aaaaaaaa']) await plan(id);
    await store().plans.createPlan(header('plan-k3v9draft'));
    const found = (start: string, limit = 9) => store().plans.planIdsStarting(start, limit);
    expect(await found('plan-k3v9')).toEqual(['plan-k3v9aaaaaaaa', 'plan-k3v9zzzzzzzz']);
    expect(await found('plan-k3v9', 1)).toEqual(['plan-k3v9aaaaaaaa']);
    expect(await found('plan-k3v9z')).toEqual(['plan-k3v9zzzzzzzz']);
    expect(await found('plan-k3v9zzzzzzzz')).toEqual(['plan-k3v9zzzzzzzz']);
    expect(await found('plan-x')).toEqual([]);
  });

  it('finds runs by the start of their ids, and the latest that went by a plan', async () => {
    for (const [runId, planId] of [
      ['run-k3v9aaaaaaaa', 'plan-1'],
      ['run-k3v9zzzzzzzz', 'plan-1'],
      ['run-x', undefined],
    ] as const)
      await store().runs.startRun({ ...RUN, runId, planId });
    expect(await store().runs.runIdsStarting('run-k3v9', 9)).toEqual([
      'run-k3v9aaaaaaaa',
      'run-k3v9zzzzzzzz',
    ]);
    expect(await store().runs.runIdsStarting('run-k3v9', 1)).toEqual(['run-k3v9aaaaaaaa']);
    expect(await store().runs.runIdsStarting('run-k3v8', 9)).toEqual([]);
    expect((await store().runs.runOfPlan('plan-1'))?.runId).toBe('run-k3v9zzzzzzzz');
    expect(await store().runs.runOfPlan('plan-2')).toBeUndefined();
  });

  it('has the rows of a conversation in every plan, the latest first', async () => {
    const kept = item(2, { verdict: 'keep', rule: null, seen: { ...item(2).seen, createdAt: NOON } });
    await plan('plan-1', [item(1), item(2)]);
    await plan('plan-2', [item(1), kept, item(2, { projectId: 43 })], { policy: 'other' });
    await plan('plan-3', [item(1)]);
    await (await store().plans.createPlan(header('draft'))).add([item(2)]);
    const { sessionId } = item(2);
    const rows = await store().plans.rowsOf(42, sessionId ?? '');
    expect(rows).toEqual([
      { plan: { planId: 'plan-2', policy: 'other', decidedAt: NOON + 2 * MINUTE_MS }, item: kept },
      { plan: { planId: 'plan-1', policy: 'support-chats', decidedAt: NOON + MINUTE_MS }, item: item(2) },
    ]);
    expect(await store().plans.rowsOf(44, sessionId ?? '')).toEqual([]);
  });

  it('finds sessions of a project by a start in any case, the very same one first, in plans and in the log', async () => {
    const ids = ['abcd1234-b', 'ABCD1234-a', 'abcd1234', 'abcd1234-c', 'abcd123_'];
    await plan('plan-1', [
      ...ids.map((sessionId, index) => item(index + 1, { sessionId })),
      item(7, { sessionId: null }),
      item(8, { sessionId: 'abcd1234-other', projectId: 43 }),
    ]);
    await plan('plan-2', [item(1, { sessionId: 'abcd1234-b' })]);
    await store().audit.append(
      [...ids, 'abcd1234-b'].map((session_id) => facts('deletion.skipped', { session_id })),
    );
    await store().audit.append([facts('deletion.skipped', { project_id: 43, session_id: 'abcd1234-other' })]);
    for (const part of [store().plans, store().audit]) {
      expect(await part.sessionsStarting(42, 'abcd1234', 9)).toEqual([
        'abcd1234',
        'ABCD1234-a',
        'abcd1234-b',
        'abcd1234-c',
      ]);
      expect(await part.sessionsStarting(42, 'abcd1234', 2)).toEqual(['abcd1234', 'ABCD1234-a']);
      expect(await part.sessionsStarting(42, 'ABCD123_', 9)).toEqual(['abcd123_']);
      expect(await part.sessionsStarting(42, 'abcd12%', 9)).toEqual([]);
      expect(await part.sessionsStarting(44, 'abcd1234', 9)).toEqual([]);
    }
  });

  it('has all that the log says of a conversation, oldest first', async () => {
    const about = { project_id: 7, session_id: 'session-asked' };
    const written = await store().audit.append([
      facts('deletion.intended', about),
      facts('deletion.intended', { ...about, project_id: 8 }),
      facts('deletion.absent', { ...about, run_id: 'run-2' }),
      facts('hold.added', { ...about, run_id: null, policy: null }),
      facts('deletion.skipped'),
    ]);
    expect(await store().audit.entriesAbout(7, 'session-asked')).toEqual(
      [0, 2, 3].map((index) => written[index]),
    );
    expect(await store().audit.entriesAbout(7, 'session-aske')).toEqual([]);
  });
}
