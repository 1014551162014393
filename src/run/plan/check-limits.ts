import { calendarDaysOf, startOfDay } from '../../core/calendar-day.ts';
import {
  breachesOf,
  isCountLimit,
  isOverTime,
  roomOf,
  roomsOf,
  type Breach,
  type RoomAgain,
  type Spent,
} from '../../core/limits.ts';
import type { PlanProject } from '../../core/plan.ts';
import type { Limits, Policy } from '../../core/policy.ts';
import { populationBreaches } from '../../core/population.ts';
import type { Store } from '../../core/ports/store.ts';

export interface LimitParts {
  readonly store: Pick<Store, 'audit' | 'populations'>;
  /** IANA name: where the days of policies without a schedule begin. */
  readonly timeZone: string;
}

export interface LimitQuestion {
  readonly policy: Pick<Policy, 'name' | 'limits' | 'schedule'>;
  readonly projects: readonly PlanProject[];
  /** When the run started: its deletions count for that day. */
  readonly at: number;
}

export interface LimitCheck {
  readonly spent: Spent;
  /** What stands against applying the plan; empty: nothing does. */
  readonly refusing: readonly Breach[];
  /** Limits for which the run deletes the oldest only, because the policy says so; empty: it deletes all. */
  readonly deferring: readonly Breach[];
  /** How many conversations the limits that count leave for the run. */
  readonly room: number;
}

/** A plan against the limits of its policy, and against what the policy has spent of its daily and weekly room. */
export async function checkLimits(parts: LimitParts, question: LimitQuestion): Promise<LimitCheck> {
  const { policy, projects, at } = question;
  const { name, limits } = policy;
  const timeZone = policy.schedule?.timezone ?? parts.timeZone;
  const days = calendarDaysOf(at, timeZone);
  const { audit } = parts.store;
  const spent: Spent = {
    today: await audit.intendedInRunsSince(name, days.today),
    week: await audit.intendedInRunsSince(name, days.week),
  };
  const known = await parts.store.populations.knownPopulations(name);
  const found = breachesOf(limits, projects, spent);
  const roomAgain = await whenThereIsRoom(parts, question, { found, timeZone });
  const breaches = [
    ...populationBreaches(known, projects),
    ...found.map((breach) => {
      if (roomAgain === undefined || !isOverTime(breach)) return breach;
      const { spentThen, ...again } = roomAgain;
      return { ...breach, roomAgain: { ...again, left: roomsOf(limits, spentThen)[breach.limit] } };
    }),
  ];
  const isDeferring = (breach: Breach): boolean =>
    limits.whenExceeded === 'oldest_first' && isCountLimit(breach);
  return {
    spent,
    refusing: breaches.filter((breach) => !isDeferring(breach)),
    deferring: breaches.filter(isDeferring),
    room: roomOf(limits, spent),
  };
}

const NOTHING_SPENT: Spent = { today: 0, week: 0 };

/** What a run may delete when nothing of the day and the week is spent. */
export function fullRoomOf(limits: Limits): number {
  return roomOf(limits, NOTHING_SPENT);
}

/** The first day with room for all that is wanted, or for as much as a run may ever delete; undefined where that is nothing. */
async function whenThereIsRoom(
  { store }: LimitParts,
  { policy, at }: LimitQuestion,
  { found, timeZone }: { readonly found: readonly Breach[]; readonly timeZone: string },
): Promise<(Omit<RoomAgain, 'left'> & { readonly spentThen: Spent }) | undefined> {
  const wanted = found.find(isOverTime)?.wanted ?? 0;
  const enough = Math.min(wanted, fullRoomOf(policy.limits));
  if (enough === 0) return undefined;
  for (let days = 1; ; days += 1) {
    // Seven days on, nothing that was deleted until today is of that week any more.
    const week =
      days > 6 ? 0 : await store.audit.intendedInRunsSince(policy.name, startOfDay(at, timeZone, days - 6));
    const spentThen = { today: 0, week };
    const room = roomOf(policy.limits, spentThen);
    if (room >= enough) return { at: startOfDay(at, timeZone, days), timeZone, room, spentThen };
  }
}
