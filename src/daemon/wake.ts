import type { Schedule } from '../core/policy.ts';

/**
 * Calls back at about each slot of a schedule, until stopped. Only an alarm: it may call too often, late, or twice, for
 * what is due is decided elsewhere. It must not stay silent over a slot for more than a minute. `onWake` never throws.
 */
export type Wake = (schedule: Schedule, onWake: () => void) => Alarm;

export interface Alarm {
  stop(): void;
}
