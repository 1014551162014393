import { describe, expect, it } from 'vitest';
import { counted, dayIn, durationOf, enumerated, grouped, minuteAndSecond } from './quantities.ts';

describe('quantities in words', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567, '1,234,567'],
  ])('groups %i', (count, text) => {
    expect(grouped(count)).toBe(text);
  });

  it('counts one and many', () => {
    expect(counted(1, 'run')).toBe('1 run');
    expect(counted(0, 'run')).toBe('0 runs');
    expect(counted(2000, 'was', 'were')).toBe('2,000 were');
  });

  it.each([
    [-3, '0 s'],
    [0.4, '0 s'],
    [59.6, '1 min'],
    [365, '6 min 5 s'],
    [3600, '1 h'],
    [12_360, '3 h 26 min'],
    [187_200, '2 d 4 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(durationOf(seconds)).toBe(text);
  });

  it('enumerates', () => {
    expect(enumerated([])).toBe('');
    expect(enumerated(['a'])).toBe('a');
    expect(enumerated(['a', 'b', 'c'])).toBe('a, b and c');
  });

  it.each([
    ['UTC', '2026-05-04 22:30:14', '2026-05-04'],
    ['Europe/Berlin', '2026-05-05 00:30:14', '2026-05-05'],
    ['America/New_York', '2026-05-04 18:30:14', '2026-05-04'],
  ])('shows an instant in %s', (timeZone, second, day) => {
    expect(minuteAndSecond(1_777_933_814_512, timeZone)).toBe(second);
    expect(dayIn(1_777_933_814_512, timeZone)).toBe(day);
  });
});
