import { describe, expect, it } from 'vitest';
import { compileNameTest } from '../core/name-match.ts';
import type { Policy, Rule } from '../core/policy.ts';
import type { Selector } from '../core/selector.ts';
import { policyInWords, selectorInWords } from './policy-words.ts';

function contains(text: string): Selector {
  const compiled = compileNameTest('contains', text);
  if (!compiled.ok) throw new Error(compiled.problem);
  return { kind: 'name', matchers: [compiled.matcher] };
}
const older: Selector = { kind: 'older_than', duration: { amount: 90, unit: 'd' }, clock: 'created' };
const EVERYTHING: Selector = { kind: 'everything' };
const rule = (name: string, selector: Selector, action: Rule['action'] = 'delete'): Rule => ({
  name,
  selector,
  action,
});

function policy(changes: Partial<Policy> = {}): Policy {
  return {
    name: 'p',
    description: undefined,
    mode: 'dry-run',
    schedule: undefined,
    projects: { includes: () => true, include: ['*'], exclude: [] },
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
    hash: '',
    path: '/p.yaml',
    ...changes,
  };
}
const words = (changes: Partial<Policy> = {}): string => policyInWords(policy(changes)).join('\n');

describe('selectorInWords', () => {
  it.each<[Selector, string]>([
    [EVERYTHING, 'of every kind'],
    [older, 'created more than 90 days ago'],
    [{ ...older, clock: 'updated' }, 'last updated more than 90 days ago'],
    [{ ...older, clock: 'last_message' }, 'whose newest message was written more than 90 days ago'],
    [contains('VIP'), 'whose name contains VIP'],
    [
      { kind: 'name', matchers: ['a', 'b'].map((w) => ({ test: () => true, words: `matches ${w}` })) },
      'whose name (matches a or matches b)',
    ],
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
          projects: { includes: () => true, include: ['1', 'a*'], exclude: ['2'] },
          rules: [rule('vip', contains('VIP'), 'keep'), rule('old', older)],
          concurrency: 1,
        }),
      ),
    ).toEqual([
      'Policy p is enforced: run and serve delete what it plans.',
      'Old ones go.',
      'It runs at 03:30, Monday through Friday (Europe/Berlin).',
      'It looks at the projects 1 and a*, except 2.',
      'Rule 1, vip, keeps conversations whose name contains VIP.',
      'Rule 2, old, deletes conversations created more than 90 days ago.',
      'What no rule matches is kept, and so is what a rule cannot be sure about.',
      'It deletes at most 1,000 conversations a run, 3,000 a day and 10,000 in seven days; a run with more is refused as a whole.',
      'A run is refused, too, when a project would lose more than 50 % of its conversations, counted once it would lose at least 20; those that would lose fewer are judged together, as one.',
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
    expect(words({ limits: { ...policy().limits, maxDeletions: 0 } })).toContain('It may delete nothing');
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
