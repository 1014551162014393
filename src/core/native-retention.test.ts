import { expect, test } from 'vitest';
import { endsBeforeHold, retentionInWords, type NativeRetention } from './native-retention.ts';

const YEAR: NativeRetention = { period: 'year', days: undefined };
const NEVER: NativeRetention = { period: 'never', days: undefined };
const MONTH: NativeRetention = { period: 'custom', days: 30 };
const AT = Date.UTC(2026, 2, 1);
const DAY = 86_400_000;

test('is said in words', () => {
  expect([YEAR, NEVER, MONTH, { ...MONTH, days: undefined }].map(retentionInWords)).toEqual([
    'after 12 months',
    'never',
    'after 30 days',
    'after a number of days that is not known',
  ]);
});

test('ends before a hold does, unless it never ends, or surely comes later', () => {
  const forGood = { addedAt: AT, untilAt: undefined };
  const week = { addedAt: AT, untilAt: AT + 7 * DAY };
  expect(endsBeforeHold(NEVER, forGood, AT)).toBe(false);
  expect(endsBeforeHold(YEAR, forGood, AT)).toBe(true);
  expect(endsBeforeHold(YEAR, week, undefined)).toBe(true);
  expect(endsBeforeHold(MONTH, week, AT - 22 * DAY)).toBe(false);
  expect(endsBeforeHold(MONTH, week, AT - 24 * DAY)).toBe(true);
  expect(endsBeforeHold(YEAR, week, AT - 300 * DAY)).toBe(false);
  expect(endsBeforeHold({ ...MONTH, days: undefined }, week, AT)).toBe(true);
});
