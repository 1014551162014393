import { describe, expect, test } from 'vitest';
import { BacklogFold, backlogCount, joinedBacklog, oldestDueAt, partsOf } from './backlog.ts';
import { HoldIndex } from './hold.ts';
import { lagMs } from './lag.ts';
import type { PlanItem, PlanProject } from './plan.ts';
import type { Rule } from './policy.ts';
import { cutoffsAt, type AgeClock, type Selector } from './selector.ts';

const NOW = Date.parse('2026-11-27T12:00:00Z');
const DAY = 86_400_000;
const older = (days: number, clock: AgeClock = 'created'): Selector => ({
  kind: 'older_than',
  duration: { amount: days, unit: 'd' },
  clock,
});
const NAMED: Selector = { kind: 'name', matchers: [] };
const seen = (created?: number, updated?: number, message?: number) => {
  const at = (days: number | undefined): number | undefined =>
    days === undefined ? undefined : NOW - days * DAY;
  return {
    seen: { name: undefined, createdBy: undefined, createdAt: at(created), updatedAt: at(updated) },
    lastMessageAt: at(message),
  };
};
const daysPast = (selector: Selector, ...dates: Parameters<typeof seen>): number | undefined => {
  const ms = lagMs(selector, seen(...dates), cutoffsAt(NOW));
  return ms === undefined ? undefined : ms / DAY;
};

describe('how long a conversation is past its cutoff', () => {
  test('is counted from the clock of its rule, never from before its creation', () => {
    expect(daysPast(older(90), 100)).toBe(10);
    expect(daysPast(older(90, 'updated'), 200, 95)).toBe(5);
    expect(daysPast(older(90, 'last_message'), 200, 95, 91)).toBe(1);
    expect(daysPast(older(90, 'updated'), 92, 400)).toBe(2);
    expect(daysPast(older(90, 'updated'), undefined, 91)).toBe(1);
  });

  test('is not known without the date, before the cutoff, or where no age is looked at', () => {
    expect(daysPast(older(90))).toBeUndefined();
    expect(daysPast(older(90), 80)).toBeUndefined();
    for (const selector of [NAMED, { kind: 'everything' }, { kind: 'not', of: older(90) }] as const)
      expect(daysPast(selector, 100)).toBeUndefined();
    expect(daysPast({ kind: 'session_ids', ids: new Set() }, 100)).toBeUndefined();
    expect(daysPast({ kind: 'created_by', users: new Set() }, 100)).toBeUndefined();
  });

  test('of several ages is that of the last one to be reached, or of the first where one is enough', () => {
    expect(daysPast({ kind: 'all', of: [older(90), older(50), NAMED] }, 100)).toBe(10);
    expect(daysPast({ kind: 'any', of: [older(90), older(50), NAMED] }, 100)).toBe(50);
    expect(daysPast({ kind: 'all', of: [NAMED] }, 100)).toBeUndefined();
  });
});

const RULES: readonly Rule[] = [
  { name: 'old', selector: older(90), action: 'delete', binds: 'this_policy' },
  { name: 'tests', selector: NAMED, action: 'delete', binds: 'this_policy' },
];
const planned = (projectId: number, count: number, incomplete?: string): PlanProject => ({
  ...{ projectId, listed: count, total: count, kept: 0, held: 0, unknown: 0, planned: count },
  incomplete,
});
const planOf = (planId: string, decidedAt: number, projects: readonly PlanProject[]) => ({
  ...{ planId, policyHash: 'h1', decidedAt, projects },
});
const PLAN = planOf('plan-1', NOW, [planned(1, 2), planned(2, 3)]);
const row = (projectId: number, sessionId: string | null, facts: Partial<PlanItem> = {}): PlanItem => ({
  ...{ ordinal: 1, projectId, sessionId, verdict: 'delete', rule: 'old', reason: '', ageDays: 100 },
  ...{ ...seen(100), seenAt: NOW, lastMessageReadAt: undefined },
  ...facts,
});
const ROWS = [
  row(1, 'a'),
  row(1, 'b', seen(120)),
  row(1, 'kept', { verdict: 'keep' }),
  row(2, 'a', { rule: 'tests' }),
  row(2, 'b', seen(91)),
  row(2, 'c', seen(95)),
  row(3, 'of a project that another plan speaks for'),
];
const NO_HOLDS = new HoldIndex([]);

