import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allowedIn,
  breachesOf,
  breachInWords,
  createAllowance,
  createPlanAllowance,
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
const NOTHING: Spent = { lastDay: 0, lastWeek: 0 };

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

function limitsHit(
  limits: Partial<Limits>,
  projects: readonly PlanProject[],
  spent: Spent = NOTHING,
): string[] {
  return breachesOf({ ...LIMITS, ...limits }, projects, spent).map(({ limit }) => limit);
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
    ['a percentage of zero below the number', { maxPercent: 0 }, project(19, 1000), []],
    ['a percentage that applies from the first', { percentAppliesFrom: 0 }, project(1, 1), ['max_percent']],
    ['a hundred percent', { maxPercent: 100 }, project(900, 900), []],
    ['nothing planned', { maxDeletions: 0, maxPercent: 0, maxPerDay: 0 }, project(0, 5), []],
  ] as const)('%s', (...[, limits, planned, hit]) => {
    expect(limitsHit(limits, [planned])).toEqual(hit);
  });

  test('a day and a week roll', () => {
    expect(limitsHit({ maxPerDay: 10 }, [project(4, 100)], { lastDay: 6, lastWeek: 6 })).toEqual([]);
    expect(limitsHit({ maxPerDay: 10 }, [project(5, 100)], { lastDay: 6, lastWeek: 6 })).toEqual([
      'max_per_day',
    ]);
    expect(limitsHit({ maxPerWeek: 10 }, [project(4, 100)], { lastDay: 0, lastWeek: 7 })).toEqual([
      'max_per_week',
    ]);
    expect(limitsHit({ maxPerDay: 10 }, [project(1, 100)], { lastDay: 60, lastWeek: 0 })).toEqual([
      'max_per_day',
    ]);
  });

  test('several projects add up, and each has its own percentage', () => {
    const projects = [project(60, 100, 1), project(30, 100, 2), project(70, 100, 3)];
    const breaches = breachesOf({ ...LIMITS, maxDeletions: 100 }, projects, NOTHING);
    expect(breaches.map(breachInWords)).toEqual([
      'max_deletions allows 100, the plan has 160',
      'max_percent allows 50 in project 1, the plan has 60',
      'max_percent allows 50 in project 3, the plan has 70',
    ]);
  });
});

describe('the allowance in the hands of the deleter', () => {
  test('ends at the number of each limit', () => {
    const projects = [project(5, 40, 1), project(30, 40, 2)];
    const allowance = createAllowance({ ...LIMITS, maxDeletions: 22 }, projects, NOTHING);
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
      { lastDay: 3000, lastWeek: 3000 },
      { lastDay: 0, lastWeek: 12_000 },
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
        fc.record({ lastDay: amount, lastWeek: amount }),
        (sizes, some, spent) => {
          const limits = { ...LIMITS, ...some };
          const projects = sizes.map(([planned, more], index) => project(planned, planned + more, index + 1));
          const allowance = createAllowance(limits, projects, spent);
          let granted = 0;
          for (const { projectId, planned, total } of projects) {
            let here = 0;
            for (let index = 0; index < planned; index += 1)
              if (allowance.take(projectId, String(index))) here += 1;
            expect(here).toBeLessThanOrEqual(allowedIn(limits, total));
            granted += here;
          }
          expect(granted).toBeLessThanOrEqual(limits.maxDeletions);
          expect(granted).toBeLessThanOrEqual(Math.max(0, limits.maxPerDay - spent.lastDay));
          const wanted = projects.reduce((sum, { planned }) => sum + planned, 0);
          if (breachesOf(limits, projects, spent).length === 0) expect(granted).toBe(wanted);
        },
      ),
    );
  });
});
