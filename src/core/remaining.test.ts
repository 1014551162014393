import { describe, expect, it } from 'vitest';
import { RemainingTime } from './remaining.ts';

const MINUTE = 60_000;

function minutesLeft(time: RemainingTime, atMs: number): number | undefined {
  const left = time.leftMs(atMs);
  return left === undefined ? undefined : Math.round((left / MINUTE) * 10) / 10;
}

describe('the time that is left', () => {
  const paced = (total: number) => new RemainingTime({ total, startMs: 1_000, requestsPerMinute: 60 });

  it('is by the pace until something has ended, and counts down meanwhile', () => {
    const time = paced(400);
    expect(minutesLeft(time, 1_000)).toBe(15);
    expect(minutesLeft(time, 1_000 + 30_000)).toBe(14.5);
    time.note(2, 1_000 + MINUTE);
    expect(minutesLeft(time, 1_000 + MINUTE)).toBe(14);
  });

  it('is by the speed that is seen once there is one', () => {
    const time = paced(400);
    // Half of what the pace allows.
    for (let done = 1; done <= 40; done += 1) time.note(done, 1_000 + done * 4_500);
    expect(minutesLeft(time, 1_000 + 40 * 4_500)).toBe(27);
  });

  it('is never less than the pace allows, although outcomes come in groups', () => {
    const time = paced(400);
    time.note(200, 1_000 + 10_000);
    expect(minutesLeft(time, 1_000 + 10_000)).toBe(7.5);
  });

  it('follows a new speed within minutes, and grows while nothing ends', () => {
    const time = new RemainingTime({ total: 1_000, startMs: 0, requestsPerMinute: 'unlimited' });
    for (let second = 1; second <= 300; second += 1) time.note(second, second * 1_000);
    expect(minutesLeft(time, 300_000)).toBe(11.7);
    for (let step = 1; step <= 60; step += 1) time.note(300 + step, 300_000 + step * 4_000);
    expect(minutesLeft(time, 540_000)).toBe(42.7);
    expect(time.leftMs(1_200_000)).toBeGreaterThan(time.leftMs(900_000) ?? Infinity);
  });

  it('is not known without a pace before anything has ended, nor when the pace is not kept', () => {
    const unlimited = new RemainingTime({ total: 10, startMs: 0, requestsPerMinute: 'unlimited' });
    expect(unlimited.leftMs(5_000)).toBeUndefined();
    expect(paced(10).leftMs(10 * MINUTE)).toBeUndefined();
  });

  it('counts every outcome, however close together they come', () => {
    const time = new RemainingTime({ total: 100, startMs: 0, requestsPerMinute: 'unlimited' });
    for (let done = 1; done <= 50; done += 1) time.note(done, 60_000 + done);
    expect(minutesLeft(time, 60_050)).toBe(1);
  });

  it('is none when all have ended', () => {
    const time = paced(10);
    time.note(10, 30_000);
    expect(time.leftMs(31_000)).toBe(0);
  });
});
