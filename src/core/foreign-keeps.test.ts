import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Conversation, LastMessage, Project } from './conversation.ts';
import { createDecider } from './decide.ts';
import { foreignKeepsIn, mayCover, restsOnForeignKeeps, withForeignKeeps } from './foreign-keeps.ts';
import { compileNameTest } from './name-match.ts';
import type { Limits, ProjectSelector, Rule } from './policy.ts';
import type { AgeClock, Selector } from './selector.ts';
import { NO_HOLDS } from './hold.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const DAY = 86_400_000;
const PROJECT: Project = { id: 1, name: 'Support' };
const UNREAD: LastMessage = { state: 'unread' };
const LIMITS = { minAge: { amount: 1, unit: 'd' } } as unknown as Limits;

const older = (amount: number, clock: AgeClock = 'created'): Selector => ({
  kind: 'older_than',
  duration: { amount, unit: 'd' },
  clock,
});

function named(pattern: string): Selector {
  const compiled = compileNameTest('glob', pattern);
  if (!compiled.ok) throw new Error(compiled.problem);
  return { kind: 'name', matchers: [compiled.matcher] };
}

const keep = (name: string, selector: Selector, binds: Rule['binds'] = 'every_policy'): Rule => ({
  ...{ name, selector, action: 'keep', binds },
});
const drop = (name: string, selector: Selector): Rule => ({
  ...{ name, selector, action: 'delete', binds: 'every_policy' },
});

function projects(part: Partial<ProjectSelector> = {}): ProjectSelector {
  const all = {
    includes: () => true,
    includedBy: () => '*',
    include: ['*'],
    exclude: [],
    excludeEntries: [],
  };
  const given = { ...all, released: new Set<number>(), allowUnmatched: new Set<string>(), ...part };
  return { includesForKeeps: given.includes, ...given };
}

function policy(name: string, rules: readonly Rule[], part: Partial<ProjectSelector> = {}) {
  return { name, rules, projects: projects(part) };
}

function conversation(facts: Partial<Conversation> = {}): Conversation {
  return {
    projectId: 1,
    sessionId: 'session-0001',
    name: 'VIP Anna',
    createdAt: NOW - 100 * DAY,
    updatedAt: NOW - 50 * DAY,
    createdBy: 'anonymous',
    ...facts,
  };
}

/** What is decided of a conversation that the own policy would delete. */
function decide(
  others: readonly ReturnType<typeof policy>[],
  facts: Partial<Conversation> = {},
  lastMessage: LastMessage = UNREAD,
) {
  const own = createDecider({ rules: [drop('old', older(90))], limits: LIMITS }, NO_HOLDS, NOW);
  const keeps = foreignKeepsIn(others, PROJECT, NOW);
  const step = withForeignKeeps(own, keeps, () => undefined).decide(conversation(facts), lastMessage);
  if (step.kind !== 'decided') return step.kind;
  const { verdict, rule, reason } = step.decision;
  return { verdict, rule, reason };
}

const VIP = keep('vip', named('VIP*'));
const KEPT = { verdict: 'keep', rule: 'vip of policy b', reason: 'rule vip of policy b keeps it' };
const DELETED = { verdict: 'delete', rule: 'old', reason: 'rule old matches' };

