import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import {
  before,
  DURATION_PATTERN,
  durationInWords,
  formatDuration,
  parseDuration,
  type Duration,
  type DurationUnit,
} from './duration.ts';

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;

function duration(text: string): Duration {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.duration;
}

const anyDuration: fc.Arbitrary<Duration> = fc
  .constantFrom<DurationUnit>('h', 'd', 'w', 'mo', 'y')
  .chain((unit) => fc.record({ amount: fc.integer({ min: 1, max: 999 }), unit: fc.constant(unit) }));
const anyNow = fc.integer({ min: at('2000-01-01T00:00:00Z'), max: at('2100-01-01T00:00:00Z') });

describe('parseDuration', () => {
  it.each([
    ['12h', 12, 'h'],
    ['7d', 7, 'd'],
    ['2w', 2, 'w'],
    ['6mo', 6, 'mo'],
    ['1y', 1, 'y'],
    ['365250d', 365_250, 'd'],
  ])('reads %s', (text, amount, unit) => {
    expect(parseDuration(text)).toEqual({ ok: true, duration: { amount, unit } });
    expect(text).toMatch(new RegExp(DURATION_PATTERN));
  });

  it.each([
    ['30', /no unit.*12h/],
    ['', /not a duration/],
    ['d', /not a duration/],
    ['1.5d', /not a whole number/],
    ['1,5d', /not a whole number/],
    ['.5d', /not a duration/],
    ['0d', /is zero/],
    ['00d', /is zero/],
    ['-3d', /sign/],
    ['+3d', /sign/],
    ['3m', /minutes or months: write 3mo/],
    ['3M', /unit "M"/],
    ['3D', /unit "D"/],
    ['3µs', /unit "µs"/],
    ['3toString', /unit "toString"/],
    ['3days', /unit "days"/],
    ['3 d', /not a duration/],
    [' 3d', /spaces/],
    ['3d\n', /spaces/],
    ['03d', /starts with a zero/],
    ['1e3d', /not a duration/],
    ['1d12h', /not a duration/],
    ['P1D', /not a duration/],
    ['٣d', /not a duration/],
    ['365251d', /thousand years/],
    [`${'9'.repeat(400)}d`, /thousand years/],
  ])('refuses %j', (text, problem) => {
    const parsed = parseDuration(text);
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringMatching(problem) as unknown });
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(anyDuration, (d) => {
        expect(duration(formatDuration(d))).toEqual(d);
      }),
    );
  });

  it.each(['', '0d', '07d', '-7d', '7', 'd', '7m', '7 d', '7d ', '1.5d', '7D'])(
    'has a pattern without %j',
    (text) => {
      expect(text).not.toMatch(new RegExp(DURATION_PATTERN));
    },
  );

  it('never throws, and accepts nothing that the pattern refuses', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+]?\d{0,8}\.?\d?[a-z]{0,2}$/)), (text) => {
        if (parseDuration(text).ok) expect(text).toMatch(new RegExp(DURATION_PATTERN));
      }),
    );
  });
});

describe('before', () => {
  const now = at('2024-03-31T12:30:15.250Z');
  it.each([
    ['12h', '2024-03-31T00:30:15.250Z'],
    ['90d', '2024-01-01T12:30:15.250Z'],
    ['2w', '2024-03-17T12:30:15.250Z'],
    ['1mo', '2024-02-29T12:30:15.250Z'],
    ['13mo', '2023-02-28T12:30:15.250Z'],
    ['1y', '2023-03-31T12:30:15.250Z'],
  ])('%s before 31 March 2024 is %s', (text, expected) => {
    expect(before(now, duration(text))).toBe(at(expected));
  });

  it('takes 28 February a year before 29 February', () => {
    expect(before(at('2024-02-29T00:00:00Z'), duration('1y'))).toBe(at('2023-02-28T00:00:00Z'));
  });

  it('stays inside what an instant can be, for the longest of each unit', () => {
    for (const text of ['8766000h', '365250d', '52178w', '12000mo', '1000y']) {
      expect(before(now, duration(text))).toBeGreaterThan(-8.64e15);
    }
  });

  it('is earlier for longer durations and never goes back as time goes on', () => {
    fc.assert(
      fc.property(anyNow, fc.nat({ max: 1e11 }), anyDuration, (start, step, d) => {
        expect(before(start, d)).toBeLessThan(start);
        expect(before(start, { ...d, amount: d.amount + 1 })).toBeLessThan(before(start, d));
        expect(before(start + step, d)).toBeGreaterThanOrEqual(before(start, d));
      }),
    );
  });

  it('agrees with Temporal for the fixed units', () => {
    fc.assert(
      fc.property(anyNow, fc.integer({ min: 1, max: 5000 }), (start, amount) => {
        const zoned = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO('UTC');
        expect(before(start, { amount, unit: 'd' })).toBe(zoned.subtract({ days: amount }).epochMilliseconds);
        expect(before(start, { amount, unit: 'w' })).toBe(
          zoned.subtract({ weeks: amount }).epochMilliseconds,
        );
      }),
    );
  });
});

describe('durationInWords', () => {
  it.each([
    ['1h', '1 hour'],
    ['90d', '90 days'],
    ['2w', '2 weeks'],
    ['6mo', '6 months'],
    ['1y', '1 year'],
  ])('says %s as %s', (text, words) => {
    expect(durationInWords(duration(text))).toBe(words);
  });
});
