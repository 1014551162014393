import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Conversation } from './conversation.ts';
import { createDecider, restsOnChangeableTraits } from './decide.ts';
import { between, latestOf, type Instant } from './instant.ts';
import { compileNameTest } from './name-match.ts';
import type { Limits, Rule } from './policy.ts';
import type { Selector } from './selector.ts';
import { HoldIndex, NO_HOLDS } from './hold.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const DAY = 86_400_000;
const LIMITS: Limits = {
  maxDeletions: 1,
  maxPercent: 1,
  percentAppliesFrom: 1,
  maxPerDay: 1,
  maxPerWeek: 1,
  whenExceeded: 'refuse',
  minAge: { amount: 1, unit: 'd' },
};

function rule(name: string, selector: Selector, action: Rule['action'] = 'delete'): Rule {
  return { name, selector, action, binds: 'this_policy' };
}

function named(pattern: string): Selector {
  const compiled = compileNameTest('glob', pattern);
  if (!compiled.ok) throw new Error(compiled.problem);
  return { kind: 'name', matchers: [compiled.matcher] };
}

const OLD: Selector = { kind: 'older_than', duration: { amount: 90, unit: 'd' }, clock: 'created' };
const IDLE: Selector = { kind: 'older_than', duration: { amount: 90, unit: 'd' }, clock: 'last_message' };
const UPDATED: Selector = { kind: 'older_than', duration: { amount: 90, unit: 'd' }, clock: 'updated' };

describe('what a decision rests on', () => {
  const rules = [rule('vip', named('VIP*'), 'keep'), rule('idle', IDLE), rule('old', OLD)];

  test.each([
    ['vip', { listed: true, lastMessage: false }],
    ['idle', { listed: true, lastMessage: true }],
    ['old', { listed: true, lastMessage: true }],
    [null, { listed: true, lastMessage: true }],
    ['no such rule', { listed: true, lastMessage: true }],
  ])('of rule %s', (name, expected) => {
    expect(restsOnChangeableTraits({ rules }, name)).toEqual(expected);
  });

  test('age since creation rests on nothing that changes, age since the update does', () => {
    expect(restsOnChangeableTraits({ rules: [rule('old', OLD)] }, 'old')).toEqual({
      listed: false,
      lastMessage: false,
    });
    expect(restsOnChangeableTraits({ rules: [rule('quiet', UPDATED)] }, 'quiet').listed).toBe(true);
  });
});