function fold(gone: readonly (readonly [number, string, number?])[], rows = ROWS, holds = NO_HOLDS) {
  const made = new BacklogFold({ plan: PLAN, projectIds: new Set([1, 2]) }, { rules: RULES });
  for (const [projectId, sessionId, at = NOW] of gone) made.gone(projectId, sessionId, at);
  for (const one of rows) made.take(one, holds, NOW);
  return made.end();
}

describe('the backlog', () => {
  test('is what a plan would delete, less what is gone since', () => {
    const { projects, unread } = fold([
      [1, 'a'],
      [2, 'c', NOW - 1],
    ]);
    expect(unread).toEqual([]);
    const backlog = joinedBacklog([{ projects, unread }], [9], NOW);
    expect(backlog).toEqual({
      asOf: NOW,
      projects: [
        { projectId: 2, count: 3, oldestDueAt: NOW - 5 * DAY, asOf: NOW },
        { projectId: 1, count: 1, oldestDueAt: NOW - 30 * DAY, asOf: NOW },
      ],
      unread: [9],
    });
    expect(backlogCount(backlog)).toBe(4);
    expect(oldestDueAt(backlog)).toBe(NOW - 30 * DAY);
  });

  test('of equal size comes by project id', () => {
    const backlog = joinedBacklog([fold([[2, 'a']])], [], NOW);
    expect(backlog.projects.map(({ projectId }) => projectId)).toEqual([1, 2]);
  });

  test('is nothing once all is gone', () => {
    const { projects } = fold(ROWS.map(({ projectId, sessionId }) => [projectId, sessionId ?? '']));
    expect(projects).toEqual([]);
    expect(oldestDueAt({ projects })).toBeUndefined();
  });

  test('has nothing of what a hold covers by now', () => {
    const hold = { holdId: 'hold-1', projectId: 2, sessionId: undefined, matter: 'M', untilAt: undefined };
    expect(fold([], ROWS, new HoldIndex([hold])).projects.map(({ projectId }) => projectId)).toEqual([1]);
  });

  test('is not known of a project of which rows are gone', () => {
    expect(fold([], ROWS.slice(3))).toMatchObject({ unread: [1], projects: [{ projectId: 2, count: 3 }] });
  });

  test('counts a row without an id, which can never be gone', () => {
    expect(fold([], [row(1, null), ...ROWS.slice(1)]).projects[0]).toMatchObject({ projectId: 1, count: 2 });
  });

  test('says no age where no rule that matched looks at one, or the rule is not there', () => {
    const rows = [row(1, 'a', { rule: 'tests' }), row(1, 'b', { rule: 'renamed' })];
    expect(fold([], rows).projects).toEqual([{ projectId: 1, count: 2, oldestDueAt: undefined, asOf: NOW }]);
  });
});

describe('which plan speaks for a project', () => {
  test('is the latest that could list it in full', () => {
    const latest = planOf('plan-3', NOW, [
      planned(1, 1),
      planned(2, 0, 'page 2 failed'),
      planned(3, 0, 'HTTP 500'),
    ]);
    const before = planOf('plan-2', NOW - DAY, [planned(1, 5), planned(2, 4)]);
    const first = planOf('plan-1', NOW - 2 * DAY, [planned(2, 9), planned(4, 8)]);
    expect(partsOf([latest, before, first])).toEqual({
      parts: [
        { plan: latest, projectIds: new Set([1]) },
        { plan: before, projectIds: new Set([2]) },
        { plan: first, projectIds: new Set([4]) },
      ],
      unread: [3],
    });
  });

  test('is none where there is no plan', () => {
    expect(partsOf([])).toEqual({ parts: [], unread: [] });
  });

  test('is left out where a later one speaks for all of its projects', () => {
    const again = planOf('plan-2', NOW, [planned(1, 1)]);
    expect(partsOf([again, planOf('plan-1', NOW - DAY, [planned(1, 5)])]).parts).toHaveLength(1);
  });
});
