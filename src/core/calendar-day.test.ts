import { describe, expect, test } from 'vitest';
import { calendarDaysOf, minuteInWords, startOfDay } from './calendar-day.ts';

const iso = (at: number): string => new Date(at).toISOString();

describe('the days of a limit', () => {
  test.each([
    ['UTC', '2026-11-27T00:00:00Z', '2026-11-27T00:00:00.000Z', '2026-11-21T00:00:00.000Z'],
    ['UTC', '2026-11-26T23:59:59.999Z', '2026-11-26T00:00:00.000Z', '2026-11-20T00:00:00.000Z'],
    ['Europe/Berlin', '2026-11-26T23:00:00Z', '2026-11-26T23:00:00.000Z', '2026-11-20T23:00:00.000Z'],
    // A week in which the clock was set back has an hour more, …
    ['Europe/Berlin', '2026-10-26T12:00:00Z', '2026-10-25T23:00:00.000Z', '2026-10-19T22:00:00.000Z'],
    // … and a day that begins in a gap begins behind it.
    ['America/Santiago', '2026-09-06T12:00:00Z', '2026-09-06T04:00:00.000Z', '2026-08-31T04:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-01-01T00:00:00Z', '2025-12-31T10:00:00.000Z', '2025-12-25T10:00:00.000Z'],
  ] as const)('in %s, of %s', (...[timeZone, at, today, week]) => {
    const days = calendarDaysOf(Date.parse(at), timeZone);
    expect([iso(days.today), iso(days.week)]).toEqual([today, week]);
  });

  test('follow one another', () => {
    const at = Date.parse('2026-10-24T12:00:00Z');
    const starts = [0, 1, 2].map((days) => iso(startOfDay(at, 'Europe/Berlin', days)));
    expect(starts).toEqual([
      '2026-10-23T22:00:00.000Z',
      '2026-10-24T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ]);
  });

  test('are named with their zone', () => {
    expect(minuteInWords(Date.parse('2026-11-26T23:00:00Z'), 'Europe/Berlin')).toBe(
      '2026-11-27 00:00 Europe/Berlin',
    );
  });
});
