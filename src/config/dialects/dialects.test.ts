import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileNameTest } from '../../core/name-match.ts';
import type { NameTest } from '../../core/selector.ts';
import { dialectOf, problemOfNameDialect, problemOfProjectDialect } from './dialects.ts';
import { spellingInWords } from './spelling.ts';

const LITERALS = ['equals', 'contains', 'starts_with'] as const;
const TESTS = [...LITERALS, 'glob', 'regex'] as const satisfies readonly NameTest[];

function instead(how: NameTest, text: string): string | undefined {
  const dialect = dialectOf(how, text);
  return dialect === undefined ? undefined : dialect.instead.map(spellingInWords).join(' or ');
}

describe('refused, with the right spelling', () => {
  it.each<[NameTest, string, string]>([
    // Stars in plain texts.
    ['contains', '*VIP*', 'contains: "VIP"'],
    ['contains', 'VIP*', 'contains: "VIP"'],
    ['contains', '*VIP', 'contains: "VIP"'],
    ['contains', '*', 'glob: "*"'],
    ['contains', 'acme.*', 'contains: "acme."'],
    ['contains', '*VIP**', 'contains: "VIP**"'],
    ['contains', 'VIP*, Key*', 'glob: ["VIP*", "Key*"]'],
    ['contains', '\\*VIP\\*', ''],
    ['equals', 'VIP*', 'glob: "VIP*"'],
    ['equals', '*[x]', 'glob: "*\\\\[x]"'],
    ['starts_with', 'VIP*', 'starts_with: "VIP"'],
    ['starts_with', '*VIP', 'glob: "*VIP*"'],
    // Signs of a start.
    ['contains', '^VIP', 'starts_with: "VIP"'],
    ['equals', '^2024', 'starts_with: "2024"'],
    ['contains', '^VIP$', 'equals: "VIP"'],
    ['contains', '^VIP.*$', 'regex: "^VIP.*$"'],
    ['starts_with', '^VIP[0-9]', 'regex: "^VIP[0-9].*"'],
    // Slashes.
    ['contains', '/VIP/i', 'regex: ".*VIP.*" with ignore_case: true'],
    ['contains', '/^VIP.*/', 'regex: "^VIP.*"'],
    ['equals', '/^VIP$/', 'regex: "^VIP$"'],
    ['contains', '/(a|b)\\/c/', 'regex: ".*(?:(a|b)/c).*"'],
    ['glob', '/^VIP/', 'regex: "^VIP.*"'],
    ['glob', '/VIP*/i', 'regex: ".*VIP*.*" with ignore_case: true'],
    // SQL.
    ['contains', '%VIP%', 'glob: "*VIP*"'],
    ['equals', 'VIP%', 'glob: "VIP*"'],
    ['starts_with', '%Käse', 'glob: "*Käse"'],
    ['glob', '%VIP%', 'glob: "*VIP*"'],
    ['glob', '*VIP%', 'glob: "*VIP*"'],
    // Globs.
    ['glob', '.*VIP.*', 'glob: "*VIP*"'],
    ['glob', '.*VIP', 'glob: "*VIP*"'],
    ['glob', '.*VIP$', 'glob: "*VIP"'],
    ['glob', '^VIP', 'glob: "VIP*"'],
    ['glob', '^VIP*', 'glob: "VIP*"'],
    ['glob', '^VIP$', 'glob: "VIP"'],
    ['glob', '^(VIP|Key)', 'regex: ".*(?:^(VIP|Key)).*"'],
    ['glob', 'VIP*, Key*', 'glob: ["VIP*", "Key*"]'],
    ['glob', 'VIP*|Key*', 'glob: ["VIP*", "Key*"]'],
    ['glob', 'VIP* | Key*', 'glob: ["VIP*", "Key*"]'],
    ['glob', 'VIP*,Key*', 'glob: ["VIP*", "Key*"]'],
    // Regular expressions.
    ['regex', '/^VIP.*/i', 'regex: "^VIP.*" with ignore_case: true'],
    ['regex', '/VIP/', 'regex: ".*VIP.*"'],
    ['regex', 'VIP', 'contains: "VIP" or equals: "VIP"'],
    ['regex', 'Müller, Anna', 'contains: "Müller, Anna" or equals: "Müller, Anna"'],
    ['regex', '(?i)vip', 'contains: "vip" with ignore_case: true or equals: "vip" with ignore_case: true'],
    ['regex', '%VIP%', 'glob: "*VIP*"'],
    ['regex', 'VIP*', 'glob: "VIP*"'],
    ['regex', 'test-*', 'glob: "test-*"'],
    ['regex', '(?i)vip*', 'glob: "vip*" with ignore_case: true'],
    ['regex', '^VIP', 'regex: "^VIP.*"'],
    ['regex', '(?i)^VIP', 'regex: "(?i)^VIP.*"'],
    ['regex', '\\AVIP', 'regex: "\\\\AVIP.*"'],
    ['regex', '^VIP\\$', 'regex: "^VIP\\\\$.*"'],
    ['regex', '^VIP\\.*', 'regex: "^VIP\\\\.*.*"'],
    ['regex', '(^VIP)', 'regex: "(^VIP).*"'],
    ['regex', '^VIP|^Key', 'regex: ".*(?:^VIP|^Key).*"'],
    ['regex', 'VIP$', 'regex: ".*VIP$"'],
    ['regex', 'US$', 'regex: ".*US$"'],
    ['regex', '(VIP|Key)$', 'regex: ".*(?:(VIP|Key)$).*"'],
    ['regex', '(VIP$)', 'regex: ".*(VIP$)"'],
    ['regex', 'VIP\\\\$', 'regex: ".*VIP\\\\\\\\$"'],
    // Around any of them.
    ['glob', '“VIP*”', 'glob: "VIP*"'],
    ['contains', '„VIP“', 'contains: "VIP"'],
    ['contains', '»VIP«', 'contains: "VIP"'],
    ['equals', '«VIP»', 'equals: "VIP"'],
    ['regex', '‘VIP.*’', 'regex: "VIP.*"'],
    ['contains', '”Anna’s”', 'contains: "Anna’s"'],
    ['contains', '“*VIP*”', 'contains: "VIP"'],
    ['contains', 'VIP\n', 'contains: "VIP"'],
    ['contains', '\u2028VIP', 'contains: "VIP"'],
    ['glob', '\nVIP*\r\n', 'glob: "VIP*"'],
    ['glob', 'VIP* ', 'glob: "VIP*"'],
    ['equals', ' VIP', 'equals: "VIP"'],
    ['starts_with', '\u00a0VIP', 'starts_with: "VIP"'],
    ['regex', ' .*VIP.*', 'regex: ".*VIP.*"'],
    ['contains', 'VIP\u200b', 'contains: "VIP"'],
    ['equals', ' ', ''],
  ])('%s %j: %s', (how, text, expected) => {
    expect(instead(how, text)).toBe(expected);
  });
});

