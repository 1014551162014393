import { describe, expect, test } from 'vitest';
import { isAnswered, isKind, kindOf, stronger, witnessesOf, type Answered } from './evidence.ts';

test.each([
  [undefined, 'unstated'],
  ['anonymous', 'anonymous'],
  ['1234', 'named'],
  ['', 'named'],
  ['7', 'own'],
] as const)('what %s created is of the kind %s', (createdBy, kind) => {
  expect(kindOf(createdBy, { users: new Set(['7']) })).toBe(kind);
  expect(isKind(kind)).toBe(true);
});

test('where the API does not say whose key it is, nothing is its own', () => {
  expect(kindOf('7', { users: new Set() })).toBe('named');
});

test.each([
  ['anonymous', ['7'], ['anonymous']],
  ['unstated', ['7'], ['unstated']],
  ['named', ['7'], ['named']],
  ['own', ['7'], ['own']],
  // The key was exchanged for another user's of the same account.
  ['own', ['7', '8'], []],
] as const)('for what is %s to the users %j speak %j', (kind, users, witnesses) => {
  expect(witnessesOf(kind, { users: new Set(users) })).toEqual(witnesses);
});

describe('answers', () => {
  const WEAKEST_FIRST: readonly Answered[] = ['never_sent', 'not_found', 'ambiguous', 'accepted'];

  test('are in an order, and the stronger of two is the same either way round', () => {
    for (const [index, one] of WEAKEST_FIRST.entries()) {
      for (const [place, other] of WEAKEST_FIRST.entries()) {
        const expected = index >= place ? one : other;
        expect([stronger(one, other), stronger(other, one)]).toEqual([expected, expected]);
      }
    }
  });

  test('are told from anything else', () => {
    expect(WEAKEST_FIRST.every(isAnswered)).toBe(true);
    expect([undefined, null, 200, '', 'Accepted', 'gone'].some(isAnswered)).toBe(false);
  });
});
