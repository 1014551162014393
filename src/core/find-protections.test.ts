import { describe, expect, test } from 'vitest';
import type { Conversation, LastMessage, Project } from './conversation.ts';
import { judgeExclusions } from './exclusions.ts';
import { findProtections, matchedNow, type KnownProtection } from './find-protections.ts';
import { stopInWords } from './findings.ts';
import { HoldIndex, NO_HOLDS, type Hold } from './hold.ts';
import { compileNameTest } from './name-match.ts';
import type { Sampled } from './plan.ts';
import type { Policy, ProjectSelector, Rule } from './policy.ts';
import { ProtectionWatch } from './protection-watch.ts';
import type { Selector } from './selector.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const DAY = 86_400_000;
const UNREAD: LastMessage = { state: 'unread' };
const ONE: Project = { id: 1, name: 'one' };
const TWO: Project = { id: 2, name: 'two' };

function named(...patterns: readonly string[]): Selector {
  const matchers = patterns.map((pattern) => {
    const compiled = compileNameTest('glob', pattern);
    if (!compiled.ok) throw new Error(compiled.problem);
    return compiled.matcher;
  });
  return { kind: 'name', matchers };
}
const ids = (...all: readonly string[]): Selector => ({ kind: 'session_ids', ids: new Set(all) });
const rule = (name: string, selector: Selector, action: Rule['action'] = 'keep'): Rule => ({
  ...{ name, selector, action, binds: 'every_policy' },
});
const OLD = rule(
  'old',
  { kind: 'older_than', duration: { amount: 90, unit: 'd' }, clock: 'created' },
  'delete',
);

function policy(name: string, rules: readonly Rule[]): Policy {
  const selector: ProjectSelector = {
    ...{
      includes: () => true,
      includesForKeeps: () => true,
      includedBy: () => '*',
      include: ['*'],
      exclude: [],
      excludeEntries: [],
    },
    ...{ released: new Set<number>(), allowUnmatched: new Set<string>() },
  };
  const limits = { minAge: { amount: 1, unit: 'd' } };
  return { name, rules, projects: selector, limits } as unknown as Policy;
}

type Rows = readonly (readonly [name: string | undefined, ageDays: number])[];

interface Given {
  readonly rules: readonly Rule[];
  readonly others?: readonly Policy[];
  readonly holds?: readonly Hold[];
  readonly rows: Rows;
  readonly sampled?: Sampled;
  readonly incomplete?: string;
  readonly known?: readonly KnownProtection[];
  /** Listed twice, and the first time for nothing. */
  readonly twice?: boolean;
}

function find({ rules, others = [], holds = [], rows, known = [], ...rest }: Given) {
  const watch = new ProtectionWatch({
    ...{ policy: policy('a', rules), others, now: NOW },
    holds: new HoldIndex(holds),
  });
  const here = watch.inProject(ONE);
  const list = (): void => {
    rows.forEach(([name, ageDays], index) => {
      const at = NOW - ageDays * DAY;
      const row: Conversation = {
        ...{ projectId: 1, sessionId: `session-000${index}`, name },
        ...{ createdAt: at, updatedAt: at, createdBy: 'anonymous' },
      };
      here.decide(row, UNREAD);
    });
  };
  list();
  if (rest.twice === true) {
    here.restart();
    list();
  }
  const { sampled, incomplete } = rest;
  here.end({ incomplete, ...(sampled === undefined ? {} : { sampled }) });
  const exclusions = judgeExclusions(policy('a', rules).projects, [ONE, TWO], []);
  return findProtections({ watched: watch.result(), exclusions, holds, visible: [ONE, TWO], known, others });
}

const hold = (holdId: string, projectId: number, sessionId?: string): Hold => ({
  ...{ holdId, projectId, sessionId, matter: 'M-1', untilAt: undefined },
});

