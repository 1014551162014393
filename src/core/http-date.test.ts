import { describe, expect, it } from 'vitest';
import { parseHttpDate, parseRetryAfter } from './http-date.ts';

const AT = Date.UTC(2026, 0, 4, 8, 9, 7);
const TEXT = 'Sun, 04 Jan 2026 08:09:07 GMT';

describe('an HTTP date', () => {
  it('is read in its one current form', () => {
    expect(parseHttpDate(TEXT)).toBe(AT);
  });

  it.each([
    'Sunday, 04-Jan-26 08:09:07 GMT',
    'Sun Jan  4 08:09:07 2026',
    'Sun, 4 Jan 2026 08:09:07 GMT',
    'Sun, 04 Jan 2026 08:09:07 UTC',
    'Sun, 04 Foo 2026 08:09:07 GMT',
    'Sun, 31 Feb 2026 08:09:07 GMT',
    'Sun, 04 Jan 2026 25:09:07 GMT',
    '2026-01-04T08:09:07Z',
    '0',
    '',
  ])('is not read from %j', (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  const now = AT + 1234;
  it.each([
    ['20', undefined, 20_000],
    [' 20 ', undefined, 20_000],
    ['1.5', undefined, 1500],
    ['99999999', undefined, 99_999_999_000],
    ['0', undefined, undefined],
    ['-5', undefined, undefined],
    ['soon', undefined, undefined],
    ['', undefined, undefined],
    [undefined, undefined, undefined],
    ['Sun, 04 Jan 2026 08:09:27 GMT', TEXT, 20_000],
    ['Sun, 04 Jan 2026 08:09:27 GMT', undefined, 20_000 - 1234],
    ['Sun, 04 Jan 2026 08:09:27 GMT', 'garbage', 20_000 - 1234],
    ['Sun, 04 Jan 2026 08:09:07 GMT', TEXT, undefined],
    ['Sat, 03 Jan 2026 08:09:07 GMT', TEXT, undefined],
  ])('%j beside Date %j is %j ms', (header, date, ms) => {
    expect(parseRetryAfter(header, { date, now })).toBe(ms);
  });
});
