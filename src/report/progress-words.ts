import { durationOf } from './quantities.ts';

/** `about 2 h 30 min left`; `leftMs` undefined: nothing can be said yet. */
export function leftWords(leftMs: number | undefined): string {
  return leftMs === undefined ? 'time left unknown' : `about ${durationOf(roundly(leftMs / 1000))} left`;
}

/** To ten seconds below ten minutes, to a minute above: nobody knows it better. */
function roundly(seconds: number): number {
  const unit = seconds < 600 ? 10 : 60;
  return Math.ceil(seconds / unit) * unit;
}
