import { expect, it } from 'vitest';
import { createGuardWake } from './guard-wake.ts';

const MINUTE_MS = 60_000;
const yearly = { cron: '0 3 1 1 *', timezone: 'UTC' };

/** Time that stands still until the test moves it; remembers how long it was asked to sleep. */
function createManualClock(startAt: number) {
  const asked: number[] = [];
  let sleeper: { readonly wakeAt: number; readonly resolve: () => void } | undefined;
  const clock = {
    at: startAt,
    asked,
    now: () => clock.at,
    sleep(ms: number, signal?: AbortSignal) {
      asked.push(ms);
      return new Promise<void>((resolve, reject) => {
        const refuse = () => {
          sleeper = undefined;
          reject(new Error('stopped'));
        };
        const wake = () => {
          signal?.removeEventListener('abort', refuse);
          resolve();
        };
        sleeper = { wakeAt: clock.at + ms, resolve: wake };
        signal?.addEventListener('abort', refuse);
      });
    },
    /** Lets the sleeper wake, `lateMs` after the time. */
    async next(lateMs = 0) {
      const woken = sleeper;
      sleeper = undefined;
      clock.at = (woken?.wakeAt ?? clock.at) + lateMs;
      woken?.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
    isSlept: () => sleeper !== undefined,
  };
  return clock;
}

it('wakes at every full minute, whatever the schedule', async () => {
  const clock = createManualClock(Date.parse('2026-05-01T12:00:40.250Z'));
  const woken: string[] = [];
  createGuardWake(clock)(yearly, () => woken.push(new Date(clock.at).toISOString()));
  await clock.next();
  await clock.next(1500);
  await clock.next();
  expect(woken).toEqual(['2026-05-01T12:01:00.000Z', '2026-05-01T12:02:01.500Z', '2026-05-01T12:03:00.000Z']);
});

it('never sleeps longer than a minute, so no timer overflows before a date years away', async () => {
  const clock = createManualClock(Date.parse('2026-05-01T12:00:00Z'));
  let wakeCount = 0;
  createGuardWake(clock)(yearly, () => (wakeCount += 1));
  for (let minute = 0; minute < 50; minute += 1) await clock.next();
  expect(wakeCount).toBe(50);
  expect(Math.max(...clock.asked)).toBeLessThanOrEqual(MINUTE_MS);
  expect(Math.min(...clock.asked)).toBeGreaterThan(0);
});

it('wakes within a minute of the wall clock having been set', async () => {
  const clock = createManualClock(Date.parse('2026-05-01T12:00:10Z'));
  let wakeCount = 0;
  createGuardWake(clock)(yearly, () => (wakeCount += 1));
  await clock.next(40 * 24 * 60 * MINUTE_MS);
  expect(wakeCount).toBe(1);
  expect(clock.asked.at(-1)).toBeLessThanOrEqual(MINUTE_MS);
});

it('is silent, and leaves no timer, once stopped', async () => {
  const clock = createManualClock(0);
  let wakeCount = 0;
  const alarm = createGuardWake(clock)(yearly, () => (wakeCount += 1));
  await clock.next();
  alarm.stop();
  alarm.stop();
  await clock.next();
  expect(wakeCount).toBe(1);
  expect(clock.isSlept()).toBe(false);
});
