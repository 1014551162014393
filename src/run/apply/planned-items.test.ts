import { describe, expect, test } from 'vitest';
import type { PlanItem } from '../../core/plan.ts';
import type { PlanStore } from '../../core/ports/plans.ts';
import { PlannedItems } from './planned-items.ts';

function item(ordinal: number, change: Partial<PlanItem> = {}): PlanItem {
  return {
    ...{ ordinal, projectId: 7, sessionId: `session-${ordinal}`, verdict: 'delete', rule: 'r', reason: '' },
    ...{ ageDays: 1, seen: { name: 'n', createdAt: 1, updatedAt: 1, createdBy: '1' }, seenAt: 1 },
    ...{ lastMessageAt: undefined, lastMessageReadAt: undefined, ...change },
  };
}

/** The items of a plan, and how many were read of it. */
function setUp(items: readonly PlanItem[]) {
  let read = 0;
  let isClosed = false;
  const asked: unknown[] = [];
  const planItems: PlanStore['planItems'] = async function* (planId, filter) {
    asked.push([planId, filter]);
    await Promise.resolve();
    const { last } = filter ?? {};
    const found = last === undefined ? items : items.toReversed().slice(0, last);
    try {
      for (const one of found) {
        if (last === undefined) read += 1;
        yield one;
      }
    } finally {
      if (last === undefined) isClosed = true;
    }
  };
  const planned = new PlannedItems({ planItems } as unknown as PlanStore, 'plan-1', {
    projectId: 7,
    failedBefore: false,
  });
  const next = async (from: 'line' | 'end'): Promise<number | undefined> =>
    (await planned.next(from))?.ordinal;
  return { planned, next, asked, read: () => read, isClosed: () => isClosed };
}

async function rest(next: (from: 'line') => Promise<number | undefined>): Promise<number[]> {
  const all: number[] = [];
  for (let ordinal = await next('line'); ordinal !== undefined; ordinal = await next('line'))
    all.push(ordinal);
  return all;
}

describe('what is to be deleted in a project', () => {
  const TWELVE = Array.from({ length: 12 }, (_, index) => item(index + 1));

  test('comes in line, each once, and only what can be deleted', async () => {
    const odd = [item(1), item(2, { verdict: 'keep' }), item(3, { sessionId: null }), item(4)];
    const { next, asked } = setUp(odd);
    expect(await rest(next)).toEqual([1, 4]);
    expect(asked).toEqual([['plan-1', { verdict: 'delete', projectId: 7, failedBefore: false }]]);
    expect(await next('line')).toBeUndefined();
  });

  test('can be looked at before, and stays in line', async () => {
    const { planned, next, read } = setUp(TWELVE);
    for await (const { ordinal } of planned.all()) if (ordinal === 3) break;
    expect(read()).toBe(3);
    expect(await rest(next)).toEqual(TWELVE.map(({ ordinal }) => ordinal));
  });

  test('comes from the end while those in line are in doubt, each once', async () => {
    const { next, asked } = setUp(TWELVE);
    expect([await next('line'), await next('end'), await next('end'), await next('line')]).toEqual([
      1, 12, 11, 2,
    ]);
    expect(asked).toContainEqual([
      'plan-1',
      { verdict: 'delete', projectId: 7, failedBefore: false, last: 8 },
    ]);
    expect(await rest(next)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('comes in line again when those at the end are used up', async () => {
    const { next } = setUp(TWELVE);
    const ordinals: (number | undefined)[] = [];
    for (let count = 0; count < 13; count += 1) ordinals.push(await next('end'));
    expect(ordinals).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 1, 2, 3, 4, undefined]);
  });

  test('takes nothing from the end that was in line before', async () => {
    const late = setUp(TWELVE.slice(0, 3));
    expect([await late.next('line'), await late.next('line'), await late.next('end')]).toEqual([1, 2, 3]);
    expect(await late.next('end')).toBeUndefined();
  });

  test('takes nothing from the end that cannot be deleted', async () => {
    const { next } = setUp([item(1), item(2), item(3, { sessionId: null })]);
    expect(await next('end')).toBe(2);
  });

  test('is read no further once it is closed', async () => {
    const { planned, next, isClosed } = setUp(TWELVE);
    expect(await next('line')).toBe(1);
    await planned.close();
    expect(isClosed()).toBe(true);
  });
});
