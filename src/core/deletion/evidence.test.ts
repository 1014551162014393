import { describe, expect, test } from 'vitest';
import { isAnswered, kindOf, stronger, type Answered } from './evidence.ts';

test.each([
  [undefined, 'unstated'],
  ['anonymous', 'anonymous'],
  ['1234', 'named'],
  ['', 'named'],
] as const)('what %s created is of the kind %s', (createdBy, kind) => {
  expect(kindOf(createdBy)).toBe(kind);
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
