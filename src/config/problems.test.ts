import { describe, expect, it } from 'vitest';
import { formatPath, formatProblem, nearestName, shortened } from './problems.ts';

describe('formatProblem', () => {
  const problem = {
    file: 'policies/a.yaml',
    line: 3,
    column: 5,
    path: 'rules[0].match.oldr_than',
    message: 'is not a key here',
  };
  it('is one line with place, path, message and suggestion', () => {
    expect(formatProblem({ ...problem, suggestion: 'older_than' })).toBe(
      'policies/a.yaml:3:5 rules[0].match.oldr_than: is not a key here (did you mean "older_than"?)',
    );
    expect(formatProblem(problem)).not.toContain('did you mean');
    expect(formatProblem({ ...problem, path: '' })).toBe('policies/a.yaml:3:5 is not a key here');
  });
  it('writes out what a terminal would obey', () => {
    expect(formatProblem({ ...problem, path: '', message: 'a\u001b[2J\nb\u202e' })).toBe(
      'policies/a.yaml:3:5 a\\u{1b}[2J\\u{a}b\\u{202e}',
    );
  });
});

describe('formatPath', () => {
  it.each([
    [[], ''],
    [['rules', 2, 'match', 'any', 0, 'older_than'], 'rules[2].match.any[0].older_than'],
    [['limits', 'max deletions'], 'limits["max deletions"]'],
    [['__proto__'], '__proto__'],
    [[''], '[""]'],
  ])('%j is %s', (path, expected) => {
    expect(formatPath(path)).toBe(expected);
  });
  it('cuts keys that are long', () => {
    expect(formatPath(['a b'.repeat(1000)])).toHaveLength(64);
  });
});

describe('nearestName', () => {
  const names = ['older_than', 'age_from', 'name', 'any', 'all', 'not', 'max_deletions', 'max_percent'];
  it.each([
    ['older_then', 'older_than'],
    ['olderThan', 'older_than'],
    ['older-than', 'older_than'],
    ['odler_than', 'older_than'],
    ['max_deletion', 'max_deletions'],
    ['nmae', 'name'],
    ['nto', 'not'],
    ['age', undefined],
    ['xyz', undefined],
    ['', undefined],
    ['a'.repeat(10_000), undefined],
  ])('%s: %s', (name, expected) => {
    expect(nearestName(name, names)).toBe(expected);
  });
});

it('cuts long texts', () => {
  expect(shortened('a'.repeat(60))).toHaveLength(60);
  expect(shortened('a'.repeat(61))).toBe(`${'a'.repeat(57)}...`);
});