describe('what the first matching rule of another policy keeps is not deleted', () => {
  test.for<[string, readonly Rule[], Partial<Conversation>, object]>([
    ['a keep that matches', [VIP], {}, KEPT],
    ['a keep that does not match', [VIP], { name: 'Bo' }, DELETED],
    ['a keep behind a delete that matches first', [drop('all', older(1)), VIP], {}, DELETED],
    ['a keep behind a delete that does not match', [drop('all', older(400)), VIP], {}, KEPT],
    [
      'a keep behind a delete of which nobody can tell',
      [drop('of-somebody', { kind: 'created_by', users: new Set(['7']) }), VIP],
      { createdBy: undefined },
      KEPT,
    ],
    [
      'a keep of which nobody can tell',
      [VIP],
      { name: undefined },
      {
        verdict: 'unknown',
        rule: 'vip of policy b',
        reason: 'rule vip of policy b needs its name, which is unknown',
      },
    ],
    ['a keep of everything', [keep('rest', { kind: 'everything' })], {}, DELETED],
    ['a keep that binds its own policy', [keep('vip', named('VIP*'), 'this_policy')], {}, DELETED],
    [
      'a keep behind one that binds its own policy and matches first',
      [keep('a', named('*Anna'), 'this_policy'), VIP],
      {},
      DELETED,
    ],
    [
      'a keep behind one that binds its own policy, of which nobody can tell',
      [keep('a', { kind: 'created_by', users: new Set(['7']) }, 'this_policy'), VIP],
      { createdBy: undefined },
      KEPT,
    ],
    ['no keep at all', [drop('all', older(1))], {}, DELETED],
  ])('%s', ([, rules, facts, expected]) => {
    expect(decide([policy('b', rules)], facts)).toEqual(expected);
  });

  test('only what would be deleted is asked about', () => {
    const own = createDecider({ rules: [drop('old', older(365))], limits: LIMITS }, NO_HOLDS, NOW);
    const keeps = { ask: () => expect.unreachable() };
    const step = withForeignKeeps(own, keeps, () => undefined).decide(conversation(), UNREAD);
    expect(step).toMatchObject({ decision: { verdict: 'keep', rule: null } });
  });

  test('the age is that of the own rule', () => {
    const own = createDecider({ rules: [drop('old', older(10, 'updated'))], limits: LIMITS }, NO_HOLDS, NOW);
    const keeps = foreignKeepsIn([policy('b', [VIP])], PROJECT, NOW);
    const step = withForeignKeeps(own, keeps, () => undefined).decide(conversation(), UNREAD);
    expect(step).toMatchObject({ decision: { rule: 'vip of policy b', ageDays: 50 } });
  });
});

describe('newest messages are read only where they can change the answer', () => {
  const ACTIVE = keep('active', { kind: 'not', of: older(30, 'last_message') });
  const IDLE = drop('idle', older(30, 'last_message'));
  const read = (days: number): LastMessage => ({ state: 'read', at: NOW - days * DAY });

  test.each<[string, readonly (readonly Rule[])[], object | string]>([
    ['a keep that needs it', [[ACTIVE]], 'needs_last_message'],
    ['a keep behind a delete that needs it', [[IDLE, VIP]], 'needs_last_message'],
    ['a delete that needs it, and no keep behind it that matches', [[IDLE, keep('b', named('Bo'))]], DELETED],
    ['a delete that needs it, alone', [[IDLE]], DELETED],
    ['a keep that needs it behind a delete that matches', [[drop('all', older(1)), ACTIVE]], DELETED],
    ['another policy keeps it anyway', [[ACTIVE], [VIP]], { ...KEPT, ...named2('c') }],
  ])('%s', (_, policies, expected) => {
    expect(decide(policies.map((rules, index) => policy('bc'.charAt(index), rules)))).toEqual(expected);
  });

  function named2(name: string) {
    return { rule: `vip of policy ${name}`, reason: `rule vip of policy ${name} keeps it` };
  }

  test('what it says decides', () => {
    expect(decide([policy('b', [ACTIVE])], {}, read(5))).toMatchObject({ rule: 'active of policy b' });
    expect(decide([policy('b', [ACTIVE])], {}, read(50))).toEqual(DELETED);
    expect(decide([policy('b', [IDLE, VIP])], {}, read(50))).toEqual(DELETED);
    expect(decide([policy('b', [IDLE, VIP])], {}, read(5))).toEqual(KEPT);
    expect(decide([policy('b', [ACTIVE])], {}, { state: 'read', at: undefined })).toMatchObject({
      verdict: 'unknown',
    });
  });

  const isDeleted = (decided: ReturnType<typeof decide>): boolean =>
    typeof decided === 'object' && decided.verdict === 'delete';

  test('read once, there is always an answer, and no reading changes one that was there before', () => {
    const rules = fc.array(
      fc.constantFrom(VIP, ACTIVE, IDLE, drop('all', older(1)), keep('w', named('VIP*'), 'this_policy')),
      { maxLength: 4 },
    );
    const at = fc.constantFrom(undefined, NOW - 5 * DAY, NOW - 50 * DAY);
    fc.assert(
      fc.property(fc.array(rules, { maxLength: 3 }), at, (all, newest) => {
        const others = all.map((list, index) => policy(`p${index}`, list));
        const before = decide(others);
        const after = decide(others, {}, { state: 'read', at: newest });
        expect(after).not.toBe('needs_last_message');
        if (before !== 'needs_last_message') expect(isDeleted(after)).toBe(isDeleted(before));
      }),
    );
  });
});

