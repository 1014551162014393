import { formatInstant } from '../../core/instant.ts';
import { html, type Html } from '../../report/html.ts';
import { durationOf, minuteAndSecond } from '../../report/quantities.ts';

/** How its reader's clock stands. */
export interface Reading {
  readonly now: number;
  /** IANA name. */
  readonly timeZone: string;
}

/** `3 h 5 min ago`, `in 2 d 4 h`, and the instant itself below: relative for the eye, absolute for whoever compares. */
export function whenHtml(at: number, { now, timeZone }: Reading): Html {
  const words = relative(at - now);
  return html`<time datetime="${formatInstant(at)}"
    >${words}<small>${minuteAndSecond(at, timeZone).slice(0, 16)}</small></time
  >`;
}

function relative(ms: number): string {
  const seconds = Math.abs(ms) / 1000;
  if (seconds < 60) return ms > 0 ? 'in a moment' : 'just now';
  // Nobody plans by seconds once there are minutes.
  const duration = durationOf(Math.floor(seconds / 60) * 60);
  return ms > 0 ? `in ${duration}` : `${duration} ago`;
}
