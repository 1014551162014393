import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { compileNameTest, hasWildcard, LONGEST_PATTERN } from './name-match.ts';
import type { NameTest } from './selector.ts';

function test(...[how, pattern, name, ignoreCase = false]: [NameTest, string, string, boolean?]): boolean {
  const compiled = compileNameTest(how, pattern, { ignoreCase });
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.matcher.test(name);
}

function problem(how: NameTest, pattern: string): string {
  const compiled = compileNameTest(how, pattern);
  return compiled.ok ? '' : compiled.problem;
}

/** By backtracking, straight from the definition. */
function naiveGlob(pattern: readonly string[], name: readonly string[]): boolean {
  const [sign, ...rest] = pattern;
  if (sign === undefined) return name.length === 0;
  if (sign === '*') return naiveGlob(rest, name) || (name.length > 0 && naiveGlob(pattern, name.slice(1)));
  if (sign === '\\') return rest[0] === name[0] && naiveGlob(rest.slice(1), name.slice(1));
  return name.length > 0 && (sign === '?' || sign === name[0]) && naiveGlob(rest, name.slice(1));
}

describe('globs', () => {
  it.each([
    ['*', '', true],
    ['*', 'any\nthing', true],
    ['**', 'x', true],
    ['test-*', 'test-', true],
    ['test-*', 'test-1\n2', true],
    ['test-*', 'a test-1', false],
    ['test-*', 'Test-1', false],
    ['*-archive', 'old-archive', true],
    ['*-archive', 'old-archive2', false],
    ['*VIP*', 'the VIP one', true],
    ['*VIP*', 'VIP', true],
    ['a*b*c', 'a--b--c', true],
    ['a*b*c', 'acb', false],
    ['a*bc*c', 'abc', false],
    ['a*bb*bb*c', 'abbbc', false],
    ['a*bb*bb*c', 'abbbbc', true],
    ['*ab*ab*', 'ab', false],
    ['*ab*ab*', 'abab', true],
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
    ['exact', 'exact', true],
    ['exact', 'exact ', false],
    ['?', '😀', true],
    ['?', '', false],
    ['?', '\n', true],
    ['?', '\ud83d', true],
    ['??', '😀', false],
    ['a?c*', 'abcd', true],
    ['?*?', 'ab', true],
    ['?*?', 'a', false],
    ['a.c?', 'abcd', false],
    ['a.c?', 'a.cd', true],
    ['(a+)+$?', '(a+)+$!', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['\\?\\[x]\\\\', '?[x]\\', true],
    ['\\{a,b}?', '{a,b}!', true],
    ['\\!important', '!important', true],
    ['a!b', 'a!b', true],
    ['caf\u00e9', 'cafe\u0301', true],
    ['cafe\u0301*', 'caf\u00e9s', true],
    ['caf?', 'cafe\u0301', true],
    ['\u304c', '\u304b\u3099', true],
  ])('%j over %j is %s', (pattern, name, expected) => {
    expect(test('glob', pattern, name)).toBe(expected);
  });

  it('ignores case when asked to', () => {
    expect(test('glob', 'TEST-*', 'test-1', true)).toBe(true);
    expect(test('glob', 'stra?e', 'STRAßE', true)).toBe(true);
    expect(test('glob', '?ΣΣ', 'xσς', true)).toBe(true);
  });

  it.each([
    ['test-[ab]', /"\[".*regex/],
    ['{a,b}', /"\{"/],
    ['!vip', /does not negate/],
    ['a\\', /backslash/],
    ['', /is empty/],
    ['\ud83d*', /surrogate/],
    ['a'.repeat(LONGEST_PATTERN + 1), /longer/],
  ])('refuses %j', (pattern, expected) => {
    expect(problem('glob', pattern)).toMatch(expected);
  });

  it('may be as long as the longest pattern', () => {
    const longest = 'a'.repeat(LONGEST_PATTERN);
    expect(test('glob', longest, longest)).toBe(true);
  });

  it('matches as the definition says', () => {
    const sign = fc.constantFrom('a', 'b', '.', '*', '?', '\n', '😀');
    const name = fc.array(fc.constantFrom('a', 'b', '.', '\n', '😀', '*'), { maxLength: 8 });
    const pattern = fc.array(fc.oneof(sign, fc.constantFrom('\\*', '\\?', '\\a')), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(pattern, name, (signs, characters) => {
        expect(test('glob', signs.join(''), characters.join(''))).toBe(
          naiveGlob(Array.from(signs.join('')), characters),
        );
      }),
      { numRuns: 5_000 },
    );
  });

  it('stays quick on hostile pairs', () => {
    const hostile = (): void => {
      expect(test('glob', '*a'.repeat(200) + '*b', 'a'.repeat(50_000))).toBe(false);
      expect(test('glob', '*a?'.repeat(150) + 'b', 'a'.repeat(5_000))).toBe(false);
    };
    expect(cpuMs(hostile)).toBeLessThan(1_000);
  });
});

describe('plain texts', () => {
  it.each<[NameTest, string, string, boolean]>([
    ['equals', 'VIP', 'VIP', true],
    ['equals', 'VIP', 'VIPs', false],
    ['equals', '*', 'x', false],
    ['contains', 'VIP', 'a VIP b', true],
    ['contains', 'VIP', 'a vip b', false],
    ['contains', '[', '[', true],
    ['starts_with', 'VIP', 'VIP b', true],
    ['starts_with', 'VIP', 'a VIP', false],
    ['contains', 'é', 'cafe\u0301', true],
  ])('%s %j over %j is %s', (...[how, pattern, name, expected]) => {
    expect(test(how, pattern, name)).toBe(expected);
  });

  it('respect case where nobody says otherwise', () => {
    for (const how of ['glob', 'equals', 'contains', 'starts_with', 'regex'] as const) {
      const compiled = compileNameTest(how, 'VIP');
      expect(compiled.ok && ['VIP', 'vip'].map(compiled.matcher.test)).toEqual([true, false]);
    }
  });

  it.each<[NameTest, string, string, boolean]>([
    ['equals', 'ÄRGER', 'ärger', true],
    ['contains', 'vip', 'a VIP b', true],
    ['starts_with', 'vip', 'VIP', true],
    ['starts_with', 'vip', 'V.I.P', false],
  ])('%s %j over %j ignoring case is %s', (...[how, pattern, name, expected]) => {
    expect(test(how, pattern, name, true)).toBe(expected);
  });

  it.each<NameTest>(['equals', 'contains', 'starts_with', 'regex'])('refuses an empty %s', (how) => {
    expect(problem(how, '')).toBe('is empty');
  });
});

describe('regular expressions', () => {
  it.each([
    ['test-\\d+', 'test-12', true],
    ['test-\\d+', 'a test-12', false],
    ['test-\\d+', 'test-12\n', false],
    ['a|ab', 'ab', true],
    ['a.b', 'a\nb', true],
    ['.*VIP.*', 'Hello\nVIP customer here', true],
    ['(?-s)a.b', 'a\nb', false],
    ['[^x]*', 'a\nb', true],
    ['.*VIP$', 'VIP\n', false],
    ['(?m)^a$', 'a\nb', false],
    ['\\Qa+', 'a+', true],
    ['.', '😀', true],
    ['\\p{Greek}+', 'αβγ', true],
    ['caf\u00e9', 'cafe\u0301', true],
    ['cafe\u0301', 'caf\u00e9', true],
  ])('%j over %j is %s', (pattern, name, expected) => {
    expect(test('regex', pattern, name)).toBe(expected);
  });

  it('ignores case when asked to', () => {
    expect(test('regex', 'vip-[a-z]', 'VIP-X', true)).toBe(true);
    expect(test('regex', 'vip-[a-z]', 'VIP-X')).toBe(false);
    expect(test('regex', '\\w\\S', 'aB', true)).toBe(true);
  });

  it.each([
    ['(?<=a)b', /look-behind/],
    ['(?<!a)b', /look-behind/],
    ['a(?=b)', /look-ahead/],
    ['a(?!b)', /look-ahead/],
    ['(a)\\1', /back-reference/],
    ['(?<n>a)\\k<n>', /back-reference/],
    ['(?P<n>a)(?P=n)', /back-reference/],
    ['(?>a)', /atomic/],
    ['a++', /possessive/],
    ['a*+', /possessive/],
    ['a?+', /possessive/],
    ['a{2}+', /possessive/],
    ['(', /RE2 syntax: missing closing \)/],
    ['(a+', /RE2 syntax: missing closing \)/],
    ['[z-a]', /RE2 syntax: invalid character class range/],
    ['a)|(b', /RE2 syntax/],
    ['((a{1000}){1000}){1000}', /RE2 syntax/],
    ['a{1001}', /RE2 syntax/],
    ['\\p{Nonsense}', /RE2 syntax/],
    ['*VIP*', /starts with "\*", which repeats nothing: write \.\*.*or use glob/],
  ])('refuses %j', (pattern, expected) => {
    expect(problem('regex', pattern)).toMatch(expected);
  });

  it.each(['(a+)+$', '(a|a)*b', '(a*)*b', '(.*a){20}b', '([a-z]+)*[0-9]', '(x+x+)+y'])(
    'takes linear time for %s',
    (pattern) => {
      const compiled = compileNameTest('regex', pattern);
      if (!compiled.ok) throw new Error(compiled.problem);
      const name = 'a'.repeat(50_000) + '!';
      expect(compiled.matcher.test(name)).toBe(false);
      expect(cpuMs(() => compiled.matcher.test(name))).toBeLessThan(1_000);
    },
  );
});

