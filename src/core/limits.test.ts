import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  breachesOf,
  breachInWords,
  createAllowance,
  createPlanAllowance,
  isCountLimit,
  roomOf,
  type Spent,
} from './limits.ts';
import type { PlanProject } from './plan.ts';
import type { Limits } from './policy.ts';

const LIMITS: Limits = {
  maxDeletions: 1000,
  maxPercent: 50,
  percentAppliesFrom: 20,
  maxPerDay: 3000,
  maxPerWeek: 10_000,
  whenExceeded: 'refuse',
  minAge: { amount: 1, unit: 'd' },
};
const NOTHING: Spent = { today: 0, week: 0 };

function project(planned: number, total: number, projectId = 1): PlanProject {
  return {
    projectId,
    planned,
    total,
    listed: total,
    kept: total - planned,
    held: 0,
    unknown: 0,
    incomplete: undefined,
  };
}

/** So many projects of one size. */
function projects(count: number, planned: number, total: number): readonly PlanProject[] {
  return Array.from({ length: count }, (_, index) => project(planned, total, index + 1));
}

function limitsHit(
  limits: Partial<Limits>,
  planned: readonly PlanProject[],
  spent: Spent = NOTHING,
): string[] {
  return breachesOf({ ...LIMITS, ...limits }, planned, spent).map(({ limit }) => limit);
}

describe('the limits of a run', () => {
  test.each([
    ['exactly max_deletions', { maxDeletions: 10 }, project(10, 100), []],
    ['one more', { maxDeletions: 10 }, project(11, 100), ['max_deletions']],
    ['zero means zero', { maxDeletions: 0 }, project(1, 100), ['max_deletions']],
    ['exactly half', {}, project(50, 100), []],
    ['one more than half', {}, project(51, 100), ['max_percent']],
    ['all of a small project', {}, project(19, 19), []],
    ['the number from which the percentage applies', {}, project(20, 30), ['max_percent']],
    ['a percentage of zero', { maxPercent: 0 }, project(20, 1000), ['max_percent']],
    ['a percentage of zero below the number', { maxPercent: 0 }, project(1, 1000), ['max_percent']],
    ['a percentage that applies from the first', { percentAppliesFrom: 0 }, project(1, 1), ['max_percent']],
    ['a hundred percent', { maxPercent: 100 }, project(900, 900), []],
    ['nothing planned', { maxDeletions: 0, maxPercent: 0, maxPerDay: 0 }, project(0, 5), []],
  ] as const)('%s', (...[, limits, planned, hit]) => {
    expect(limitsHit(limits, [planned])).toEqual(hit);
  });

  test('small projects are judged together, as one', () => {
    expect(limitsHit({}, projects(100, 19, 19))).toEqual(['max_deletions', 'max_percent']);
    expect(limitsHit({}, projects(10, 19, 38))).toEqual([]);
    expect(limitsHit({}, projects(10, 19, 37))).toEqual(['max_percent']);
    expect(limitsHit({}, projects(2, 9, 9))).toEqual([]);
    expect(limitsHit({}, projects(2, 10, 10))).toEqual(['max_percent']);
  });

  test('a project that would lose nothing makes no room for those that would lose all', () => {
    expect(limitsHit({}, [...projects(3, 10, 10), project(0, 100_000, 99)])).toEqual(['max_percent']);
    expect(limitsHit({}, [...projects(3, 10, 10), project(20, 100_000, 99)])).toEqual(['max_percent']);
  });

  test('a day and a week count what was deleted in them', () => {
    expect(limitsHit({ maxPerDay: 10 }, [project(4, 100)], { today: 6, week: 6 })).toEqual([]);
    expect(limitsHit({ maxPerDay: 10 }, [project(5, 100)], { today: 6, week: 6 })).toEqual(['max_per_day']);
    expect(limitsHit({ maxPerWeek: 10 }, [project(4, 100)], { today: 0, week: 7 })).toEqual(['max_per_week']);
    expect(limitsHit({ maxPerDay: 10 }, [project(1, 100)], { today: 60, week: 0 })).toEqual(['max_per_day']);
  });

  test('the room of a run is what the smallest of those that count leaves', () => {
    expect(roomOf(LIMITS, NOTHING)).toBe(1000);
    expect(roomOf(LIMITS, { today: 2500, week: 2500 })).toBe(500);
    expect(roomOf(LIMITS, { today: 0, week: 9999 })).toBe(1);
    expect(roomOf(LIMITS, { today: 4000, week: 4000 })).toBe(0);
  });

  test('several projects add up, and each has its own percentage', () => {
    const several = [project(60, 100, 1), project(30, 100, 2), project(70, 100, 3), project(8, 9, 4)];
    const breaches = breachesOf({ ...LIMITS, maxDeletions: 100 }, several, NOTHING);
    expect(breaches.map(breachInWords)).toEqual([
      'max_deletions allows 100, the plan has 168',
      'max_percent allows 50 in project 1, the plan has 60',
      'max_percent allows 50 in project 3, the plan has 70',
    ]);
    expect(breaches.map(isCountLimit)).toEqual([true, false, false]);
  });

  test('says which projects are small, and when there is room again', () => {
    expect(breachesOf(LIMITS, projects(30, 2, 2), NOTHING).map(breachInWords)).toEqual([
      'max_percent allows 30 in the 30 small projects together, the plan has 60',
    ]);
    expect(breachesOf({ ...LIMITS, maxPercent: 0 }, [project(1, 9)], NOTHING).map(breachInWords)).toEqual([
      'max_percent allows 0 in the one small project, the plan has 1',
    ]);
    const roomAgain = {
      at: Date.parse('2026-11-26T23:00:00Z'),
      timeZone: 'Europe/Berlin',
      room: 100,
      left: 300,
    };
    const breach = {
      limit: 'max_per_day',
      wanted: 1344,
      allowed: 30,
      projectId: undefined,
      roomAgain,
    } as const;
    expect(breachInWords(breach)).toBe(
      'max_per_day leaves 30 today, the plan has 1,344; from 2026-11-27 00:00 Europe/Berlin on it leaves 300',
    );
    for (const same of [
      { ...breach, allowed: 300 },
      { ...breach, allowed: 300, roomAgain: undefined },
    ])
      expect(breachInWords(same)).toBe('max_per_day leaves 300 today, the plan has 1,344');
    expect(isCountLimit({ limit: 'max_per_week' })).toBe(true);
    expect(isCountLimit(breach)).toBe(true);
  });
});

