import { describe, expect, it } from 'vitest';
import type { Protection } from './findings.ts';
import {
  auditBroken,
  NOTICE_KINDS,
  noticesOf,
  policiesBroken,
  testNotice,
  type EndSeen,
  type Notice,
} from './notice.ts';
import { NO_OUTCOMES } from './outcome.ts';
import { runCountsOf, type RunRecord } from './run.ts';

const AT = Date.parse('2026-05-04T03:30:00Z');
const HOUR = 3_600_000;

const RUN: RunRecord = {
  ...{ runId: 'run-now', policy: 'chats', policyHash: 'a', mode: 'enforce', trigger: 'schedule' },
  ...{ slotAt: undefined, planId: 'plan-now', status: 'completed', startedAt: AT, endedAt: AT + HOUR },
  ...{ requests: undefined, auditHead: undefined, problem: undefined, warnings: [], asBefore: 0 },
};

function earlier(hours: number, status: RunRecord['status']): RunRecord {
  return { ...RUN, runId: `run-${hours}`, status, startedAt: AT - hours * HOUR };
}

function told(
  run: Partial<RunRecord>,
  seen: Partial<Omit<EndSeen, 'run'>> = {},
  eachRun = false,
): readonly Notice[] {
  const nothing = { earlier: [], protections: [], protectionsBefore: [], open: [] };
  const counts = runCountsOf(undefined, NO_OUTCOMES);
  return noticesOf({ at: AT + HOUR, run: { ...RUN, ...run }, counts, ...nothing, ...seen }, { eachRun });
}

function kinds(notices: readonly Notice[]): readonly string[] {
  return notices.map(({ kind }) => kind);
}

describe('the end of a run', () => {
  it('is told where it was not good, with what to do next', () => {
    expect(told({ status: 'refused', problem: 'max_deletions allows 5, the plan has 9' })).toEqual([
      {
        ...{ kind: 'run_refused', severity: 'error', at: AT + HOUR, policy: 'chats' },
        run: { ...RUN, status: 'refused', problem: 'max_deletions allows 5, the plan has 9' },
        counts: runCountsOf(undefined, NO_OUTCOMES),
        problem: 'max_deletions allows 5, the plan has 9',
        next: 'plan --show plan-now',
      },
    ]);
    expect(told({ status: 'refused', planId: undefined })).toMatchObject([{ next: 'runs run-now' }]);
    expect(told({ status: 'failed' })).toMatchObject([
      { kind: 'run_failed', severity: 'error', next: 'runs run-now' },
    ]);
    expect(told({ status: 'partial' })).toMatchObject([{ kind: 'run_partial', severity: 'warning' }]);
    expect(told({ status: 'interrupted' })).toMatchObject([{ kind: 'run_interrupted', severity: 'warning' }]);
  });

  it('is told, too, where no end is on record', () => {
    expect(told({ status: 'running' }, { counts: undefined })).toMatchObject([
      { kind: 'run_failed', counts: undefined, problem: expect.stringContaining('no end') as string },
    ]);
  });

  it('is no news where it was good, unless each run is wished', () => {
    expect(told({})).toEqual([]);
    expect(told({}, {}, true)).toMatchObject([
      { kind: 'run_completed', severity: 'info', next: 'runs run-now' },
    ]);
    expect(kinds(told({ status: 'partial' }, {}, true))).toEqual(['run_partial']);
  });

  it('is told once when runs are good again, with how many were not and since when', () => {
    const bad = [
      earlier(1, 'failed'),
      earlier(2, 'interrupted'),
      earlier(3, 'completed'),
      earlier(4, 'failed'),
    ];
    expect(told({}, { earlier: bad })).toMatchObject([
      {
        kind: 'recovered',
        severity: 'info',
        streak: { runs: 2, since: AT - 2 * HOUR },
        next: 'runs run-now',
      },
    ]);
    expect(told({}, { earlier: [earlier(1, 'refused')] })).toMatchObject([{ streak: { runs: 1 } }]);
    expect(told({}, { earlier: [earlier(1, 'completed'), earlier(2, 'failed')] })).toEqual([]);
    expect(kinds(told({}, { earlier: bad }, true))).toEqual(['recovered', 'run_completed']);
  });

  it('that stays the same is told at the first, third, sixth, twelfth … run', () => {
    const at = Array.from({ length: 100 }, (_, asBefore) => asBefore).filter(
      (asBefore) => told({ status: 'refused', asBefore, alikeSince: AT - HOUR }).length > 0,
    );
    expect(at.map((asBefore) => asBefore + 1)).toEqual([1, 3, 6, 12, 24, 48, 96]);
    expect(told({ status: 'partial', asBefore: 5, alikeSince: AT - HOUR })).toMatchObject([
      { kind: 'as_before', severity: 'warning', streak: { runs: 6, since: AT - HOUR } },
    ]);
    expect(told({ status: 'partial', asBefore: 2 })).toMatchObject([{ streak: { runs: 3, since: AT } }]);
  });
});

