import { Cron } from 'croner';
import type { Schedule } from './policy.ts';
import type { Trigger } from './run.ts';

/** A run that begins later than this after its slot is a catch-up, like one that stands for slots before it, too. Longer than the minute between two guard wakes. */
export const ON_TIME_MS = 90_000;

/** `missed` is counted no further: after a year asleep, counting each minute would keep the process from its work. */
export const MOST_COUNTED = 1000;

/** What is known of a policy when somebody asks what is due. Instants are epoch milliseconds. */
export interface SlotQuestion {
  readonly schedule: Schedule;
  /** The last slot that was run or caught up, by the store; undefined: none ever was. */
  readonly lastSlotAt: number | undefined;
  /** Slots up to here are nobody's debt: when the policy was first seen, or what this process itself has covered. */
  readonly settledAt: number;
  readonly now: number;
}

export type SlotDecision =
  | {
      readonly kind: 'due';
      /** The latest slot that has come; one run covers it and every slot before it that is still open. */
      readonly slotAt: number;
      readonly trigger: Exclude<Trigger, 'manual'>;
      /** Slots that nobody ran on time, `slotAt` among them when it is late; at most {@link MOST_COUNTED}. */
      readonly missed: number;
    }
  /** `nextAt` undefined: the schedule names no further date, ever. */
  | { readonly kind: 'wait'; readonly nextAt: number | undefined };

/**
 * Whether a run is due. However many slots are open, they are one run: a pass decides by the present, so a second one
 * right after it would find nothing.
 *
 * An instant in the future cannot have been covered yet: somebody set the clock back. It is ignored, because believing
 * it would keep the policy silent until that date.
 * @throws when the schedule or its zone cannot be read
 */
export function decideSlot({ schedule, lastSlotAt, settledAt, now }: SlotQuestion): SlotDecision {
  const cron = readSchedule(schedule);
  const past = [lastSlotAt ?? settledAt, settledAt].filter((at) => at <= now);
  const coveredAt = past.length === 0 ? now : Math.max(...past);
  const firstAt = nextOf(cron, coveredAt);
  if (firstAt === undefined || firstAt > now) return { kind: 'wait', nextAt: firstAt };
  const slotAt = lastOf(cron, { firstAt, now });
  const count = countOf(cron, firstAt, slotAt);
  const missed = now - slotAt > ON_TIME_MS ? count : count - 1;
  // Whoever comes in time for the last of several slots still catches up on the others.
  return { kind: 'due', slotAt, trigger: missed > 0 ? 'catch-up' : 'schedule', missed };
}

/**
 * The first slot after `after`; undefined when the schedule names no date that will ever come, such as 30 February.
 * @throws when the schedule or its zone cannot be read
 */
export function nextSlot(schedule: Schedule, after: number): number | undefined {
  return nextOf(readSchedule(schedule), after);
}

/**
 * A schedule with fixed times (no `*` and no step in minute or hour) has one slot for each time it names on a day:
 * where the clock jumps over that time, at the end of the gap; where the clock shows it twice, the first time only.
 * One that repeats (every quarter of an hour) follows elapsed time: nothing inside a gap, both passes of a repeated hour.
 */
function readSchedule({ cron, timezone }: Schedule): Cron {
  // Croner reads this as the zone of the machine: the same policy would mean something else on every host.
  if (timezone === '') throw new RangeError('a schedule needs a time zone');
  // UTC needs no table of zones; to load one takes longer than to read a policy.
  const zone = timezone === 'UTC' ? { utcOffset: 0 } : { timezone };
  return new Cron(cron, { ...zone, mode: '5-part', fixedTimeRule: 'no-wildcard' });
}

function nextOf(cron: Cron, after: number): number | undefined {
  return cron.nextRun(dateOf(after))?.getTime();
}

/** The latest slot up to and including `now`, searched backwards so that a long silence costs nothing. */
function lastOf(cron: Cron, { firstAt, now }: { readonly firstAt: number; readonly now: number }): number {
  const found = cron.previousRuns(1, dateOf(now + 1));
  return Math.max(firstAt, ...found.map((run) => run.getTime()));
}

function countOf(cron: Cron, firstAt: number, lastAt: number): number {
  let count = 1;
  for (let at = nextOf(cron, firstAt); at !== undefined && at <= lastAt; at = nextOf(cron, at)) {
    if (count === MOST_COUNTED) break;
    count += 1;
  }
  return count;
}

/** As croner takes it. */
function dateOf(at: number): Date {
  // eslint-disable-next-line no-restricted-globals -- from a number there is nothing to guess
  return new Date(at);
}
