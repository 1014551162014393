import { describe, expect, it } from 'vitest';
import { NO_FINDINGS, type Protection } from '../core/findings.ts';
import type { Verdict } from '../core/verdict.ts';
import { RuleTotals } from './rule-totals.ts';

function totals(...rows: readonly (readonly [Verdict, string | null])[]): RuleTotals {
  const made = new RuleTotals();
  for (const [verdict, rule] of rows) made.add({ verdict, rule });
  return made;
}

function planWith(...protections: readonly Protection[]) {
  return { findings: { ...NO_FINDINGS, protections } };
}

const vip: Protection = { kind: 'rule', name: 'vip', matched: 3, before: undefined };

describe('totals by rule', () => {
  it('stand in one table, keep rules by what the plan counted', () => {
    const made = totals(
      ...(['delete', 'delete', 'unknown'] as const).map((verdict) => [verdict, 'old'] as const),
      ['unknown', 'vip'],
      ['held', null],
      ['unknown', null],
    );
    const plan = planWith(
      vip,
      { ...vip, name: 'mine of policy b', matched: 0 },
      { ...vip, kind: 'hold', name: 'h' },
    );
    expect(made.lines(plan, {})).toEqual([
      'RULE                               WOULD DELETE       HELD    UNKNOWN      KEEPS',
      'old                                           2                     1',
      'vip                                                                 1          3',
      '(held)                                                   1',
      '(no rule)                                                           1',
      'mine of policy b                                                               0',
    ]);
  });

  it('are said of a single rule, too, and of nothing not at all', () => {
    expect(totals(['delete', 'old']).lines(planWith(), {})).toHaveLength(2);
    expect(totals().lines(planWith(), {})).toEqual([]);
    expect(totals().lines(planWith(vip), {})).toHaveLength(2);
  });

  it('count what is merely kept where it has rows', () => {
    const [, row] = totals(['keep', 'a'], ['keep', 'a']).lines(planWith(), { columns: 120 });
    expect(row).toMatch(/^a +2$/);
  });
});