describe('decisions', () => {
  const exact = fc.integer({ min: NOW - 400 * DAY, max: NOW + 2 * DAY });
  const rough = fc.tuple(exact, fc.nat(2 * DAY)).map(([from, width]) => between(from, from + width));
  const date = fc.option(fc.oneof(exact, rough), { nil: undefined });
  const conversation = fc.record({
    projectId: fc.constant(1),
    sessionId: fc.constantFrom('session-0001', 'session-0002'),
    name: fc.option(fc.constantFrom('VIP', 'test-1', 'other', ''), { nil: undefined }),
    createdAt: date,
    updatedAt: date,
    createdBy: fc.option(fc.constantFrom('anonymous', '12'), { nil: undefined }),
  });
  const leaf: fc.Arbitrary<Selector> = fc.constantFrom<Selector>(
    OLD,
    IDLE,
    UPDATED,
    named('VIP*'),
    named('test-*'),
    { kind: 'created_by', users: new Set(['12']) },
    { kind: 'everything' },
  );
  const selector = fc.oneof(
    leaf,
    fc
      .tuple(fc.constantFrom('any' as const, 'all' as const), fc.array(leaf, { minLength: 1, maxLength: 3 }))
      .map(([kind, of]): Selector => ({ kind, of })),
    leaf.map((of): Selector => ({ kind: 'not', of })),
  );
  const rules = fc
    .array(fc.tuple(selector, fc.constantFrom('keep' as const, 'delete' as const)), {
      minLength: 1,
      maxLength: 4,
    })
    .map((list) => list.map(([of, action], index) => rule(`rule-${index}`, of, action)));

  test('are exactly one for each conversation once the newest message is read', () => {
    fc.assert(
      fc.property(rules, conversation, date, (list, row: Conversation, lastMessageAt) => {
        const decider = createDecider({ rules: list, limits: LIMITS }, NO_HOLDS, NOW);
        const read = decider.decide(row, { state: 'read', at: lastMessageAt });
        expect(read.kind).toBe('decided');
        const unread = decider.decide(row, { state: 'unread' });
        // What is decided without the newest message is decided the same with it.
        if (unread.kind === 'decided' && read.kind === 'decided') {
          expect(unread.decision.verdict).toBe(read.decision.verdict);
          expect(unread.decision.rule).toBe(read.decision.rule);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('never delete what has no creation date, is younger than min_age, or is held', () => {
    const hold = { holdId: 'h', projectId: 1, sessionId: 'session-0002', matter: 'M', untilAt: undefined };
    fc.assert(
      fc.property(rules, conversation, date, (list, row: Conversation, lastMessageAt) => {
        const step = createDecider({ rules: list, limits: LIMITS }, new HoldIndex([hold]), NOW).decide(row, {
          state: 'read',
          at: lastMessageAt,
        });
        if (step.kind !== 'decided' || step.decision.verdict !== 'delete') return;
        expect(latestOf(row.createdAt ?? NOW)).toBeLessThan(NOW - DAY);
        expect(row.sessionId).toBe('session-0001');
      }),
      { numRuns: 1000 },
    );
  });

  test('of a policy by age never keep what is older than something they delete', () => {
    const decider = createDecider({ rules: [rule('old', OLD)], limits: LIMITS }, NO_HOLDS, NOW);
    const verdictAt = (createdAt: number): string => {
      const row = {
        projectId: 1,
        sessionId: 's',
        name: 'n',
        createdAt,
        updatedAt: createdAt,
        createdBy: 'anonymous',
      };
      const step = decider.decide(row, { state: 'unread' });
      return step.kind === 'decided' ? step.decision.verdict : step.kind;
    };
    fc.assert(
      fc.property(fc.nat(400 * DAY), fc.nat(400 * DAY), (age, more) => {
        if (verdictAt(NOW - age) === 'delete') expect(verdictAt(NOW - age - more)).toBe('delete');
      }),
    );
  });
});

describe('what a decision says', () => {
  const BARE: Conversation = {
    projectId: 1,
    sessionId: 'session-0001',
    name: undefined,
    createdAt: undefined,
    updatedAt: undefined,
    createdBy: undefined,
  };
  const FULL: Conversation = {
    ...BARE,
    ...{ name: 'n', createdBy: '12', createdAt: NOW - 300 * DAY, updatedAt: NOW - 200 * DAY },
  };
  const AROUND = between(NOW - 91 * DAY, NOW - 89 * DAY);
  const WORDS = 'between 2025-11-30 12:00 and 2025-12-02 12:00 UTC';
  const BY_USER: Selector = { kind: 'created_by', users: new Set(['12']) };

  function decide(selector: Selector, row: Conversation, lastMessageAt?: Instant) {
    const decider = createDecider({ rules: [rule('r', selector)], limits: LIMITS }, NO_HOLDS, NOW);
    const step = decider.decide(row, { state: 'read', at: lastMessageAt });
    return step.kind === 'decided' ? step.decision : undefined;
  }

  test.each<[string, Selector, Conversation, string]>([
    ['name', named('a*'), BARE, 'name'],
    ['creator', BY_USER, BARE, 'creator'],
    ['creation date', OLD, BARE, 'creation date'],
    ['update date', UPDATED, { ...FULL, updatedAt: undefined }, 'update date'],
    ['update date in the future', UPDATED, { ...FULL, updatedAt: NOW + 1 }, 'update date'],
    ['newest message', IDLE, FULL, "newest message's date"],
    [
      'name alone of two facts',
      { kind: 'all', of: [named('a*'), BY_USER] },
      { ...FULL, name: undefined },
      'name',
    ],
    [
      'creator alone of two facts',
      { kind: 'all', of: [named('n'), BY_USER] },
      { ...FULL, createdBy: undefined },
      'creator',
    ],
    [
      'name beside a known age',
      { kind: 'all', of: [named('a*'), OLD] },
      { ...FULL, name: undefined },
      'name',
    ],
    [
      'everything',
      { kind: 'all', of: [named('a*'), BY_USER, OLD] },
      BARE,
      'name and creator and creation date',
    ],
  ])('without its %s is what is missing, and nothing else', (...[, selector, row, missing]) => {
    expect(decide(selector, row)).toMatchObject({
      verdict: 'unknown',
      reason: `rule r needs its ${missing}, which is unknown`,
    });
  });

  test.each<[string, Selector, Conversation, string]>([
    ['creation', OLD, { ...FULL, createdAt: AROUND }, `creation date, which lies ${WORDS}`],
    ['update', UPDATED, { ...FULL, updatedAt: AROUND }, `update date, which lies ${WORDS}`],
    [
      'creation, below an update',
      UPDATED,
      { ...FULL, createdAt: AROUND },
      `creation date, which lies ${WORDS}`,
    ],
    [
      'creation, beside a name that is missing',
      { kind: 'all', of: [named('a*'), OLD] },
      { ...BARE, createdAt: AROUND },
      `name, which is unknown, and its creation date, which lies ${WORDS}`,
    ],
  ])('says between what the %s lies where that decides nothing', (...[, selector, row, needs]) => {
    expect(decide(selector, row)).toMatchObject({ verdict: 'unknown', reason: `rule r needs its ${needs}` });
  });

  test('says of a match, too, on what rough date it rests, and counts the age from its later end', () => {
    const createdAt = between(NOW - 101 * DAY, NOW - 100 * DAY);
    expect(decide(OLD, { ...FULL, createdAt })).toMatchObject({
      verdict: 'delete',
      reason: 'rule r matches (creation date between 2025-11-20 12:00 and 2025-11-21 12:00 UTC)',
      ageDays: 100,
    });
    const message = between(NOW - 101 * DAY, NOW - 100 * DAY);
    expect(decide(IDLE, FULL, message)?.reason).toMatch(/^rule r matches \(newest message's date between /);
  });

  test.each([
    ['reaches into min_age', between(NOW - 2 * DAY, NOW - DAY), 'keep', 1],
    ['reaches into the future', between(NOW - 2 * DAY, NOW + DAY), 'keep', 0],
    ['begins in the future', between(NOW + 1, NOW + DAY), 'unknown', null],
    ['ends before min_age', between(NOW - 2 * DAY, NOW - DAY - 1), 'delete', 1],
  ])('whose creation %s', (...[, createdAt, verdict, ageDays]) => {
    expect(decide({ kind: 'everything' }, { ...FULL, createdAt })).toMatchObject({ verdict, ageDays });
  });

  test.each<[string, Selector, number | undefined, number | null]>([
    ['creation', OLD, undefined, 300],
    ['update', UPDATED, undefined, 200],
    ['newest message', IDLE, NOW - 100 * DAY, 100],
    ['creation, where the rule has no age', named('n'), undefined, 300],
  ])('counts the age from the %s', (...[, selector, lastMessageAt, ageDays]) => {
    expect(decide(selector, FULL, lastMessageAt)).toMatchObject({ verdict: 'delete', ageDays });
  });

  test('counts the age of what is held from its creation', () => {
    const hold = { holdId: 'h', projectId: 1, sessionId: undefined, matter: 'M', untilAt: undefined };
    const decider = createDecider({ rules: [rule('r', OLD)], limits: LIMITS }, new HoldIndex([hold]), NOW);
    expect(decider.decide(FULL, { state: 'unread' })).toEqual({
      kind: 'decided',
      decision: { verdict: 'held', rule: null, reason: 'held for M', ageDays: 300 },
    });
  });

  test.each([
    ['created this very instant', NOW, { verdict: 'keep', reason: 'younger than min_age 1d', ageDays: 0 }],
    ['created a millisecond from now', NOW + 1, { verdict: 'unknown', ageDays: null }],
    ['exactly min_age old', NOW - DAY, { verdict: 'keep', reason: 'younger than min_age 1d', ageDays: 1 }],
    ['a millisecond older', NOW - DAY - 1, { verdict: 'delete', reason: 'rule r matches', ageDays: 1 }],
  ])('keeps or deletes what is %s', (_, createdAt, expected) => {
    expect(decide({ kind: 'everything' }, { ...FULL, createdAt })).toMatchObject(expected);
  });
});
