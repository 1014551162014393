import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Project } from './conversation.ts';
import { compileNameTest } from './name-match.ts';
import { NearMissWatch, looselyFits, protectivePatterns } from './near-miss.ts';
import type { ProjectSelector, Rule } from './policy.ts';
import type { NameMatcher, NameTest, Selector } from './selector.ts';
import { cpuMs } from '../../test/support/cpu-time.ts';

const PROJECT: Project = { id: 7, name: 'Support' };

function matcher(how: NameTest, pattern: string): NameMatcher {
  const compiled = compileNameTest(how, pattern);
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.matcher;
}

const named = (pattern: string, how: NameTest = 'glob'): Selector => ({
  kind: 'name',
  matchers: [matcher(how, pattern)],
});
const not = (of: Selector): Selector => ({ kind: 'not', of });
const rule = (name: string, selector: Selector, action: Rule['action'] = 'keep'): Rule => ({
  ...{ name, selector, action, binds: 'every_policy' },
});

function fits(how: NameTest, pattern: string, name: string): boolean {
  const wide = name.normalize('NFKC');
  return looselyFits({ how, pattern })({ wide, folded: wide.toLowerCase() });
}

describe('read loosely', () => {
  test.for<readonly [NameTest, string, string]>([
    ['contains', '*VIP*', 'VIP Anna'],
    ['contains', '%VIP%', 'a vip'],
    ['contains', '"VIP"', 'vip'],
    ['equals', 'VIP', 'VIP Anna'],
    ['starts_with', '^VIP', 'VIP Anna'],
    ['glob', 'VIP*, Key*', 'Key account'],
    ['glob', 'VIP*|Key*', 'the key account'],
    ['glob', 'VIP', 'vip anna'],
    ['glob', 'Legal*archive', 'old legal - Archive 2026'],
    ['glob', 'No?1', 'our no.1 client'],
    ['glob', '\\*VIP\\*', 'VIP'],
    ['glob', 'a\\*b', 'xa*by'],
    ['glob', 'ＶＩＰ*', 'vip anna'],
    ['glob', 'VIP*', 'ｖｉｐ anna'],
    ['glob', '“VIP*”', 'VIP Anna'],
    ['glob', '，法务｜', '甲法务乙'],
    ['glob', '⭐*', 'our ⭐ client'],
    ['glob', 'Re*', 'answer, re: invoice'],
    ['regex', '/^VIP.*/', 'VIP Anna'],
    ['regex', '^VIP', 'VIP Anna'],
    ['regex', '(VIP|Key)-\\d+', 'my key-12'],
    ['regex', '[A-Z]{3}-\\d+', 'case abc-12'],
    ['regex', '.*V\\.I\\.P.*', 'a v.i.p guest'],
  ])('%s %s fits %s', ([how, pattern, name]) => {
    expect(fits(how, pattern, name)).toBe(true);
  });

  test.for<readonly [NameTest, string, string]>([
    ['glob', '*-?', 'chat-1'],
    ['glob', '*.', 'a. b'],
    ['contains', ' - ', 'chat - 1'],
    ['contains', '*VIP*', 'order 1'],
    ['glob', 'Legal*archive', 'archive of legal'],
    ['glob', 'Re*', 'are you there'],
    ['glob', 'A', 'Anna'],
    ['glob', '***', 'anything'],
    ['glob', ' , | ', 'anything'],
    ['regex', '(VIP)?', 'anything'],
    ['regex', '.*', 'anything'],
    ['glob', '⭐*', 'no star'],
  ])('%s %s does not fit %s', ([how, pattern, name]) => {
    expect(fits(how, pattern, name)).toBe(false);
  });

  test('never throws, and is quick on a long name', () => {
    const how = fc.constantFrom<NameTest>('glob', 'equals', 'contains', 'starts_with', 'regex');
    fc.assert(
      fc.property(how, fc.string({ unit: 'binary', maxLength: 40 }), fc.string(), (kind, pattern, name) => {
        expect(typeof fits(kind, pattern, name)).toBe('boolean');
      }),
      { numRuns: 50 },
    );
    const long = (): void => {
      fits('regex', '(a+)+b', 'a'.repeat(10_000));
      fits('glob', `${'a*'.repeat(100)}b`, 'a'.repeat(10_000));
    };
    expect(cpuMs(long)).toBeLessThan(4_000);
  });
});