describe('words', () => {
  it.each<[NameTest, string, boolean, string]>([
    ['glob', 'test-*', false, 'matches test-*'],
    ['contains', 'VIP', false, 'contains VIP'],
    ['equals', 'VIP', true, 'equals VIP (ignoring case)'],
    ['starts_with', 'VIP', false, 'starts with VIP'],
    ['regex', 'a+', false, 'matches the regex a+'],
  ])('%s %s (%s): %s', (...[how, pattern, ignoreCase, words]) => {
    const compiled = compileNameTest(how, pattern, { ignoreCase });
    expect(compiled.ok && compiled.matcher.words).toBe(words);
  });
});

it('can be looked into', () => {
  const compiled = compileNameTest('contains', '*VIP*', { ignoreCase: true, literal: true });
  expect(compiled.ok && compiled.matcher).toMatchObject({
    how: 'contains',
    pattern: '*VIP*',
    ignoreCase: true,
    literal: true,
  });
  const plain = compileNameTest('glob', 'a*');
  expect(plain.ok && plain.matcher).toMatchObject({ how: 'glob', ignoreCase: false, literal: false });
});

it.each([
  ['a*', true],
  ['?', true],
  ['Legal archive', false],
  ['\\*\\?', false],
  ['[', false],
])('%j has a wildcard: %s', (glob, expected) => {
  expect(hasWildcard(glob)).toBe(expected);
});

it('tests any name without throwing', () => {
  const matchers = (['glob', 'equals', 'contains', 'starts_with', 'regex'] as const).flatMap((how) =>
    [true, false].map((ignoreCase) =>
      compileNameTest(how, how === 'regex' ? 'a.*\\w' : 'a?', { ignoreCase }),
    ),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.nat({ max: 0xffff }).map((n) => String.fromCharCode(n)) }),
      (one, two) => {
        for (const compiled of matchers) {
          if (compiled.ok) expect([compiled.matcher.test(one), compiled.matcher.test(two)]).toHaveLength(2);
        }
      },
    ),
  );
});
