import { expect, it } from 'vitest';
import type { AuditEvent } from '../../src/core/audit-entry.ts';
import type { PlanArrangement } from '../../src/core/ports/plans.ts';
import { DAY_MS, DONE, NOON, collect, facts, header, item } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

const ALL: PlanArrangement = { room: undefined, clocks: new Map() };

export function arrangementTests({ store, reopen }: Suite): void {
  const plan = async (items: readonly ReturnType<typeof item>[]): Promise<string> => {
    const writer = await store().plans.createPlan(header('plan-1'));
    await writer.add(items);
    return (await writer.finish(DONE)).fingerprint;
  };
  const seen = (createdAt: number) => ({
    seen: { name: undefined, createdAt, updatedAt: NOON, createdBy: undefined },
  });
  const ordinals = async (order?: 'for_applying') => {
    const filter = order === undefined ? {} : ({ verdict: 'delete', order } as const);
    return (await collect(store().plans.planItems('plan-1', filter))).map(({ ordinal }) => ordinal);
  };
  const outcome = (event: AuditEvent, ordinal: number, run = 'run-1') =>
    facts(event, { run_id: run, session_id: item(ordinal).sessionId });

  it('leaves to later runs what there is no room for: all but the oldest', async () => {
    const ages = [5, 1, 4, 2, 3];
    const fingerprint = await plan([
      ...ages.map((days, index) => item(index + 1, seen(NOON - days * DAY_MS))),
      item(6, { verdict: 'keep', ...seen(NOON - 9 * DAY_MS) }),
    ]);
    expect(await store().plans.arrangePlan('plan-1', { ...ALL, room: 2 })).toBe(3);
    expect(await ordinals('for_applying')).toEqual([1, 3]);
    expect(await ordinals()).toEqual([1, 2, 3, 4, 5, 6]);
    const deferred = (await collect(store().plans.planItems('plan-1'))).filter((one) => one.deferred);
    expect(deferred.map(({ ordinal, verdict }) => `${ordinal} ${verdict}`)).toEqual([
      '2 delete',
      '4 delete',
      '5 delete',
    ]);
    expect(await store().plans.plan('plan-1')).toMatchObject({ deferred: 3, fingerprint });
    expect(await store().plans.planFingerprint('plan-1')).toBe(fingerprint);
    expect(await (await reopen()).plans.plan('plan-1')).toMatchObject({ deferred: 3 });
  });

  it.each([
    [0, 5, []],
    [4, 1, [1, 3, 4, 5]],
    [5, 0, [1, 2, 3, 4, 5]],
    [undefined, 0, [1, 2, 3, 4, 5]],
  ])('has room for %s of five', async (room, left, applied) => {
    await plan([5, 1, 4, 2, 3].map((days, index) => item(index + 1, seen(NOON - days * DAY_MS))));
    await store().plans.arrangePlan('plan-1', { ...ALL, room: 1 });
    expect(await store().plans.arrangePlan('plan-1', { ...ALL, room })).toBe(left);
    expect(await ordinals('for_applying')).toEqual(applied);
  });

  it('takes the age that the rule judged, else the creation, then project and session id', async () => {
    const at = (rule: string | null, change: object) => ({ rule, lastMessageAt: undefined, ...change });
    await plan([
      item(1, at('by-message', { ...seen(1), lastMessageAt: 50 })),
      item(2, at('by-update', { seen: { ...seen(2).seen, updatedAt: 40 } })),
      item(3, at('by-creation', seen(30))),
      item(4, at('by-message', seen(20))),
      item(5, at(null, { ...seen(30), projectId: 7 })),
      item(6, at('by-creation', { ...seen(30), sessionId: 'session-00000000' })),
    ]);
    const clocks = new Map([
      ['by-message', 'last_message'],
      ['by-update', 'updated'],
    ] as const);
    const order: (number | undefined)[] = [];
    for (let room = 1; room <= 6; room += 1) {
      await store().plans.arrangePlan('plan-1', { room, clocks });
      order.push((await ordinals('for_applying')).find((ordinal) => !order.includes(ordinal)));
    }
    expect(order).toEqual([4, 5, 6, 3, 2, 1]);
  });

  it('brings those last whose last DELETE failed or stayed unverified, of whichever run', async () => {
    await store().audit.append([
      outcome('deletion.failed', 1),
      outcome('deletion.unverified', 2),
      outcome('deletion.failed', 3),
      outcome('deletion.verified', 3, 'run-2'),
      outcome('deletion.failed', 4),
      outcome('deletion.already_gone', 4),
      outcome('deletion.failed', 5),
      outcome('deletion.skipped', 5, 'run-2'),
      outcome('deletion.skipped', 6),
    ]);
    await plan(Array.from({ length: 7 }, (_, index) => item(index + 1, seen(NOON - DAY_MS + index))));
    await store().plans.arrangePlan('plan-1', ALL);
    expect(await ordinals('for_applying')).toEqual([3, 4, 6, 7, 1, 2, 5]);
    const failed = (await collect(store().plans.planItems('plan-1'))).filter((one) => one.failedBefore);
    expect(failed.map(({ ordinal }) => ordinal)).toEqual([1, 2, 5]);
    await store().plans.arrangePlan('plan-1', { ...ALL, room: 5 });
    expect(await ordinals('for_applying')).toEqual([3, 4, 6, 7, 1]);
    // What fails while it is applied does not change the order of this plan.
    await store().audit.append([outcome('deletion.failed', 3), outcome('deletion.verified', 1)]);
    expect(await ordinals('for_applying')).toEqual([3, 4, 6, 7, 1]);
    await store().plans.arrangePlan('plan-1', ALL);
    expect(await ordinals('for_applying')).toEqual([1, 4, 6, 7, 2, 3, 5]);
  });

  it('leaves a plan alone that is not open any more', async () => {
    await plan([item(1), item(2)]);
    await store().plans.consumePlan('plan-1', 'run-1');
    expect(await store().plans.arrangePlan('plan-1', { ...ALL, room: 0 })).toBe(0);
    expect(await store().plans.arrangePlan('no-plan', { ...ALL, room: 0 })).toBe(0);
    expect(await ordinals('for_applying')).toEqual([1, 2]);
  });

  it('goes through a plan of several batches', async () => {
    await plan(
      Array.from({ length: 5_000 }, (_, index) => item(index + 1, seen(NOON - (index % 100) * DAY_MS))),
    );
    expect(await store().plans.arrangePlan('plan-1', { ...ALL, room: 50 })).toBe(4_950);
    const oldest = await collect(store().plans.planItems('plan-1', { verdict: 'delete' }));
    expect(oldest.map(({ ordinal }) => ordinal)).toEqual(
      Array.from({ length: 50 }, (_, index) => (index + 1) * 100),
    );
  });
}
