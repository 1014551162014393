import { describe, expect, it } from 'vitest';
import { compileNameTest } from '../core/name-match.ts';
import type { Policy, Rule } from '../core/policy.ts';
import type { NameMatcher, Selector } from '../core/selector.ts';
import { policyInWords, selectorInWords } from './policy-words.ts';

function containing(text: string): readonly NameMatcher[] {
  const compiled = compileNameTest('contains', text);
  if (!compiled.ok) throw new Error(compiled.problem);
  return [compiled.matcher];
}
function contains(text: string): Selector {
  return { kind: 'name', matchers: containing(text) };
}
const older: Selector = { kind: 'older_than', duration: { amount: 90, unit: 'd' }, clock: 'created' };
const EVERYTHING: Selector = { kind: 'everything' };
const rule = (name: string, selector: Selector, action: Rule['action'] = 'delete'): Rule => ({
  name,
  selector,
  action,
  binds: action === 'keep' ? 'every_policy' : 'this_policy',
});
const projects = (include: readonly string[], exclude: readonly string[] = []): Policy['projects'] => ({
  includes: () => true,
  includesForKeeps: () => true,
  includedBy: () => '*',
  include,
  exclude,
  excludeEntries: [],
  released: new Set(),
  allowUnmatched: new Set(),
});

function policy(changes: Partial<Policy> = {}): Policy {
  return {
    name: 'p',
    description: undefined,
    mode: 'dry-run',
    schedule: undefined,
    projects: projects(['*']),
    rules: [rule('old', older)],
    limits: {
      maxDeletions: 1000,
      maxPercent: 50,
      percentAppliesFrom: 20,
      maxPerDay: 3000,
      maxPerWeek: 10000,
      whenExceeded: 'refuse',
      minAge: { amount: 1, unit: 'd' },
    },
    concurrency: 4,
    source: new Uint8Array(),
    hash: '',
    path: '/p.yaml',
    ...changes,
  };
}
const words = (changes: Partial<Policy> = {}): string =>
  policyInWords(policy(changes), 'Europe/Paris').join('\n');

describe('selectorInWords', () => {
  it.each<[Selector, string]>([
    [EVERYTHING, 'of every kind'],
    [older, 'created more than 90 days ago'],
    [{ ...older, clock: 'updated' }, 'last updated more than 90 days ago'],
    [{ ...older, clock: 'last_message' }, 'whose newest message was written more than 90 days ago'],
    [contains('VIP'), 'whose name contains VIP'],
    [{ kind: 'name', matchers: ['a', 'b'].flatMap(containing) }, 'whose name (contains a or contains b)'],
    [{ kind: 'created_by', users: new Set(['anonymous', '7']) }, 'started by (anonymous visitors or user 7)'],
    [{ kind: 'created_by', users: new Set('1234567') }, 'started by one of 7 users'],
    [{ kind: 'session_ids', ids: new Set(['abc']) }, 'with session id abc'],
    [
      { kind: 'all', of: [older, { kind: 'any', of: [contains('a'), contains('b')] }] },
      'created more than 90 days ago and (whose name contains a or whose name contains b)',
    ],
    [{ kind: 'not', of: contains('VIP') }, 'other than those whose name contains VIP'],
    [
      { kind: 'not', of: { kind: 'all', of: [older, contains('a')] } },
      'other than those (created more than 90 days ago and whose name contains a)',
    ],
    [{ kind: 'any', of: [{ kind: 'all', of: [older] }] }, 'created more than 90 days ago'],
  ])('%#', (selector, expected) => {
    expect(selectorInWords(selector)).toBe(expected);
  });
});