describe('a problem', () => {
  const problemOf = (problem: string): string | undefined => told({ status: 'failed', problem })[0]?.problem;

  it('loses what it quotes: a policy quotes names', () => {
    expect(problemOf('rule vip protects names by "Jane \\"J\\" Doe*", which matches "n\nothing"')).toBe(
      'rule vip protects names by "…", which matches "…"',
    );
  });

  it('names no account', () => {
    expect(
      problemOf('this state belongs to https://a.example team:12, and the key is of http://b:9 user:4711'),
    ).toBe('this state belongs to …, and the key is of …');
    expect(problemOf('the key was exchanged for one of key:0a1b, and this program works for team:3')).toBe(
      'the key was exchanged for one of …, and this program works for …',
    );
  });

  it('is cut where it is long, between two characters', () => {
    expect(problemOf('x'.repeat(1000))).toBe('x'.repeat(1000));
    expect(problemOf('x'.repeat(1001))).toBe(`${'x'.repeat(1000)}…`);
    expect(problemOf(`${'x'.repeat(999)}😀😀`)).toBe(`${'x'.repeat(999)}…`);
  });
});

describe('conversations that are stuck', () => {
  it('are told by the run that found them so', () => {
    const open = [
      { projectId: 20, parkedBy: 'run-now' },
      { projectId: 3, parkedBy: 'run-now' },
      { projectId: 20, parkedBy: 'run-now' },
      { projectId: 4, parkedBy: 'run-earlier' },
      { projectId: 5, parkedBy: undefined },
    ];
    const notices = told({ status: 'partial' }, { open });
    expect(kinds(notices)).toEqual(['run_partial', 'conversations_stuck']);
    expect(notices[1]).toMatchObject({
      ...{ severity: 'error', next: 'runs run-now', stuck: { conversations: 3, projectIds: [3, 20] } },
    });
    expect(told({}, { open: open.slice(3) })).toEqual([]);
  });
});

describe('a protection that matches nothing any more', () => {
  const vip: Protection = { kind: 'rule', name: 'vip', matched: 0, before: 12 };
  const hold: Protection = { kind: 'hold', name: 'hold-x', matched: 0, before: 1 };

  it('is told once', () => {
    const protections = [vip, hold];
    expect(told({}, { protections, protectionsBefore: [{ ...vip, matched: 12 }, hold] })).toMatchObject([
      { kind: 'protection_unmatched', severity: 'warning', unmatched: [vip], next: 'plan --show plan-now' },
    ]);
    expect(told({}, { protections, protectionsBefore: protections })).toEqual([]);
    expect(told({ planId: undefined }, { protections })).toMatchObject([
      { unmatched: protections, next: 'runs run-now' },
    ]);
  });

  it('is no news where it never matched, or still does', () => {
    const protections = [
      { ...vip, before: undefined },
      { ...hold, matched: 1 },
    ];
    expect(told({}, { protections })).toEqual([]);
  });

  it('is not named where its name is that of a project', () => {
    const one: Protection = { kind: 'exclude', name: 'Jane Doe', matched: 0, before: 1 };
    const notices = told({}, { protections: [one, { ...one, name: '1234' }] });
    expect(notices[0]?.unmatched?.map(({ name }) => name)).toEqual(['…', '1234']);
  });
});

describe('what is no end of a run', () => {
  it('is told with what to do next', () => {
    expect(policiesBroken(AT, 'a.yaml: "x" is wrong')).toEqual({
      ...{ kind: 'policies_broken', severity: 'error', at: AT },
      ...{ problem: 'a.yaml: "…" is wrong', next: 'validate' },
    });
    expect(auditBroken(AT, 'entry 5 is missing')).toMatchObject({
      ...{ kind: 'audit_broken', severity: 'error', problem: 'entry 5 is missing', next: 'audit verify' },
    });
    expect(testNotice(AT)).toMatchObject({ kind: 'test', severity: 'info' });
  });

  it('is of a kind that is listed, as every notice is', () => {
    expect(new Set(NOTICE_KINDS).size).toBe(NOTICE_KINDS.length);
  });
});
