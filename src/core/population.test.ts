import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { breachInWords } from './limits.ts';
import type { PlanProject } from './plan.ts';
import { fewestFor, isTooMuchGone, populationBreaches, populationsAfter } from './population.ts';

function project(projectId: number, total: number, incomplete?: string): PlanProject {
  return { projectId, total, listed: total, kept: total, held: 0, unknown: 0, planned: 0, incomplete };
}

function sampled(projectId: number, total: number, claimed: number | undefined): PlanProject {
  return { ...project(projectId, total), sampled: { claimed } };
}

describe('the population check of a project whose order was sampled', () => {
  test.each([
    { claims: 'halved', claimed: 1000, breaches: 1 },
    { claims: 'as before', claimed: 2000, breaches: 0 },
    { claims: 'nothing', claimed: undefined, breaches: 0 },
  ])('goes by the word of its paginator: $claims', ({ claimed, breaches }) => {
    expect(populationBreaches([{ projectId: 1, count: 2000 }], [sampled(1, 10, claimed)])).toHaveLength(
      breaches,
    );
  });

  test('believes that word at first, and lets it lower what was counted, never raise it', () => {
    const known = [{ projectId: 1, count: 2000 }];
    expect(populationsAfter([], [sampled(1, 10, 3000)])).toEqual([{ projectId: 1, count: 3000 }]);
    expect(populationsAfter(known, [sampled(1, 10, 3000)])).toEqual(known);
    expect(populationsAfter(known, [sampled(1, 10, 1500)])).toEqual([{ projectId: 1, count: 1500 }]);
    expect(populationsAfter(known, [sampled(1, 10, undefined)])).toEqual(known);
    expect(populationsAfter([], [sampled(1, 10, undefined)])).toEqual([]);
    expect(populationsAfter(known, [project(1, 3000)])).toEqual([{ projectId: 1, count: 3000 }]);
  });
});

test('a percentage asks for so many conversations', () => {
  expect([fewestFor(0, 50), fewestFor(10, 50), fewestFor(10, 30), fewestFor(1, 100)]).toEqual([0, 20, 34, 1]);
  expect(fewestFor(10, 0)).toBe(0);
});

describe('the population check', () => {
  test.each([
    { change: 'halved', count: 2000, total: 1000, breaches: 1 },
    { change: 'not quite halved', count: 2000, total: 1001, breaches: 0 },
    { change: 'emptied', count: 1000, total: 0, breaches: 1 },
    { change: 'emptied, but small', count: 999, total: 0, breaches: 0 },
    { change: 'grown', count: 2000, total: 4000, breaches: 0 },
  ])('a project that is $change', ({ count, total, breaches }) => {
    expect(populationBreaches([{ projectId: 1, count }], [project(1, total)])).toHaveLength(breaches);
  });

  test('says what is listed and what should be', () => {
    const [breach] = populationBreaches([{ projectId: 7, count: 1801 }], [project(7, 400)]);
    expect(breach).toEqual({ limit: 'population', wanted: 400, allowed: 901, projectId: 7 });
    expect(breach && breachInWords(breach)).toBe(
      'population: project 7 lists 400 conversations, and by the last applied plan there should be at least 901',
    );
  });

  test('sees projects that are not listed any more, once most of the conversations went with them', () => {
    const known = [
      { projectId: 1, count: 700 },
      { projectId: 2, count: 700 },
    ];
    const [breach] = populationBreaches(known, [project(1, 700)]);
    expect(breach).toEqual({ limit: 'population', wanted: 700, allowed: 701, projectId: undefined });
    expect(breach && breachInWords(breach)).toContain('its projects together list 700');
    expect(populationBreaches(known, [project(1, 701)])).toEqual([]);
    expect(populationBreaches([...known, { projectId: 3, count: 1 }], [])).toHaveLength(1);
  });

  test('draws nothing from a listing that was incomplete', () => {
    const known = [
      { projectId: 1, count: 5000 },
      { projectId: 2, count: 10 },
    ];
    const projects = [project(1, 0, 'cut off'), project(2, 10)];
    expect(populationBreaches(known, projects)).toEqual([]);
    expect(populationsAfter(known, projects)).toEqual(known);
    expect(populationsAfter([], projects)).toEqual([{ projectId: 2, count: 10 }]);
  });

  test('never minds more conversations than before', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), fc.nat(5000), (count, total, more) => {
        const known = [{ projectId: 1, count }];
        if (populationBreaches(known, [project(1, total)]).length > 0) return;
        expect(populationBreaches(known, [project(1, total + more)])).toEqual([]);
      }),
    );
  });
});

test.each([
  [5, 10, false],
  [6, 10, true],
  [6, 60, false],
  [6, 59, true],
  [10, 100, false],
  [11, 100, true],
])('%i of %i are too many: %s', (gone, planned, isTooMuch) => {
  expect(isTooMuchGone(gone, planned)).toBe(isTooMuch);
});
