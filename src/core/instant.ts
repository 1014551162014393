export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Earlier dates cannot be true for this vendor; they are what empty database fields look like. */
const EARLIEST_AT = 946_684_800_000;

const SHAPE =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):?(\d{2}))?$/;

/** Characters of the longest text that {@link SHAPE} can match. */
const LONGEST = 35;

/**
 * Known only roughly: `EARLIEST/LATEST`, two epoch milliseconds between which it lies, both included. A text, so that two
 * that say the same are equal (`===`) wherever they are compared, stored, or part of a key.
 */
export type RoughInstant = `${number}/${number}`;

/** Epoch milliseconds; where the vendor's text leaves it open, the two between which it lies. */
export type Instant = number | RoughInstant;

/** As the only recorded list of messages (2023) had it. */
const ROUGH_SHAPE =
  /^(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d{2}):(\d{2}):(\d{2})$/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const HALF_DAY_MS = DAY_MS / 2;
/** Local time runs from UTC-12 to UTC+14. */
const MOST_BEHIND_MS = 12 * HOUR_MS;
const MOST_AHEAD_MS = 14 * HOUR_MS;

/**
 * An exact instant as the vendor writes it, in epoch milliseconds (finer digits are cut off). Read are
 * `2025-11-17T21:09:16.000000Z`, the same with a numeric offset, and without any zone, which is UTC wherever this runs.
 * Everything else — other types, other shapes, days that do not exist, years before 2000 — is `undefined`: unknown.
 */
export function parseInstant(value: unknown): number | undefined {
  // Stryker disable next-line ConditionalExpression: no longer text matches; this only saves looking at it
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const parts = SHAPE.exec(value);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = parts;
  const days = daysSinceEpoch(Number(year), Number(month), Number(day));
  const time = millisecondsOfDay(Number(hour), Number(minute), Number(second));
  if (days === undefined || time === undefined) return undefined;
  let at = days * DAY_MS + time + Number((fraction ?? '').padEnd(3, '0').slice(0, 3));
  if (sign !== undefined) {
    const offset = millisecondsOfDay(Number(offsetHour), Number(offsetMinute), 0);
    if (offset === undefined) return undefined;
    at -= sign === '-' ? -offset : offset;
  }
  return at < EARLIEST_AT ? undefined : at;
}

/**
 * {@link parseInstant}, and beside it `25 Jun 2023 05:01:11`: a 12-hour clock that does not say which half of the day it
 * means, in a zone that it does not name. That is an interval, and never a guess. An hour that only a 24-hour clock has
 * leaves the zone open, not the half of the day.
 */
export function parseRoughly(value: unknown): Instant | undefined {
  const exact = parseInstant(value);
  if (exact !== undefined || typeof value !== 'string' || value.length > LONGEST) return exact;
  const parts = ROUGH_SHAPE.exec(value);
  if (parts === null) return undefined;
  const [, day, month = '', year, hour, minute, second] = parts;
  const days = daysSinceEpoch(Number(year), MONTHS.indexOf(month) / 3 + 1, Number(day));
  const time = millisecondsOfDay(Number(hour), Number(minute), Number(second));
  if (days === undefined || time === undefined) return undefined;
  const hasHalves = Number(hour) >= 1 && Number(hour) <= 12;
  const local = days * DAY_MS + (hasHalves ? time % HALF_DAY_MS : time);
  const earliest = local - MOST_AHEAD_MS;
  if (earliest < EARLIEST_AT) return undefined;
  return between(earliest, local + (hasHalves ? HALF_DAY_MS : 0) + MOST_BEHIND_MS);
}

/** The instant that lies between two others; where they are one and the same, that one. */
export function between(earliest: number, latest: number): Instant {
  return earliest === latest ? earliest : `${earliest}/${latest}`;
}

export function earliestOf(at: Instant): number {
  return typeof at === 'number' ? at : Number(at.slice(0, at.indexOf('/')));
}

/** The careful end, wherever something must not be taken for older than it is. */
export function latestOf(at: Instant): number {
  return typeof at === 'number' ? at : Number(at.slice(at.indexOf('/') + 1));
}

/** Whichever of the two is later: as rough as they leave it. */
export function laterOf(one: Instant, other: Instant): Instant {
  if (typeof one === 'number' && typeof other === 'number') return Math.max(one, other);
  return between(Math.max(earliestOf(one), earliestOf(other)), Math.max(latestOf(one), latestOf(other)));
}

/** A text that a store or a file has, read back; undefined for one that is none. */
export function readRough(text: unknown): RoughInstant | undefined {
  return typeof text === 'string' && /^\d{12,15}\/\d{12,15}$/.test(text) ? (text as RoughInstant) : undefined;
}

/**
 * RFC 3339 in UTC with milliseconds: `2025-11-17T21:09:16.000Z`.
 * @throws RangeError when `at` is not an instant at all
 */
export function formatInstant(at: number): string {
  // eslint-disable-next-line no-restricted-globals -- from a number there is nothing to guess: always UTC, always ms
  return new Date(at).toISOString();
}

/** {@link formatInstant}; a rough one as both of its ends with a slash between them, as ISO 8601 writes an interval. */
export function formatRoughly(at: Instant): string {
  return typeof at === 'number'
    ? formatInstant(at)
    : `${formatInstant(earliestOf(at))}/${formatInstant(latestOf(at))}`;
}

/** For a person: `between 2023-06-24 15:01 and 2023-06-26 05:01 UTC`. */
export function inWords(at: RoughInstant): string {
  const minute = (end: number): string => formatInstant(end).slice(0, 16).replace('T', ' ');
  return `between ${minute(earliestOf(at))} and ${minute(latestOf(at))} UTC`;
}

/** Whole days of 24 hours that have passed; negative when `later` is in truth the earlier one. */
export function wholeDaysBetween(earlier: number, later: number): number {
  return Math.floor((later - earlier) / DAY_MS);
}

function millisecondsOfDay(hour: number, minute: number, second: number): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1_000;
}

/**
 * Days from 1970-01-01 in the Gregorian calendar; undefined for a day that does not exist. A year is counted from
 * March, so that the leap day is its last and every month before it has a fixed place.
 */
function daysSinceEpoch(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  const marchYear = month > 2 ? year : year - 1;
  const monthsSinceMarch = (month + 9) % 12;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const dayOfYear = Math.floor((153 * monthsSinceMarch + 2) / 5) + day - 1;
  return marchYear * 365 + leapDays + dayOfYear - DAYS_FROM_MARCH_0_TO_EPOCH;
}

/** From 1 March of the year 0 to 1 January 1970. */
const DAYS_FROM_MARCH_0_TO_EPOCH = 719_468;

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
