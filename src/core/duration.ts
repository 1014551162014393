import { Temporal } from 'temporal-polyfill';
import { DAY_MS, HOUR_MS } from './instant.ts';

/** Hours, days, weeks, calendar months, calendar years. */
export type DurationUnit = 'h' | 'd' | 'w' | 'mo' | 'y';

/** A retention period as written: a whole number of one unit. */
export interface Duration {
  readonly amount: number;
  readonly unit: DurationUnit;
}

export type ParsedDuration =
  { readonly ok: true; readonly duration: Duration } | { readonly ok: false; readonly problem: string };

/** The shape of a duration, for schemas. The upper bounds of {@link parseDuration} are not part of it. */
export const DURATION_PATTERN = '^[1-9][0-9]*(h|d|w|mo|y)$';

/** The only units of a fixed length: a UTC day has 24 hours, a month has no length of its own. */
const FIXED_MS = { h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS } as const;

/** A thousand years of each unit: far beyond any use, and subtraction stays well inside what an instant can be. */
const MOST: Readonly<Record<DurationUnit, number>> = {
  h: 8_766_000,
  d: 365_250,
  w: 52_178,
  mo: 12_000,
  y: 1_000,
};

const WORDS: Readonly<Record<DurationUnit, string>> = {
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

const UNIT_HELP = 'h, d, w, mo or y, for example 12h, 7d, 2w, 6mo, 1y';

/**
 * Reads `12h 7d 2w 6mo 1y`: a whole number of at least 1 and its unit, nothing between or around them.
 * The problem is a phrase for a person and does not say where the text stood.
 */
export function parseDuration(text: string): ParsedDuration {
  const parts = /^([+-]?)([0-9]*)([.,]?)([0-9]*)([a-zA-Zµ]*)$/u.exec(text.trim());
  // Stryker disable next-line StringLiteral: in a match every group takes part, if only with nothing, and digits come first
  const [, sign = '', digits = '', point = '', , unit = ''] = parts ?? [];
  if (digits === '') return refused(`is not a duration: write a whole number and ${UNIT_HELP}`);
  if (sign !== '') return refused(`has a sign: write a whole number of at least 1 and ${UNIT_HELP}`);
  if (point !== '')
    return refused(
      'is not a whole number: write a smaller unit instead, for example 36h for a day and a half',
    );
  if (unit === '') return refused(`has no unit: write ${UNIT_HELP}`);
  if (!isUnit(unit)) return refused(problemOfUnit(digits, unit));
  if (text !== text.trim()) return refused('has spaces around it');
  if (/^0+$/.test(digits)) return refused('is zero: the smallest duration is 1 of a unit');
  if (digits.startsWith('0')) return refused('starts with a zero');
  const amount = Number(digits);
  if (amount > MOST[unit]) return refused(`is longer than a thousand years (${MOST[unit]}${unit})`);
  return { ok: true, duration: { amount, unit } };
}

/**
 * The cutoff: the instant one duration before `now`. Months and years are those of the UTC calendar; where the day
 * does not exist in the earlier month, the last day of that month is taken, so the cutoff is never too late.
 * @param now epoch milliseconds, whole
 * @returns epoch milliseconds
 */
export function before(now: number, duration: Duration): number {
  const { amount, unit } = duration;
  if (unit !== 'mo' && unit !== 'y') return now - amount * FIXED_MS[unit];
  const period = unit === 'mo' ? { months: amount } : { years: amount };
  // Stryker disable next-line ObjectLiteral: it is Temporal's own default, written out
  const options = { overflow: 'constrain' } as const;
  const at = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO('UTC');
  return at.subtract(period, options).epochMilliseconds;
}

/** As written in a policy: `90d`. */
export function formatDuration(duration: Duration): string {
  return `${duration.amount}${duration.unit}`;
}

/** For people: `90 days`, `1 month`. */
export function durationInWords(duration: Duration): string {
  return `${duration.amount} ${WORDS[duration.unit]}${duration.amount === 1 ? '' : 's'}`;
}

function refused(problem: string): ParsedDuration {
  return { ok: false, problem };
}

function isUnit(text: string): text is DurationUnit {
  return Object.hasOwn(WORDS, text);
}

function problemOfUnit(digits: string, unit: string): string {
  // Minutes or months: a guess could delete thirty days too early or never, so neither is guessed.
  if (unit === 'm') return `has the unit "m", which could be minutes or months: write ${digits}mo for months`;
  return `has the unit "${unit}", which is not known: write ${UNIT_HELP}`;
}
