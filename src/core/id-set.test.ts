import { describe, expect, test } from 'vitest';
import { IdSet } from './id-set.ts';

describe('a set of ids', () => {
  test('knows what was added, and nothing else, through every growth', () => {
    const ids = new IdSet();
    for (let index = 0; index < 50_000; index += 1) expect(ids.add(`id-${index}`)).toBe(true);
    expect(ids.size).toBe(50_000);
    for (let index = 0; index < 50_000; index += 97) {
      expect(ids.add(`id-${index}`)).toBe(false);
      expect(ids.has(`id-${index}`)).toBe(true);
      expect(ids.has(`other-${index}`)).toBe(false);
    }
    expect(ids.size).toBe(50_000);
  });

  test.each([
    ['the first half of their digests', '1 session-33567', '1 session-44044'],
    ['the second half and the place in the table', '1 session-9730', '1 session-99299'],
  ])('tells apart two that share %s', (_, one, other) => {
    const ids = new IdSet();
    expect([ids.add(one), ids.has(other), ids.add(other), ids.add(other)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(ids.size).toBe(2);
  });

  test('tells apart what differs in a sign', () => {
    const ids = new IdSet();
    ids.add('1 abcdefgh');
    expect([ids.has('1 abcdefgh'), ids.has('1 abcdefg'), ids.has('11 abcdefgh'), ids.has('')]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
