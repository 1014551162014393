import { describe, expect, it } from 'vitest';
import { AgeTally, bandInWords, bandOf, bandsUpTo } from './age-bands.ts';

describe('ages in bands', () => {
  it.each([
    [0, 0],
    [-1, 0],
    [6, 0],
    [7, 7],
    [89, 60],
    [90, 90],
    [364, 270],
    [365, 365],
    [100_000, 1825],
    [null, null],
  ])('%s days belong to the band from %s', (days, band) => {
    expect(bandOf(days)).toBe(band);
  });

  it('are counted by verdict, the youngest first and the unknown last', () => {
    const tally = new AgeTally();
    tally.add(null, 'unknown');
    tally.add(95, 'delete');
    tally.add(91, 'held');
    const one = tally.bands();
    const none = { delete: 0, keep: 0, held: 0, unknown: 0 };
    expect(one).toEqual([
      { ...none, fromDays: 90, delete: 1, held: 1 },
      { ...none, fromDays: null, unknown: 1 },
    ]);
    const both = new AgeTally();
    both.add(3, 'keep');
    both.addAll(one);
    both.addAll(one);
    expect(both.bands()).toEqual([
      { ...none, fromDays: 0, keep: 1 },
      { ...none, fromDays: 90, delete: 2, held: 2 },
      { ...none, fromDays: null, unknown: 2 },
    ]);
  });

  it('have no gaps where they are shown', () => {
    const tally = new AgeTally();
    tally.add(31, 'delete');
    expect(bandsUpTo(tally.bands())).toEqual([0, 7, 14, 30]);
    tally.add(null, 'unknown');
    expect(bandsUpTo(tally.bands())).toEqual([0, 7, 14, 30, null]);
    expect(bandsUpTo([])).toEqual([]);
  });

  it.each([
    [0, '0–7 days'],
    [270, '270–365 days'],
    [365, '1–2 years'],
    [1825, 'over 5 years'],
    [null, 'unknown'],
  ])('from %s days are called %s', (from, words) => {
    expect(bandInWords(from)).toBe(words);
  });
});
