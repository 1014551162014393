import { describe, expect, test } from 'vitest';
import { startPatience } from './patience.ts';

/** Time and pauses by hand. */
function setUp(spentMs?: number) {
  let now = 1_000;
  let pausedMs = 500;
  const clock = { monotonic: () => now };
  const reader = { pausedMs: () => pausedMs };
  const patience = startPatience({ clock, reader }, 60_000, spentMs);
  return {
    patience,
    pass: (ms: number, paused = 0) => {
      now += ms;
      pausedMs += paused;
    },
  };
}

describe('the patience with one deletion', () => {
  test('is up after the time-out, not before', () => {
    const { patience, pass } = setUp();
    pass(59_999);
    expect([patience.waitedMs(), patience.isUp()]).toEqual([59_999, false]);
    pass(1);
    expect([patience.waitedMs(), patience.isUp()]).toEqual([60_000, true]);
  });

  test('counts what is over already', () => {
    const { patience, pass } = setUp(50_000);
    expect(patience.waitedMs()).toBe(50_000);
    pass(10_000);
    expect(patience.isUp()).toBe(true);
  });

  test('stands still while the pool pauses, and what was paused before does not count', () => {
    const { patience, pass } = setUp();
    pass(300_000, 290_000);
    expect([patience.waitedMs(), patience.isUp()]).toEqual([10_000, false]);
  });

  test('stands still for a quarter of an hour at most', () => {
    const { patience, pass } = setUp();
    pass(959_999, 959_999);
    expect(patience.isUp()).toBe(false);
    pass(1, 1);
    expect(patience.isUp()).toBe(true);
  });
});
