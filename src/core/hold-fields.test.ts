import { describe, expect, it } from 'vitest';
import { endOfHoldDay, LONGEST_MATTER, problemOfHoldText } from './hold-fields.ts';

describe('a text of a hold', () => {
  it.each([
    ['Smith v. Acme', undefined],
    [' Smith v. Acme\n', undefined],
    [' ', /empty/],
    ['r'.repeat(500), undefined],
    ['r'.repeat(501), /longer than 500/],
    ['a\u001b[2J', /control/],
    ['a\u202eb', /invisible/],
    ['\ud800', /invisible/],
  ])('%j', (text, problem) => {
    const found = problemOfHoldText(text);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });

  it('is shorter for a matter', () => {
    expect(problemOfHoldText('m'.repeat(61), LONGEST_MATTER)).toBe('must not be longer than 60 characters');
  });
});

describe('the last day of a hold', () => {
  it('counts to its end, in UTC', () => {
    expect(endOfHoldDay('2027-12-31')).toBe(Date.UTC(2028, 0, 1));
  });

  it.each(['2026-02-30', '31.12.2027', '2027-12-31T00:00:00Z', '3mo', ''])('is not %j', (text) => {
    expect(endOfHoldDay(text)).toBeUndefined();
  });
});