describe('policyInWords', () => {
  it('tells the whole policy', () => {
    expect(
      policyInWords(
        policy({
          description: 'Old ones\n  go.',
          mode: 'enforce',
          schedule: { cron: '30 3 * * 1-5', timezone: 'Europe/Berlin' },
          projects: projects(['1', 'a*'], ['2']),
          rules: [rule('vip', contains('VIP'), 'keep'), rule('old', older)],
          concurrency: 1,
        }),
        'UTC',
      ),
    ).toEqual([
      'Policy p is enforced: run and serve delete what it plans.',
      'Old ones go.',
      'It runs at 03:30, Monday through Friday (Europe/Berlin).',
      'It looks at the projects 1 and a*, except 2.',
      'Rule 1, vip, keeps conversations whose name contains VIP.',
      'Rule 2, old, deletes conversations created more than 90 days ago.',
      'What no rule matches is kept, and so is what a rule cannot be sure about.',
      'No other policy of this folder deletes what vip keeps.',
      'It deletes at most 1,000 conversations a run, 3,000 a day and 10,000 in seven days (today and the six before, in Europe/Berlin); a run with more is refused as a whole.',
      'A run is refused when a project would lose more than 50 % of its conversations; projects that would lose fewer than 20 count together as one.',
      'Nothing created less than 1 day ago is deleted, whatever a rule says.',
      'At most 1 conversation is worked on at once.',
    ]);
  });

  it('says that a dry run deletes nothing, and that there is no schedule', () => {
    expect(words()).toContain('is a dry run: run and serve plan what it would delete, and delete nothing.');
    expect(words()).toContain('It has no schedule and runs only on command.');
    expect(words()).toContain('all projects the key can see.');
  });

  it('says when nothing can be deleted', () => {
    expect(words({ rules: [rule('all', EVERYTHING, 'keep')] })).toContain('No rule deletes anything.');
    for (const none of [{ maxDeletions: 0 }, { maxPercent: 0 }]) {
      expect(words({ limits: { ...policy().limits, ...none } })).toContain('It may delete nothing');
    }
  });

  it('says what the limits do', () => {
    const limits = (changes: Partial<Policy['limits']>): string =>
      words({ limits: { ...policy().limits, ...changes } });
    expect(limits({})).toContain('in Europe/Paris); a run with more is refused');
    expect(limits({ whenExceeded: 'oldest_first' })).toContain(
      '; if there are more, the oldest go first and the rest in later runs.',
    );
    expect(limits({ maxPercent: 100 })).toContain('may lose all of its conversations: max_percent is 100.');
    expect(limits({ percentAppliesFrom: 1 })).toContain('more than 50 % of its conversations.');
  });

  it('says whom keep rules bind', () => {
    const keeps = (binds: Rule['binds']): readonly Rule[] =>
      ['a', 'b'].map((name) => ({ ...rule(name, contains(name), 'keep'), binds }));
    expect(words({ rules: keeps('every_policy') })).toContain(
      'No other policy of this folder deletes what a and b keep.',
    );
    expect(words({ rules: keeps('this_policy') })).toContain('Other policies may delete what a and b keep.');
    expect(words({ rules: [rule('all', EVERYTHING, 'keep')] })).not.toContain('other polic');
  });

  it('says what was released and what need not match', () => {
    const changed = {
      ...projects(['*'], ['Old']),
      released: new Set([7, 8]),
      allowUnmatched: new Set(['Old']),
    };
    expect(words({ projects: changed })).toContain('Excluded once and released: 7 and 8.');
    expect(words({ projects: changed })).toContain('Of what it excludes, Old need not match any project.');
  });

  it('warns of rules that are never reached', () => {
    const all = rule('all', EVERYTHING);
    expect(words({ rules: [all, rule('vip', contains('VIP'), 'keep')] })).toContain(
      'Attention: vip is never reached, because all matches everything.',
    );
    expect(words({ rules: [all, rule('a', older), rule('b', older)] })).toContain(
      'a and b are never reached',
    );
    expect(words({ rules: [rule('a', older), all] })).not.toContain('Attention');
  });

  it('lets no pattern act on the terminal', () => {
    expect(words({ rules: [rule('x', contains('\u001b[31m\n'))] })).toContain('contains \\e[31m\\n.');
  });
});
