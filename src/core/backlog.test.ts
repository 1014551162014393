import { describe, expect, test } from 'vitest';
import { BacklogFold, backlogCount, oldestDueAt } from './backlog.ts';
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
const POLICY = { hash: 'h1', rules: RULES };
const planned = (projectId: number, count: number): PlanProject => ({
  ...{ projectId, listed: count, total: count, kept: 0, held: 0, unknown: 0, planned: count },
  incomplete: undefined,
});
const PLAN = { planId: 'plan-1', policyHash: 'h1', decidedAt: NOW, projects: [planned(1, 2), planned(2, 3)] };
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
];

function fold(gone: readonly (readonly [number, string])[], policy = POLICY, rows = ROWS) {
  const made = new BacklogFold(PLAN, policy);
  for (const one of gone) made.gone(...one);
  for (const one of rows) made.take(one);
  return made.end();
}

describe('the backlog', () => {
  test('is what a plan would delete, less what is gone, by project', () => {
    const backlog = fold([[1, 'a']]);
    expect(backlog).toEqual({
      planId: 'plan-1',
      asOf: NOW,
      projects: [
        { projectId: 2, count: 3, oldestDueAt: NOW - 5 * DAY },
        { projectId: 1, count: 1, oldestDueAt: NOW - 30 * DAY },
      ],
    });
    if (backlog === undefined) throw new Error('no backlog');
    expect(backlogCount(backlog)).toBe(4);
    expect(oldestDueAt(backlog)).toBe(NOW - 30 * DAY);
  });

  test('of equal size comes by project id', () => {
    expect(fold([[2, 'a']])?.projects.map(({ projectId }) => projectId)).toEqual([1, 2]);
  });

  test('is nothing once all is gone', () => {
    const all = ROWS.map(({ projectId, sessionId }) => [projectId, sessionId ?? ''] as const);
    const backlog = fold(all);
    expect(backlog?.projects).toEqual([]);
    expect(oldestDueAt(backlog ?? { projects: [] })).toBeUndefined();
    const unknown = { projectId: 2, count: 1, oldestDueAt: undefined };
    const known = { projectId: 3, count: 1, oldestDueAt: NOW };
    expect(oldestDueAt({ projects: [unknown, known] })).toBe(NOW);
    expect(oldestDueAt({ projects: [unknown] })).toBeUndefined();
  });

  test('says nothing of when it was due under another policy than the plan was made by', () => {
    const { projects = [] } = fold([], { ...POLICY, hash: 'h2' }) ?? {};
    expect(projects.map(({ oldestDueAt: at }) => at)).toEqual([undefined, undefined]);
  });

  test('is not known where rows of the plan are gone', () => {
    expect(fold([], POLICY, [])).toBeUndefined();
  });

  test('counts a row without an id, which can never be gone', () => {
    expect(fold([], POLICY, [row(1, null), ...ROWS.slice(1)])?.projects[1]?.count).toBe(2);
  });
});
