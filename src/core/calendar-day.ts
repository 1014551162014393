import { Temporal } from 'temporal-polyfill';

/** The days that the limits of a run look at, as instants in epoch milliseconds, in one time zone. */
export interface CalendarDays {
  /** When the day of the run began, there. */
  readonly today: number;
  /** When the day six days before began: with today, that is a week. */
  readonly week: number;
}

/**
 * A day begins at midnight, or, where the clock jumps over midnight, at the first instant that it has.
 * @param timeZone IANA name
 */
export function calendarDaysOf(at: number, timeZone: string): CalendarDays {
  return { today: startOfDay(at, timeZone), week: startOfDay(at, timeZone, -6) };
}

/** When the day that lies `days` after the one of `at` begins. */
export function startOfDay(at: number, timeZone: string, days = 0): number {
  const day = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
  return day.add({ days }).toZonedDateTime(timeZone).epochMilliseconds;
}

/** `2026-11-27 00:00 Europe/Berlin`. */
export function minuteInWords(at: number, timeZone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime();
  return `${local.toString({ smallestUnit: 'minute' }).replace('T', ' ')} ${timeZone}`;
}