describe('a foreign policy', () => {
  const NAMELESS: Project = { id: 1, name: undefined };
  const byId = { written: '1', kind: 'id', matches: ({ id }: Project) => id === 1 } as const;

  test.for<[string, Project, Partial<ProjectSelector>, boolean]>([
    ['that covers the project', PROJECT, {}, true],
    ['that does not', PROJECT, { includes: () => false }, false],
    [
      'that spells its name in another case',
      PROJECT,
      { includes: () => false, includesForKeeps: () => true },
      true,
    ],
    ['whose patterns a project without a name may match', NAMELESS, { includes: () => false }, true],
    [
      'that names other ids than that of a project without a name',
      NAMELESS,
      { includes: () => false, include: ['2'] },
      false,
    ],
    [
      'that excludes a project without a name by its id',
      NAMELESS,
      { includes: () => false, excludeEntries: [byId] },
      false,
    ],
  ])('%s', ([, project, part, expected]) => {
    expect(mayCover(policy('b', [], part), project)).toBe(expected);
  });

  test('keeps nothing where it does not look', () => {
    expect(decide([policy('b', [VIP], { includes: () => false })])).toEqual(DELETED);
  });
});

test('each rule that was asked is told once, when there is an answer', () => {
  const told: unknown[] = [];
  const own = createDecider({ rules: [drop('old', older(90))], limits: LIMITS }, NO_HOLDS, NOW);
  const others = [
    policy('b', [keep('bo', named('Bo')), keep('idle', older(30, 'last_message'))]),
    policy('c', [VIP, keep('late', named('*'))]),
  ];
  const decider = withForeignKeeps(own, foreignKeepsIn(others, PROJECT, NOW), ({ answer }) =>
    told.push(answer?.asked),
  );
  decider.decide(conversation({ name: 'Carl' }), UNREAD);
  expect(told).toEqual([
    [
      { policy: 'b', rule: 'bo', truth: 'no' },
      { policy: 'c', rule: 'vip', truth: 'no' },
      { policy: 'c', rule: 'late', truth: 'yes' },
    ],
  ]);
  decider.decide(conversation(), { state: 'read', at: NOW - 5 * DAY });
  expect(told).toHaveLength(2);
  expect(told[1]).toEqual([
    { policy: 'b', rule: 'bo', truth: 'no' },
    { policy: 'b', rule: 'idle', truth: 'no' },
    { policy: 'c', rule: 'vip', truth: 'yes' },
  ]);
});

test('the deletions rest on what the keeps of others look at, and the rules before them', () => {
  const rests = (...rules: readonly Rule[]) => restsOnForeignKeeps([{ rules }]);
  expect(restsOnForeignKeeps([])).toEqual({ listed: false, lastMessage: false });
  expect(rests(VIP)).toEqual({ listed: true, lastMessage: false });
  expect(rests(drop('idle', older(9, 'last_message')), VIP)).toEqual({ listed: true, lastMessage: true });
  expect(rests(VIP, drop('idle', older(9, 'last_message'))).lastMessage).toBe(false);
  expect(rests(drop('idle', older(9, 'last_message')))).toEqual({ listed: false, lastMessage: false });
});