describe('the allowance in the hands of the deleter', () => {
  test('ends at the number of each limit', () => {
    const several = [project(5, 40, 1), project(30, 40, 2)];
    const allowance = createAllowance({ ...LIMITS, maxDeletions: 22 }, several, NOTHING);
    const granted = (projectId: number, count: number) =>
      Array.from({ length: count }, (_, index) => allowance.take(projectId, `${projectId}-${index}`)).filter(
        Boolean,
      ).length;
    expect(granted(2, 40)).toBe(20);
    expect(granted(1, 40)).toBe(2);
  });

  test('asks nothing new of a conversation that was granted, and knows no other project', () => {
    const allowance = createAllowance({ ...LIMITS, maxDeletions: 1 }, [project(1, 10)], NOTHING);
    expect([
      allowance.take(1, 'a'),
      allowance.take(1, 'a'),
      allowance.take(1, 'b'),
      allowance.take(9, 'c'),
    ]).toEqual([true, true, false, false]);
  });

  test('has nothing left of a day or a week that is spent', () => {
    for (const spent of [
      { today: 3000, week: 3000 },
      { today: 0, week: 12_000 },
    ]) {
      expect(createAllowance(LIMITS, [project(1, 10)], spent).take(1, 'a')).toBe(false);
    }
  });

  test('with the limits overridden is the plan itself', () => {
    const allowance = createPlanAllowance([project(2, 2), project(0, 10, 2)]);
    const takes = [
      allowance.take(1, 'a'),
      allowance.take(1, 'b'),
      allowance.take(1, 'c'),
      allowance.take(2, 'd'),
    ];
    expect(takes).toEqual([true, true, false, false]);
  });

  test('never grants more than an unrefused plan asks for under the same limits', () => {
    const amount = fc.nat(60);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(amount, amount), { minLength: 1, maxLength: 4 }),
        fc.record({
          maxDeletions: amount,
          maxPercent: fc.nat(100),
          percentAppliesFrom: amount,
          maxPerDay: amount,
        }),
        fc.record({ today: amount, week: amount }),
        (sizes, some, spent) => {
          const limits = { ...LIMITS, ...some };
          const several = sizes.map(([planned, more], index) => project(planned, planned + more, index + 1));
          const allowance = createAllowance(limits, several, spent);
          let granted = 0;
          let small = 0;
          let ofSmall = 0;
          for (const { projectId, planned, total } of several) {
            let here = 0;
            for (let index = 0; index < planned; index += 1)
              if (allowance.take(projectId, String(index))) here += 1;
            if (planned >= limits.percentAppliesFrom)
              expect(here).toBeLessThanOrEqual((total * limits.maxPercent) / 100);
            else if (planned > 0) {
              small += here;
              ofSmall += total;
            }
            granted += here;
          }
          expect(granted).toBeLessThanOrEqual(roomOf(limits, spent));
          expect(small === 0 || limits.maxPercent > 0).toBe(true);
          if (small >= limits.percentAppliesFrom)
            expect(small).toBeLessThanOrEqual((ofSmall * limits.maxPercent) / 100);
          const wanted = several.reduce((sum, { planned }) => sum + planned, 0);
          if (breachesOf(limits, several, spent).length === 0) expect(granted).toBe(wanted);
        },
      ),
    );
  });
});
