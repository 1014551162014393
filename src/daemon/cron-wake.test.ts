import { getTasks } from 'node-cron';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Log } from '../core/ports/surroundings.ts';
import { createCronWake } from './cron-wake.ts';
import type { Alarm } from './wake.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The guard is left asleep for ever, so that whoever wakes is node-cron. */
const sleepless = { now: () => Date.now(), sleep: () => new Promise<void>(() => undefined) };

let lines: { readonly level: string; readonly facts: object; readonly message: string }[] = [];
const log = Object.fromEntries(
  ['info', 'warn', 'error', 'debug'].map((level) => [
    level,
    (facts: object, message: string) => lines.push({ level, facts, message }),
  ]),
) as unknown as Log;

let alarm: Alarm | undefined;
let woken: string[] = [];

function arm(cron: string, timezone: string): void {
  alarm = createCronWake(sleepless, log)({ cron, timezone }, () => woken.push(new Date().toISOString()));
}

beforeEach(() => {
  lines = [];
  woken = [];
  vi.useFakeTimers();
});

afterEach(() => {
  alarm?.stop();
  alarm = undefined;
  vi.useRealTimers();
});

describe('node-cron as the alarm', () => {
  it('wakes at the slots, in the zone of the schedule', async () => {
    vi.setSystemTime('2026-05-01T12:00:00Z');
    arm('30 3 * * *', 'Asia/Kolkata');
    await vi.advanceTimersByTimeAsync(2 * DAY_MS);
    expect(woken).toEqual(['2026-05-01T22:00:00.000Z', '2026-05-02T22:00:00.000Z']);
    expect(lines).toEqual([]);
  });

  it('does not fire early for a date further away than a timer can reach', async () => {
    vi.setSystemTime('2026-05-01T12:00:00Z');
    arm('0 3 1 8 *', 'UTC');
    await vi.advanceTimersByTimeAsync(80 * DAY_MS);
    expect(woken).toEqual([]);
    await vi.advanceTimersByTimeAsync(20 * DAY_MS);
    expect(woken).toEqual(['2026-08-01T03:00:00.000Z']);
  });

  it('is silent in a DST gap, which is why there is a guard', async () => {
    vi.setSystemTime('2026-03-28T12:00:00Z');
    arm('30 2 * * *', 'Europe/Berlin');
    await vi.advanceTimersByTimeAsync(2 * DAY_MS);
    expect(woken).toEqual(['2026-03-30T00:30:00.000Z']);
  });

  it('also wakes for what it calls missed, and prints nothing', async () => {
    const printed = vi.spyOn(console, 'warn');
    vi.setSystemTime('2026-05-01T12:00:00Z');
    arm('0 13 * * *', 'UTC');
    // The process was held up: the timer comes, the time is long past.
    vi.setSystemTime('2026-05-01T13:05:00Z');
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(woken).toHaveLength(1);
    expect(printed).not.toHaveBeenCalled();
  });

  it('leaves no task and no timer behind', async () => {
    vi.setSystemTime('2026-05-01T12:00:00Z');
    arm('* * * * *', 'UTC');
    expect(getTasks().size).toBe(1);
    alarm?.stop();
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(getTasks().size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(woken).toEqual([]);
  });

  it('says so when it cannot read a schedule, and leaves it to the guard', async () => {
    let wakeGuard = () => undefined as unknown;
    const clock = {
      now: () => 0,
      sleep: () => new Promise<void>((resolve) => (wakeGuard = resolve)),
    };
    let wakeCount = 0;
    const wake = createCronWake(clock, log);
    alarm = wake({ cron: '0 3 * * +1', timezone: 'UTC' }, () => (wakeCount += 1));
    expect(lines).toMatchObject([{ level: 'warn', message: 'node-cron cannot wake for this schedule' }]);
    wakeGuard();
    await vi.advanceTimersByTimeAsync(0);
    expect(wakeCount).toBe(1);
  });

  it('reports through our log', async () => {
    vi.setSystemTime('2026-05-01T12:00:00Z');
    const wake = createCronWake(sleepless, log);
    alarm = wake({ cron: '* * * * *', timezone: 'UTC' }, () => {
      throw new Error('somebody broke the promise');
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual([
      {
        level: 'error',
        facts: { from: 'node-cron', problem: 'somebody broke the promise' },
        message: 'the alarm clock failed',
      },
    ]);
  });
});