describe('protective patterns', () => {
  const written = (rules: readonly Rule[]): readonly string[] =>
    protectivePatterns({ rules }, []).map((one) => `${one.rule}: ${one.matcher.pattern}`);

  test('are those in keeps, and under not in deletions', () => {
    const all: Selector = { kind: 'all', of: [named('b*'), not(named('c*')), not(not(named('d*')))] };
    expect(written([rule('keep', all), rule('drop', all, 'delete')])).toEqual([
      'keep: b*',
      'keep: d*',
      'drop: c*',
    ]);
    expect(written([rule('x', { kind: 'everything' })])).toEqual([]);
    expect(written([rule('x', { kind: 'any', of: [named('e*'), named('f*')] })])).toEqual(['x: e*', 'x: f*']);
  });

  test('are also those of other policies, where these bind and look', () => {
    const selector: ProjectSelector = {
      ...{
        includes: ({ id }) => id === 7,
        includesForKeeps: ({ id }) => id === 7,
        includedBy: () => '7',
        include: ['7'],
        exclude: [],
        excludeEntries: [],
      },
      ...{ released: new Set<number>(), allowUnmatched: new Set<string>() },
    };
    const rules = [
      rule('vip', named('VIP')),
      { ...rule('own', named('own')), binds: 'this_policy' as const },
      rule('drop', not(named('spared')), 'delete'),
    ];
    const found = protectivePatterns({ rules: [] }, [{ name: 'b', rules, projects: selector }]);
    expect(found.map((one) => one.rule)).toEqual(['vip of policy b']);
    expect(found[0]?.isFor(PROJECT)).toBe(true);
    expect(found[0]?.isFor({ id: 8, name: 'x' })).toBe(false);
  });
});

describe('a near miss', () => {
  const watchOf = (...patterns: readonly string[]) =>
    new NearMissWatch(protectivePatterns({ rules: patterns.map((one) => rule('vip', named(one))) }, []));
  const row = (name: string | undefined, sessionId = 'session-0001') => ({ projectId: 7, sessionId, name });
  const MISS = { rule: 'vip', pattern: 'VIP*', projectId: 7, sessionId: 'session-0001' };

  test('is a conversation about to be deleted that fits a pattern which matches nothing', () => {
    const watch = watchOf('VIP*', 'Key*');
    const here = watch.inProject(PROJECT);
    here.see(row('order 1'), true);
    here.see(row('vip Bo', 'session-0000'), false);
    here.see(row('vip Anna'), true);
    here.see(row('vip Carl', 'session-0002'), true);
    here.see(row(undefined, 'session-0003'), true);
    expect(watch.found()).toEqual([]);
    here.end();
    expect(watch.found()).toEqual([MISS]);
  });

  test('is none once the pattern has matched something, before or after, kept or not', () => {
    for (const names of [
      ['VIP Bo', 'vip Anna'],
      ['vip Anna', 'VIP Bo'],
    ]) {
      const watch = watchOf('VIP*');
      const here = watch.inProject(PROJECT);
      for (const name of names) here.see(row(name), name === 'vip Anna');
      here.end();
      expect(watch.found()).toEqual([]);
    }
  });

  test('of a listing that began again counts only if it is seen again; a match counts all the same', () => {
    const watch = watchOf('VIP*', 'Key*');
    const here = watch.inProject(PROJECT);
    here.see(row('vip Anna'), true);
    here.see(row('Key account', 'session-0009'), false);
    here.restart();
    here.see(row('key account', 'session-0008'), true);
    here.end();
    expect(watch.found()).toEqual([]);
  });

  test('is looked for over all projects', () => {
    const watch = watchOf('VIP*');
    const first = watch.inProject(PROJECT);
    first.see(row('vip Anna'), true);
    first.end();
    const second = watch.inProject({ id: 8, name: 'other' });
    second.see({ ...row('vip Bo'), projectId: 8 }, true);
    second.end();
    expect(watch.found()).toEqual([MISS]);
    watch.inProject({ id: 9, name: 'third' }).see(row('VIP Carl'), false);
    expect(watch.found()).toEqual([]);
  });
});
