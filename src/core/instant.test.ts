import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { afterEach, describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/support/cpu-time.ts';
import {
  between,
  earliestOf,
  formatInstant,
  formatRoughly,
  inWords,
  laterOf,
  latestOf,
  parseInstant,
  parseRoughly,
  readRough,
  wholeDaysBetween,
} from './instant.ts';

const SEEN_AT = Temporal.Instant.from('2023-04-30T16:43:53Z').epochMilliseconds;

/** The slow way: the same shape, its meaning left to Temporal. */
function oracle(text: string): number | undefined {
  const shape =
    /^(\d{4}-\d\d-\d\d)[T ]([01]\d|2[0-3])(:[0-5]\d:[0-5]\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  if (shape === null) return undefined;
  try {
    const [, date = '', hour = '', rest = '', fraction = '', zone = 'Z'] = shape;
    const instant = Temporal.Instant.from(`${date}T${hour}${rest}${fraction}${zone}`);
    const at = instant.epochMilliseconds;
    return at < Temporal.Instant.from('2000-01-01T00:00:00Z').epochMilliseconds ? undefined : at;
  } catch {
    return undefined;
  }
}

const two = (max: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max }).map((n) => n.toString().padStart(2, '0'));
const nearlyInstant = fc
  .tuple(
    fc.integer({ min: 1990, max: 2110 }).map(String),
    two(13),
    two(32),
    fc.constantFrom('T', ' ', 't', '_'),
    two(25),
    two(61),
    two(61),
    fc.constantFrom('', '.', '.0', '.5', '.000000', '.123456789', '.1234567890'),
    fc.oneof(
      fc.constantFrom('', 'Z', 'z', 'UTC', '+0', '+00', '-00:00', '+0000', '[UTC]'),
      fc.tuple(fc.constantFrom('+', '-'), two(25), fc.constantFrom(':', ''), two(61)).map((p) => p.join('')),
    ),
  )
  .map(([y, mo, d, t, h, mi, s, f, z]) => `${y}-${mo}-${d}${t}${h}:${mi}:${s}${f}${z}`);

describe('parseInstant', () => {
  const zone = process.env['TZ'];
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  it.each([
    '2023-04-30T16:43:53Z',
    '2023-04-30T16:43:53.000000Z',
    '2023-04-30T16:43:53.0Z',
    '2023-04-30 16:43:53',
    '2023-04-30T16:43:53',
    '2023-04-30T16:43:53.000',
    '2023-04-30T18:43:53+02:00',
    '2023-04-30T18:43:53+0200',
    '2023-04-30T11:13:53-05:30',
  ])('reads %s', (text) => {
    expect(parseInstant(text)).toBe(SEEN_AT);
  });

  it.each(['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati'])(
    'takes a time without zone as UTC under TZ=%s',
    (tz) => {
      process.env['TZ'] = tz;
      expect(parseInstant('2023-04-30 16:43:53')).toBe(SEEN_AT);
    },
  );

  it('cuts finer digits off and never rounds up', () => {
    expect(parseInstant('2023-04-30T16:43:53.999999999Z')).toBe(SEEN_AT + 999);
    expect(parseInstant('2023-04-30T16:43:53.05Z')).toBe(SEEN_AT + 50);
  });

  it.each([
    null,
    undefined,
    0,
    1,
    1_682_873_033,
    1_682_873_033_000,
    true,
    {},
    [],
    ['2023-04-30T16:43:53Z'],
    new Date(0),
    '',
    '0',
    '1682873033',
    'null',
    'now',
    '2023-04-30',
    '2023-04-30T16:43Z',
    '2023-02-30T00:00:00Z',
    '2023-02-29 00:00:00',
    '2100-02-29 00:00:00',
    '2023-04-31T00:00:00Z',
    '2023-00-10T00:00:00Z',
    '2023-13-10T00:00:00Z',
    '2023-01-00T00:00:00Z',
    '2023-01-32T00:00:00Z',
    '2023-01-01T24:00:00Z',
    '2023-01-01T00:60:00Z',
    '2023-01-01T23:59:60Z',
    '2023-01-01T00:00:00.Z',
    '2023-01-01T00:00:00.1234567890Z',
    '2023-01-01T00:00:00+24:00',
    '2023-01-01T00:00:00+01:60',
    '2023-01-01T00:00:00+1',
    '2023-01-01t00:00:00z',
    ' 2023-01-01T00:00:00Z',
    '2023-01-01T00:00:00Z\n',
    '٢٠٢٣-01-01T00:00:00Z',
    '+002023-01-01T00:00:00Z',
    '25 Jun 2023 05:01:11',
    '0000-00-00 00:00:00',
    '0001-01-01T00:00:00Z',
    '1970-01-01T00:00:00Z',
    '1999-12-31T23:59:59.999Z',
    '2000-01-01T00:00:00+00:01',
  ])('knows nothing from %j', (value) => {
    expect(parseInstant(value)).toBeUndefined();
  });

  it('is quick with long texts, and with many', () => {
    const long = '2023-04-30T16:43:53Z'.padEnd(10_000_000, ' ');
    const many = (): void => {
      for (let n = 0; n < 50_000; n += 1) parseInstant('2025-11-17T21:09:16.000000Z');
    };
    expect(cpuMs(many)).toBeLessThan(500);
    expect(parseInstant(long)).toBeUndefined();
    expect(cpuMs(() => parseInstant(long))).toBeLessThan(5);
  });

  it('reads leap days and the ends of the range', () => {
    for (const text of [
      '2000-01-01T00:00:00Z',
      '2000-02-29T12:00:00Z',
      '2024-02-29 23:59:59',
      '9999-12-31T23:59:59Z',
    ]) {
      expect(parseInstant(text)).toBe(oracle(text));
      expect(parseInstant(text)).toBeDefined();
    }
  });

  it('agrees with Temporal on every day from 2000 to 2110', () => {
    const end = Temporal.PlainDate.from('2110-01-01');
    for (let day = Temporal.PlainDate.from('2000-01-01'); !day.equals(end); day = day.add({ days: 1 })) {
      const text = `${day.toString()}T00:00:00Z`;
      if (parseInstant(text) !== Temporal.Instant.from(text).epochMilliseconds) expect.fail(text);
    }
  });

  it('agrees with Temporal on what is nearly an instant', () => {
    fc.assert(
      fc.property(nearlyInstant, (text) => {
        expect(parseInstant(text)).toBe(oracle(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('reads back what formatInstant writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 946_684_800_000, max: 253_402_300_799_999 }), (at) => {
        expect(parseInstant(formatInstant(at))).toBe(at);
      }),
    );
  });
});

describe('parseRoughly', () => {
  const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;

  it.each([
    ['25 Jun 2023 05:01:11', '2023-06-24T15:01:11Z', '2023-06-26T05:01:11Z'],
    ['25 Jun 2023 12:01:11', '2023-06-24T10:01:11Z', '2023-06-26T00:01:11Z'],
    ['5 Jan 2024 01:00:00', '2024-01-04T11:00:00Z', '2024-01-06T01:00:00Z'],
    ['29 Feb 2024 11:59:59', '2024-02-28T21:59:59Z', '2024-03-01T11:59:59Z'],
    // What no 12-hour clock shows leaves only the zone open.
    ['25 Jun 2023 17:01:11', '2023-06-25T03:01:11Z', '2023-06-26T05:01:11Z'],
    ['25 Jun 2023 00:01:11', '2023-06-24T10:01:11Z', '2023-06-25T12:01:11Z'],
  ])('takes %s for the interval in which it must lie', (text, earliest, latest) => {
    expect(parseRoughly(text)).toBe(between(at(earliest), at(latest)));
  });

  it('takes what is exact for what it is', () => {
    expect(parseRoughly('2023-04-30 16:43:53')).toBe(SEEN_AT);
  });

  it.each([
    ...[null, 7, '', '31 Jun 2023 05:01:11', '29 Feb 2023 05:01:11', '0 Jun 2023 05:01:11'],
    ...['25 Jun 2023 24:01:11', '25 Jun 2023 05:60:11', '25 Jun 23 05:01:11', '25 June 2023 05:01:11'],
    ...['25 Jun 2023 05:01:11 PM', '25 jun 2023 05:01:11', ' 25 Jun 2023 05:01:11', '1 Jan 2000 05:01:11'],
    ...['1/2', `${'9'.repeat(12)}/${'9'.repeat(12)}`, '25 Jun 2023 05:01:11'.padEnd(100)],
  ])('knows nothing from %j', (value) => {
    expect(parseRoughly(value)).toBeUndefined();
  });

  it('knows every month', () => {
    const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
    months.forEach((month, index) => {
      const noon = Date.UTC(2023, index, 10, 12);
      const known = parseRoughly(`10 ${month} 2023 12:00:00`) ?? 0;
      expect([earliestOf(known), latestOf(known)]).toEqual([noon - 26 * 3_600_000, noon + 12 * 3_600_000]);
    });
  });
});

describe('an instant that is known only roughly', () => {
  const rough = between(SEEN_AT, SEEN_AT + 60_000);

  it('has two ends, equals what says the same, and is exact where they meet', () => {
    expect([earliestOf(rough), latestOf(rough)]).toEqual([SEEN_AT, SEEN_AT + 60_000]);
    expect([earliestOf(7), latestOf(7)]).toEqual([7, 7]);
    expect(between(SEEN_AT, SEEN_AT + 60_000)).toBe(rough);
    expect(between(7, 7)).toBe(7);
  });

  it('is later than another as far as both leave it', () => {
    expect(laterOf(1, 2)).toBe(2);
    expect(laterOf(rough, SEEN_AT - 1)).toBe(rough);
    expect(laterOf(SEEN_AT + 1, rough)).toBe(between(SEEN_AT + 1, SEEN_AT + 60_000));
    expect(laterOf(rough, SEEN_AT + 60_000)).toBe(SEEN_AT + 60_000);
  });

  it('is written with both ends, and read back from what was stored', () => {
    expect(formatRoughly(SEEN_AT)).toBe('2023-04-30T16:43:53.000Z');
    expect(formatRoughly(rough)).toBe('2023-04-30T16:43:53.000Z/2023-04-30T16:44:53.000Z');
    expect(inWords(rough as `${number}/${number}`)).toBe('between 2023-04-30 16:43 and 2023-04-30 16:44 UTC');
    expect(readRough(rough)).toBe(rough);
    for (const other of [
      SEEN_AT,
      '1/2',
      `${SEEN_AT}`,
      `${SEEN_AT}/`,
      ` ${String(rough)}`,
      `${String(rough)} `,
    ])
      expect(readRough(other)).toBeUndefined();
  });
});

describe('formatInstant', () => {
  it('writes RFC 3339 in UTC with milliseconds', () => {
    expect(formatInstant(SEEN_AT)).toBe('2023-04-30T16:43:53.000Z');
  });
  it('refuses what is no instant', () => {
    expect(() => formatInstant(NaN)).toThrow(RangeError);
  });
});

describe('wholeDaysBetween', () => {
  it('counts days that are over', () => {
    expect(wholeDaysBetween(SEEN_AT, SEEN_AT + 86_400_000 * 3 - 1)).toBe(2);
    expect(wholeDaysBetween(SEEN_AT, SEEN_AT + 86_400_000 * 3)).toBe(3);
    expect(wholeDaysBetween(SEEN_AT, SEEN_AT)).toBe(0);
    expect(wholeDaysBetween(SEEN_AT + 1, SEEN_AT)).toBe(-1);
  });
});