describe('not refused', () => {
  const ORDINARY = [
    ...['Rechnung 50%', 'C++ (beta)', 'a|b', 'Müller, Anna', '^_^', 'US$', 'Wie kündige ich?'],
    ...['100 %', '% Rabatt', '50%', 'VIP', '/docs/', '/docs/intro', 'x^2', 'a ^b', '^^', '^o^', 'R&D #1'],
    ...['“A” or “B”', '“VIP', 'VIP”', 'rock ’n’ roll', '**bold**', '1,2', '客户', '👩‍👩‍👧', '“”', '.', '%', '/'],
  ];

  it.each(ORDINARY)('%j as plain text and as a glob', (text) => {
    for (const how of LITERALS) expect(instead(how, text)).toBeUndefined();
    if (compileNameTest('glob', text).ok) expect(instead('glob', text)).toBeUndefined();
  });

  it.each<[NameTest, string]>([
    ['contains', ' test '],
    ['contains', ' '],
    ['glob', 'acme.*'],
    ['glob', '*'],
    ['glob', '*-archive'],
    ['glob', '*,*'],
    ['glob', 'VIP, Key*'],
    ['glob', '\\*, \\*|'],
    ['glob', 'a* b'],
    ['glob', '/docs*/'],
    ['glob', '/v1*/api'],
    ['regex', '^VIP.*$'],
    ['regex', 'acme.*'],
    ['regex', '^VIP.*'],
    ['regex', '^VIP.+'],
    ['regex', '^(VIP.*)'],
    ['regex', '.*VIP$'],
    ['regex', '(.*VIP$)'],
    ['regex', '[\\s\\S]*VIP$'],
    ['regex', '^VIP[\\s\\S]*'],
    ['regex', 'a|b'],
    ['regex', 'Wie kündige ich?'],
    ['regex', '[^b]*'],
    ['regex', 'price: \\$'],
    ['regex', '[$]'],
    ['regex', '\\d*'],
    ['regex', '.*Rabatt%'],
    ['regex', 'test-\\d+'],
    ['regex', '/docs/.*'],
    ['regex', '/en/.+/'],
    ['regex', '\\^VIP'],
    ['regex', '.*VIP.*'],
    ['regex', '^$'],
    ['regex', '(a+)+$'],
  ])('%s %j', (how, text) => {
    expect(compileNameTest(how, text).ok).toBe(true);
    expect(instead(how, text)).toBeUndefined();
  });

  it('are ordinary names of any kind', () => {
    const word = fc
      .stringMatching(/^[\p{L}\p{N}][\p{L}\p{N}'&+#$._-]{0,8}$/u)
      .filter((one) => !one.endsWith('_'));
    const join = fc.constantFrom(' ', ', ', ' - ', ': ', ' | ', '/', '|', ' (', ' * ', ' ^ ');
    const end = fc.constantFrom('', '?', '!', '.', ' 50%', ' US$', ')', ' ^_^', ' C++', '…', ' %');
    const names = fc
      .tuple(word, fc.array(fc.tuple(join, word), { maxLength: 4 }), end)
      .map(([first, more, last]) => first + more.flat().join('') + last);
    fc.assert(
      fc.property(names, (name) => {
        for (const how of LITERALS) expect([name, instead(how, name)]).toEqual([name, undefined]);
        if (!name.includes('*')) expect([name, instead('glob', name)]).toEqual([name, undefined]);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what is offered instead', () => {
  it('compiles, and is no dialect itself', () => {
    const sign = fc.constantFrom(
      ...[
        '*',
        '^',
        '$',
        '%',
        '/',
        '.*',
        '|',
        ', ',
        'i',
        'VIP',
        'é',
        ' ',
        '\n',
        '“',
        '”',
        '\\',
        '(',
        ')',
        '?',
        '(?i)',
      ],
    );
    const texts = fc.array(sign, { minLength: 1, maxLength: 7 }).map((signs) => signs.join(''));
    fc.assert(
      fc.property(fc.constantFrom(...TESTS), texts, (how, text) => {
        for (const spelling of dialectOf(how, text)?.instead ?? []) {
          for (const pattern of spelling.patterns) {
            expect([pattern, compileNameTest(spelling.how, pattern).ok]).toEqual([pattern, true]);
            expect([pattern, dialectOf(spelling.how, pattern)]).toEqual([pattern, undefined]);
          }
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('matches what the text was meant to match', () => {
    for (const [how, text] of [
      ['contains', '*VIP*'],
      ['regex', '/^VIP.*/i'],
      ['glob', 'VIP*, Key*'],
      ['contains', '%VIP%'],
      ['glob', '“VIP*”'],
      ['regex', '^VIP'],
      ['glob', '.*VIP.*'],
    ] as const) {
      const matches = (dialectOf(how, text)?.instead ?? []).some(({ how: other, patterns }) =>
        patterns.some((pattern) => {
          const compiled = compileNameTest(other, pattern);
          return compiled.ok && compiled.matcher.test('VIP Anna');
        }),
      );
      expect([text, matches]).toEqual([text, true]);
    }
  });
});

describe('in words', () => {
  it('says what is wrong and what to write', () => {
    expect(problemOfNameDialect('contains', '*VIP*')).toBe(
      'has "*" at an end, which is no wildcard in contains: write contains: "VIP" (or literal: true beside contains if names really look like that)',
    );
    expect(problemOfNameDialect('glob', 'VIP*, Key*')).toMatch(
      /although it looks like a list of several: write glob: \["VIP\*", "Key\*"\] \(or literal: true beside glob/,
    );
    expect(problemOfNameDialect('contains', `*${'x'.repeat(200)}*`)).toMatch(/contains: set literal: true/);
    expect(problemOfNameDialect('contains', 'VIP')).toBeUndefined();
  });

  it('names what a project can be given by', () => {
    expect(problemOfProjectDialect('.*legal.*')).toMatch(/: write "\*legal\*", or the project's id$/);
    expect(problemOfProjectDialect('a*, b*')).toMatch(/: write "a\*", "b\*", or the project's id$/);
    expect(problemOfProjectDialect('^(a)')).toMatch(/: write the project's id$/);
    expect(problemOfProjectDialect('legal*')).toBeUndefined();
  });
});
