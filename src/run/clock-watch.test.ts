import { describe, expect, test } from 'vitest';
import { assertClockAfterLog, ClockWatch } from './clock-watch.ts';

const NOW = Date.UTC(2026, 2, 1, 12);

/** A clock that is moved by hand. */
function setUp() {
  const time = { wall: NOW, monotonic: 1000 };
  const clock = {
    now: () => time.wall,
    monotonic: () => time.monotonic,
    sleep: () => Promise.resolve(),
  };
  return { time, watch: new ClockWatch(clock) };
}

describe('the watch over the clock', () => {
  test.each([0, 60_000, -60_000])('believes one that was set by %i ms', (movedMs) => {
    const { time, watch } = setUp();
    time.monotonic += 7_200_000;
    time.wall += 7_200_000 + movedMs;
    expect(watch.isSteady).toBe(true);
    expect(() => {
      watch.assertSteady();
    }).not.toThrow();
  });

  test.each([
    [60_001, 'forward by 60 s'],
    [3_600_000, 'forward by 3600 s'],
    [-60_001, 'back by 60 s'],
    [-119_600, 'back by 120 s'],
  ])('does not believe one that was set by %i ms', (movedMs, how) => {
    const { time, watch } = setUp();
    time.monotonic += 5000;
    time.wall += 5000 + movedMs;
    expect(watch.isSteady).toBe(false);
    expect(() => {
      watch.assertSteady();
    }).toThrow(
      expect.objectContaining({
        kind: 'clock_untrusted',
        message: `the local clock moved ${how} during the run`,
        hint: 'Keep it set by NTP, do not suspend the machine, and run again. Nothing further was deleted.',
      }),
    );
  });
});

describe('the last deletion on record', () => {
  const check = (lastAt: number | undefined) => {
    const audit = {
      lastIntendedAt(policy: string) {
        expect(policy).toBe('p');
        return Promise.resolve(lastAt);
      },
    };
    const clock = { now: () => NOW, monotonic: () => 0, sleep: () => Promise.resolve() };
    return assertClockAfterLog({ audit: audit as never, clock }, { name: 'p' });
  };

  test.each([
    ['is none', undefined],
    ['was long ago', NOW - 3_600_000],
    ['is a minute ahead', NOW + 60_000],
  ])('may be before the clock: it %s', async (_, lastAt) => {
    await expect(check(lastAt)).resolves.toBeUndefined();
  });

  test('must not lie more than a minute ahead', async () => {
    await expect(check(NOW + 60_001)).rejects.toMatchObject({
      kind: 'clock_untrusted',
      message: 'the local clock is before the last deletion on record, of 2026-03-01T12:01:00.001Z',
      hint: 'Set the clock (NTP) and run again. Nothing was deleted.',
    });
  });
});
