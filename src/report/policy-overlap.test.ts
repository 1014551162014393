import { describe, expect, it } from 'vitest';
import type { Policy } from '../core/policy.ts';
import { overlapsInWords } from './policy-overlap.ts';

type Covering = Pick<Policy, 'name' | 'projects'>;

function policy(name: string, include: readonly string[], exclude: readonly string[] = []): Covering {
  const none = { excludeEntries: [], released: new Set<number>(), allowUnmatched: new Set<string>() };
  return {
    name,
    projects: {
      includes: () => true,
      includesForKeeps: () => true,
      includedBy: () => '*',
      include,
      exclude,
      ...none,
    },
  };
}

describe('where policies overlap', () => {
  it.each<[string, readonly Covering[], readonly string[]]>([
    ['one alone', [policy('a', ['*'])], []],
    ['other ids', [policy('a', ['1']), policy('b', ['2'])], []],
    [
      'the same id',
      [policy('a', ['1', '3']), policy('b', ['2', '1'])],
      ['Policies a and b both cover project 1.'],
    ],
    [
      'all',
      [policy('a', ['*']), policy('b', ['**'])],
      ['Policies a and b both cover all projects, less what each excludes.'],
    ],
    [
      'all and an id',
      [policy('a', ['*']), policy('b', ['1', '2'])],
      ['Policies a and b both cover the projects 1 and 2.'],
    ],
    ['an id that is excluded', [policy('a', ['*'], ['1']), policy('b', ['1'])], []],
    ['everything excluded', [policy('a', ['*'], ['*']), policy('b', ['1'])], []],
    [
      'a pattern',
      [policy('a', ['s-*']), policy('b', ['*'], ['S-*']), policy('c', ['s-*'])],
      ['Policies a and c both cover project s-*.'],
    ],
    [
      'three and two',
      [policy('a', ['*']), policy('b', ['*'], ['7']), policy('c', ['7', '8'])],
      [
        'Policies a and b both cover all projects, less what each excludes.',
        'Policies a and c both cover project 7.',
        'Policies a, b and c all cover project 8.',
      ],
    ],
  ])('%s', (_, policies, expected) => {
    expect(overlapsInWords(policies)).toEqual(expected);
  });

  it('is safe for a terminal', () => {
    expect(overlapsInWords([policy('a', ['\u001b[2J*']), policy('b', ['\u001b[2J*'])])).toEqual([
      'Policies a and b both cover project \\e[2J*.',
    ]);
  });
});