describe('each keep rule says how often it matched', () => {
  const ROWS: Rows = [
    ['VIP Anna', 120],
    ['order 1', 120],
    ['order 2', 10],
    [undefined, 120],
  ];

  test('of what it was checked against', () => {
    const rules = [
      rule('vip', named('VIP*')),
      rule('orders', named('order*')),
      OLD,
      rule('late', named('x*')),
    ];
    const { protections, warnings } = find({ rules, rows: ROWS });
    expect(protections).toEqual([
      { kind: 'rule', name: 'vip', matched: 1, before: undefined },
      { kind: 'rule', name: 'orders', matched: 2, before: undefined },
      { kind: 'rule', name: 'late', matched: 0, before: undefined },
    ]);
    expect(warnings).toEqual([
      'keep rule late matched nothing: holds and earlier rules decide all of the 4 conversations listed',
    ]);
  });

  test('and none is said, louder where it was different before', () => {
    const rules = [rule('vip', named('KEY*')), OLD, rule('rest', { kind: 'everything' })];
    const said = 'keep rule vip matched none of the 2 conversations it was checked against';
    const rows = [...ROWS.slice(1, 3)];
    expect(find({ rules, rows }).warnings).toEqual([said]);
    expect(find({ rules, rows, twice: true }).warnings).toEqual([said]);
    const known = [{ kind: 'rule', name: 'vip', matched: 12, at: NOW - DAY }] as const;
    const louder = find({ rules, rows, known });
    expect(louder.warnings).toEqual([
      `Attention: ${said}; it matched 12 conversations in the plan of 2026-02-28T12:00:00.000Z, now none`,
    ]);
    expect(louder.protections[0]).toEqual({ kind: 'rule', name: 'vip', matched: 0, before: 12 });
    expect(matchedNow(louder).map(({ name }) => name)).toEqual(['rest']);
    expect(find({ rules, rows: [] }).warnings).toEqual([]);
  });

  test('what it leaves unknown is no reason to warn', () => {
    expect(find({ rules: [rule('vip', named('VIP*')), OLD], rows: [[undefined, 120]] }).warnings).toEqual([]);
  });

  test('those of other policies, of what would be deleted', () => {
    const others = [policy('b', [rule('vip', named('VIP*')), rule('none', named('none*'))])];
    const { protections, warnings, protectedIn } = find({ rules: [OLD], others, rows: ROWS.slice(0, 3) });
    expect(protections).toMatchObject([
      { name: 'vip of policy b', matched: 1 },
      { name: 'none of policy b', matched: 0 },
    ]);
    expect(warnings).toEqual([
      'keep rule none of policy b matched none of the 1 conversation it was checked against',
    ]);
    expect(protectedIn).toEqual([1]);
  });

  test('a policy of which the others leave nothing is told', () => {
    const others = [policy('b', [rule('all', named('*'))])];
    expect(find({ rules: [OLD], others, rows: ROWS.slice(0, 2) }).warnings).toEqual([
      'other policies keep all 2 conversations that this one would delete: rule all of policy b',
    ]);
    expect(find({ rules: [OLD], others, rows: ROWS, incomplete: 'cut off' }).warnings).toEqual([]);
  });

  test('session ids that no conversation listed has are named, the first few of them', () => {
    const many = Array.from({ length: 7 }, (_, index) => `missing-${index}`);
    const rules = [rule('court', ids('SESSION-0001', 'session-0009')), rule('many', ids(...many)), OLD];
    const { warnings } = find({ rules, rows: ROWS });
    expect(warnings.slice(-2)).toEqual([
      'rule court keeps session ids that none of the 4 conversations listed has: session-0009',
      `rule many keeps session ids that none of the 4 conversations listed has: ${many.slice(0, 5).join(', ')} and 2 more`,
    ]);
  });
});

describe('each hold says how much it covers', () => {
  const rows: Rows = [
    ['a', 120],
    ['b', 120],
  ];
  const holds = [
    hold('hold-project', 1),
    hold('hold-there', 1, 'SESSION-0001'),
    hold('hold-absent', 1, 'session-0009'),
    hold('hold-nowhere', 9),
    hold('hold-elsewhere', 2),
  ];

  test('and which covers nothing', () => {
    const { protections, warnings } = find({ rules: [OLD], holds, rows });
    expect(protections).toMatchObject([
      { kind: 'hold', name: 'hold-project', matched: 2 },
      { kind: 'hold', name: 'hold-there', matched: 1 },
      { kind: 'hold', name: 'hold-absent', matched: 0 },
      { kind: 'hold', name: 'hold-nowhere', matched: 0 },
    ]);
    expect(warnings).toEqual([
      'hold hold-absent covers nothing: project 1 was listed completely and has no conversation session-0009',
      'hold hold-nowhere covers nothing: the key sees no project 9',
    ]);
  });

  test('of a listing that stopped early, or failed, nothing is concluded', () => {
    const one = [hold('hold-absent', 1, 'session-0009')];
    expect(find({ rules: [OLD], holds: one, rows, sampled: { claimed: 5 } }).warnings).toEqual([]);
    expect(find({ rules: [OLD], holds: one, rows, incomplete: 'cut off' }).warnings).toEqual([]);
  });
});

test('a near miss stops the policy, unless the listing failed', () => {
  const given: Given = { rules: [rule('vip', named('VIP*')), OLD], rows: [['vip anna', 120]] };
  const { stops } = find(given);
  expect(stops.map(stopInWords)).toEqual([
    'near miss: rule vip protects names by "VIP*", which matches nothing as it stands, but read loosely fits conversation 1/session-0000, which would be deleted; correct the pattern',
  ]);
  expect(find({ ...given, incomplete: 'cut off' }).stops).toEqual([]);
  expect(find({ ...given, others: [policy('b', [rule('all', named('*'))])] }).stops).toEqual([]);
});

test('one of which nobody says that it is still there counts for nothing', () => {
  const watch = new ProtectionWatch({ policy: policy('a', [OLD]), others: [], holds: NO_HOLDS, now: NOW });
  const here = watch.inProject(ONE);
  here.confirm('session-none');
  here.end({ incomplete: undefined });
  expect(watch.result()).toMatchObject({ listed: 0, wouldDelete: 0, deletes: 0 });
});
