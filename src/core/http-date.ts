import { parseInstant } from './instant.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const IMF_FIXDATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT$/;

/**
 * An HTTP date (`Sun, 06 Nov 1994 08:49:37 GMT`, RFC 9110) as epoch milliseconds; undefined for anything else,
 * and for dates before 2000, which no clock that is set shows. The two obsolete
 * forms are not read: no server of this century sends them.
 */
export function parseHttpDate(text: string): number | undefined {
  const [, day, monthName, year, time] = IMF_FIXDATE.exec(text) ?? [];
  if (day === undefined || monthName === undefined || year === undefined || time === undefined) {
    return undefined;
  }
  const month = MONTHS.indexOf(monthName) + 1;
  if (month === 0) return undefined;
  return parseInstant(`${year}-${String(month).padStart(2, '0')}-${day}T${time}Z`);
}

/**
 * A `Retry-After` header as milliseconds from now; undefined when it is absent, garbage, zero or past.
 * A date is measured against the `Date` of the same answer where there is one: both were written by one clock.
 */
export function parseRetryAfter(
  header: string | undefined,
  reference: { readonly date: string | undefined; readonly now: number },
): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,15}(?:\.\d{1,9})?$/.test(text)) return positive(Math.ceil(Number(text) * 1000));
  const at = parseHttpDate(text);
  if (at === undefined) return undefined;
  const sentAt = reference.date === undefined ? undefined : parseHttpDate(reference.date);
  return positive(at - (sentAt ?? reference.now));
}

function positive(ms: number): number | undefined {
  return ms > 0 ? ms : undefined;
}
