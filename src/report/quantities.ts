import { Temporal } from 'temporal-polyfill';

/** `12,345`: the same in every locale, since a report is compared with another machine's. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 conversation`, `2,000 conversations`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** `45 s`, `6 min 5 s`, `3 h 26 min`, `2 d 4 h`: the two largest units that say something. */
export function durationOf(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes === 0) return `${whole} s`;
  if (hours === 0) return joined(`${minutes} min`, whole % 60, 's');
  if (hours < 24) return joined(`${hours} h`, minutes % 60, 'min');
  return joined(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
}

/** `2026-05-04 03:30:14`, there; the reader is told where once. `timeZone`: IANA name. */
export function minuteAndSecond(at: number, timeZone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime();
  return local.toString({ smallestUnit: 'second' }).replace('T', ' ');
}

/** `2026-05-04`, the day that it was there. `timeZone`: IANA name. */
export function dayIn(at: number, timeZone: string): string {
  return minuteAndSecond(at, timeZone).slice(0, 10);
}

/** `…`, `a`, `a and b`, `a, b and c`. */
export function enumerated(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} and ${parts.slice(-1).join('')}`;
}

function joined(large: string, rest: number, unit: string): string {
  return rest === 0 ? large : `${large} ${rest} ${unit}`;
}
