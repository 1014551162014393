import { expect, it } from 'vitest';
import type { PlanHeader } from '../../src/core/plan.ts';
import { DAY_MS, DONE, NOON, collect, header, item } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

export function planEndTests({ store }: Suite): void {
  async function openPlan(planId: string, change: Partial<PlanHeader> = {}, itemCount = 2): Promise<void> {
    const writer = await store().plans.createPlan(header(planId, change));
    await writer.add(Array.from({ length: itemCount }, (_, index) => item(index + 1)));
    await writer.finish(DONE);
  }
  async function namesOf(planId: string): Promise<Set<string | undefined>> {
    const items = await collect(store().plans.planItems(planId));
    return new Set(items.flatMap(({ seen }) => [seen.name, seen.createdBy]));
  }
  const SCRUBBED = new Set([undefined]);

  it('is consumed once, whoever asks at the same time', async () => {
    await openPlan('plan-1');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => store().plans.consumePlan('plan-1', `run-${index}`)),
    );
    expect(answers.filter(Boolean).length).toBe(1);
    expect(await store().plans.consumePlan('plan-1', 'run-9')).toBe(false);
    expect((await store().plans.plan('plan-1'))?.status).toBe('applied');
  });

  it('comes when its time is over: it expires and cannot be consumed', async () => {
    await openPlan('plan-1', { expiresAt: NOON });
    await openPlan('plan-2', { expiresAt: NOON + 1 });
    expect(await store().plans.scrubPlans(NOON)).toBe(0);
    expect(await store().plans.scrubPlans(NOON + 1)).toBe(1);
    expect(await store().plans.plan('plan-1')).toMatchObject({ status: 'expired' });
    expect(await store().plans.plan('plan-2')).toMatchObject({ status: 'open' });
    expect(await store().plans.consumePlan('plan-1', 'run-1')).toBe(false);
  });

  it('takes the names and user ids of plans that are no longer open, and nothing else', async () => {
    await openPlan('applied', {}, 4_100);
    await openPlan('expired', { expiresAt: NOON - 1 });
    await openPlan('open');
    await openPlan('kept', { expiresAt: NOON - 1 });
    await store().plans.consumePlan('applied', 'run-1');
    const before = await collect(store().plans.planItems('applied'));

    expect(await store().plans.scrubPlans(NOON, ['kept'])).toBe(3);
    expect(await namesOf('applied')).toEqual(SCRUBBED);
    expect(await namesOf('expired')).toEqual(SCRUBBED);
    expect(await namesOf('open')).toEqual(new Set(['Chat 1', 'Chat 2', '1234']));
    expect(await namesOf('kept')).toEqual(new Set(['Chat 1', 'Chat 2', '1234']));
    expect(await store().plans.plan('kept')).toMatchObject({ status: 'expired' });
    expect(await collect(store().plans.planItems('applied'))).toEqual(
      before.map((one) => ({ ...one, seen: { ...one.seen, name: undefined, createdBy: undefined } })),
    );

    expect(await store().plans.scrubPlans(NOON, ['kept'])).toBe(0);
    expect(await store().plans.scrubPlans(NOON)).toBe(1);
    expect(await namesOf('kept')).toEqual(SCRUBBED);
  });

  it('loses its rows 30 days after it was closed, and keeps its sums', async () => {
    await openPlan('applied', {}, 4_100);
    await openPlan('open', { expiresAt: NOON + 60 * DAY_MS });
    await store().plans.consumePlan('applied', 'run-1');
    await store().plans.scrubPlans(NOON);
    await store().plans.scrubPlans(NOON + 30 * DAY_MS);
    expect((await collect(store().plans.planItems('applied'))).length).toBe(4_100);
    await store().plans.scrubPlans(NOON + 30 * DAY_MS + 1);
    expect(await collect(store().plans.planItems('applied'))).toEqual([]);
    expect((await collect(store().plans.planItems('open'))).length).toBe(2);
    expect(await store().plans.plan('applied')).toMatchObject({ status: 'applied', projects: DONE.projects });
  });

  it('leaves drafts alone', async () => {
    const writer = await store().plans.createPlan(header('plan-1', { expiresAt: NOON - 1 }));
    await writer.add([item(1)]);
    expect(await store().plans.scrubPlans(NOON)).toBe(0);
    await writer.finish(DONE);
    expect(await namesOf('plan-1')).toEqual(new Set(['Chat 1', '1234']));
  });
}
