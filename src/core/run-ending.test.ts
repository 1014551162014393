import { describe, expect, test } from 'vitest';
import type { Fact } from './audit-entry.ts';
import { NO_OUTCOMES } from './outcome.ts';
import { endedAs, likeBefore } from './run-ending.ts';

const COUNTS = { listed: 9, kept: 0, held: 0, unknown: 0, planned: 9, deferred: 0, ...NO_OUTCOMES };

function ended(change: Partial<Parameters<typeof endedAs>[0]> = {}): string | undefined {
  return endedAs({ status: 'partial', counts: COUNTS, incomplete: 0, facts: {}, ...change });
}

describe('how a run ended', () => {
  test('is nothing for one that was completed', () => {
    expect(ended({ status: 'completed' })).toBeUndefined();
  });

  test.each([
    ['what was deleted', { counts: { ...COUNTS, verified: 7, planned: 12 } }],
    ['no facts', { facts: undefined }],
  ])('is the same whatever %s', (_, change) => {
    expect(ended(change)).toBe(ended());
  });

  test.each([
    ['status', { status: 'failed' }],
    ['unverified', { counts: { ...COUNTS, unverified: 1 } }],
    ['failed', { counts: { ...COUNTS, failed: 1 } }],
    ['skipped', { counts: { ...COUNTS, skipped: 1 } }],
    ['incomplete projects', { incomplete: 1 }],
    ['the kind of its problem', { facts: { problem: 'brake' } }],
    ['what is still open', { facts: { still_open: 2 } }],
    ['the limits that refused', { facts: { limits: [{ limit: 'max_percent', project_id: 7 }] } }],
  ] as const)('differs by %s', (_, change) => {
    expect(ended(change)).not.toBe(ended());
  });

  test('is the same for a limit that is passed a little further', () => {
    const by = (wanted: number, projectId: number | null = null) =>
      ended({
        status: 'refused',
        facts: { limits: [{ limit: 'max_deletions', wanted, allowed: 5, project_id: projectId }, {}] },
      });
    expect(by(6)).toBe(by(7));
    expect(by(6)).not.toBe(by(6, 1));
  });

  test('is told by what is known of what refused', () => {
    const by = (one: { readonly [key: string]: Fact }) =>
      ended({ status: 'refused', facts: { refused_by: [one] } });
    expect(by({ kind: 'near_miss' })).toBe(by({ kind: 'near_miss', rule: null, pattern: null }));
    expect(by({ kind: 'exclusion' })).toBe(
      by({ kind: 'exclusion', why: null, entry: null, project_id: null }),
    );
    expect(by({ kind: 'exclusion' })).not.toBe(by({ kind: 'near_miss' }));
  });

  test('is another for another protection that refused', () => {
    const by = (one: { readonly [key: string]: Fact }) =>
      ended({ status: 'refused', facts: { limits: [], refused_by: [one] } });
    const miss = { kind: 'near_miss', rule: 'vip', pattern: 'VIP*', project_id: 1, session_id: 'session-1' };
    const lost = { kind: 'exclusion', why: 'lost', entry: 'Legal*', project_id: 202 };
    expect(by(miss)).toBe(by({ ...miss, project_id: 2, session_id: 'session-2' }));
    expect(by(miss)).not.toBe(by({ ...miss, pattern: 'Vip*' }));
    expect(by(miss)).not.toBe(by(lost));
    expect(by(lost)).not.toBe(by({ ...lost, project_id: 203 }));
    expect(by(lost)).not.toBe(by({ ...lost, entry: 'Old*' }));
  });
});

describe('runs that ended alike', () => {
  const before = { endedAs: 'x', asBefore: 0, alikeSince: undefined, startedAt: 100 };

  test('are counted from the first of them', () => {
    expect(likeBefore('x', before)).toEqual({ asBefore: 1, alikeSince: 100 });
    expect(likeBefore('x', { ...before, asBefore: 3, alikeSince: 50 })).toEqual({
      asBefore: 4,
      alikeSince: 50,
    });
  });

  test.each([
    ['the first of all', 'x', undefined],
    ['another end', 'y', before],
    ['a completed run', undefined, before],
    ['a completed run behind another', undefined, { ...before, endedAs: undefined }],
  ])('begin anew with %s', (_, end, last) => {
    expect(likeBefore(end, last)).toEqual({ asBefore: 0, alikeSince: undefined });
  });
});
