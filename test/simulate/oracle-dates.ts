/* Dates as the API shows them, and durations as policies write them, by the oracle. */

const HOURS: Readonly<Record<string, number>> = { h: 1, d: 24, w: 168 };

/** The instant one duration before. Months and years by the UTC calendar; a day that is not there is the month's last. */
export function ago(now: number, duration: string): number {
  const [, amount = '', unit = ''] = /^([0-9]+)(h|d|w|mo|y)$/.exec(duration) ?? [];
  const hours = HOURS[unit];
  if (hours !== undefined) return now - Number(amount) * hours * 3_600_000;
  const date = new Date(now);
  const months = Number(amount) * (unit === 'y' ? 12 : 1);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}

/** `2025-11-17T21:09:16.000000Z`, or with a space and no zone, which is UTC. All else cannot be known. */
export function readDate(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const found = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?$/.exec(value);
  if (found === null) return undefined;
  const [, day = '', time = '', fraction = ''] = found;
  const at = Date.parse(`${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  // A day that does not exist is moved to one that does: then it is not what was written.
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(`${day}T${time}`)) return undefined;
  return at < Date.UTC(2000, 0, 1) ? undefined : at;
}

/** Where an instant lies, both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const HOUR = 3_600_000;

/** A date; `25 Jun 2023 05:01:11` was shown by a clock of 12 hours somewhere between UTC+14 and UTC-12. */
export function readSpan(value: unknown): Span | undefined {
  const at = readDate(value);
  if (at !== undefined) return { from: at, to: at };
  const found =
    typeof value === 'string' && /^(\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d)(:\d\d:\d\d)$/.exec(value);
  if (!found) return undefined;
  const [, day = '', name = '', year = '', hour = '', rest = ''] = found;
  const month = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ').indexOf(name) + 1;
  const two = (number: string | number): string => String(number).padStart(2, '0');
  const shownAt = (shown: string): number | undefined =>
    readDate(`${year}-${two(month)}-${two(day)} ${shown}${rest}`);
  const halves = Number(hour) >= 1 && Number(hour) <= 12;
  const first = halves ? shownAt(two(Number(hour) % 12)) : shownAt(hour);
  const second = halves ? shownAt(two((Number(hour) % 12) + 12)) : first;
  if (first === undefined || second === undefined) return undefined;
  return { from: first - 14 * HOUR, to: second + 12 * HOUR };
}
