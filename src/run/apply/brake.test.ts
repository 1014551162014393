import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../core/outcome.ts';
import { Brake } from './brake.ts';

function setUp() {
  const told: unknown[] = [];
  const noop = () => undefined;
  const log = { debug: noop, info: noop, warn: noop, error: (...line: unknown[]) => told.push(line) };
  const stop = new AbortController();
  return { brake: new Brake({ log, stop: stop.signal }), stop, told };
}

/** Whether somebody who waits for a change is woken by this. */
async function wakes(brake: Brake, act: () => void): Promise<boolean> {
  let isWoken = false;
  void brake.change().then(() => (isWoken = true));
  act();
  await Promise.resolve();
  return isWoken;
}

/** One deletion's end, as it is told to the brake. */
function end(outcome: Outcome, change: Partial<Parameters<Brake['settled']>[0]> = {}) {
  return { outcome, hasFailedBefore: false, ...change };
}

function fail(brake: Brake, times: number): void {
  for (let count = 0; count < times; count += 1) brake.settled(end('failed'));
}

describe('the brake', () => {
  test('doubts after three in a row that failed or were not verified', async () => {
    const { brake, told } = setUp();
    brake.settled(end('failed'));
    brake.settled(end('unverified'));
    expect([brake.isDoubting, brake.isPulled]).toEqual([false, false]);
    expect(
      await wakes(brake, () => {
        brake.settled(end('failed'));
      }),
    ).toBe(true);
    expect([brake.isDoubting, brake.isPulled]).toEqual([true, false]);
    expect(told).toEqual([]);
  });

  test('is pulled by the sixth, and says so once', async () => {
    const { brake, told } = setUp();
    fail(brake, 5);
    expect([brake.isDoubting, brake.isPulled]).toEqual([true, false]);
    expect(
      await wakes(brake, () => {
        brake.settled(end('unverified'));
      }),
    ).toBe(true);
    expect([brake.isDoubting, brake.isPulled]).toEqual([false, true]);
    expect(told).toEqual([[{ in_a_row: 6 }, Brake.reason]]);
    expect(Brake.reason).toContain('6 deletions in a row');
    brake.settled(end('failed'));
    expect(told).toHaveLength(1);
  });

  test('stays pulled, whatever else turns out well', async () => {
    const { brake } = setUp();
    fail(brake, 6);
    expect(
      await wakes(brake, () => {
        brake.absent();
      }),
    ).toBe(false);
    brake.settled(end('verified'));
    expect(brake.isPulled).toBe(true);
  });

  test('begins to count anew with each absence, before any listing has borne it out', async () => {
    const { brake } = setUp();
    for (let round = 0; round < 3; round += 1) {
      fail(brake, 5);
      expect(brake.isDoubting).toBe(true);
      expect(
        await wakes(brake, () => {
          brake.absent();
        }),
      ).toBe(true);
      expect(brake.isDoubting).toBe(false);
    }
    expect(brake.isPulled).toBe(false);
  });

  test.each(['skipped', 'verified', 'already_gone'] as const)('counts past what is %s', (outcome) => {
    const { brake } = setUp();
    for (let count = 0; count < 6; count += 1) {
      brake.settled(end(outcome));
      expect(brake.isPulled).toBe(false);
      brake.settled(end('failed'));
    }
    expect(brake.isPulled).toBe(true);
  });

  test('counts what failed in an earlier run, too, once', () => {
    const { brake } = setUp();
    for (let count = 0; count < 20; count += 1) brake.settled(end('failed', { hasFailedBefore: true }));
    expect(brake.isDoubting).toBe(false);
    fail(brake, 4);
    expect(brake.isPulled).toBe(false);
    fail(brake, 1);
    expect(brake.isPulled).toBe(true);
  });

  test('counts DELETEs that one outage left unanswered as one', () => {
    const { brake } = setUp();
    const unanswered = (requestedAt: number, settledAt: number): void => {
      brake.settled(end('unverified', { unanswered: { requestedAt, settledAt } }));
    };
    for (const requestedAt of [0, 50, 100]) unanswered(requestedAt, 100);
    fail(brake, 1);
    expect(brake.isDoubting).toBe(false);
    // It left after the first of them had been given up: that is another outage.
    unanswered(101, 200);
    expect(brake.isDoubting).toBe(true);
  });
});

describe('the way', () => {
  test('is barred while three are open whose DELETE got no clear answer', async () => {
    const { brake } = setUp();
    const over = [brake.doubt('unclear'), brake.doubt('unclear')];
    expect(brake.isClear).toBe(true);
    brake.doubt('unclear');
    expect(brake.isClear).toBe(false);
    expect(await wakes(brake, () => over[0]?.(false))).toBe(true);
    expect(brake.isClear).toBe(true);
  });

  test('is barred while twenty-five are open that were accepted', () => {
    const { brake } = setUp();
    for (let count = 0; count < 24; count += 1) brake.doubt('slow');
    expect(brake.isClear).toBe(true);
    const over = brake.doubt('slow');
    expect(brake.isClear).toBe(false);
    over(false);
    expect(brake.isClear).toBe(true);
  });

  test('bars twice as many once a slow one was gone after all, until one fails', () => {
    const { brake } = setUp();
    brake.doubt('slow')(true);
    for (let count = 0; count < 49; count += 1) brake.doubt('slow');
    expect(brake.isClear).toBe(true);
    brake.doubt('slow');
    expect(brake.isClear).toBe(false);
    brake.doubt('slow')(true);
    expect(brake.isClear).toBe(true);
    fail(brake, 1);
    expect(brake.isClear).toBe(false);
  });

  test('bars no more for one that was unclear and is gone', () => {
    const { brake } = setUp();
    brake.doubt('unclear')(true);
    for (let count = 0; count < 25; count += 1) brake.doubt('slow');
    expect(brake.isClear).toBe(false);
  });

  test('is clear, so that nobody waits, once the brake is pulled', () => {
    const { brake } = setUp();
    for (let count = 0; count < 3; count += 1) brake.doubt('unclear');
    expect(brake.isClear).toBe(false);
    fail(brake, 6);
    expect(brake.isClear).toBe(true);
  });

  test('is clear after a stop, which wakes who waits', async () => {
    const { brake, stop } = setUp();
    for (let count = 0; count < 3; count += 1) brake.doubt('unclear');
    const isWoken = await wakes(brake, () => {
      stop.abort();
    });
    expect(isWoken).toBe(true);
    expect(brake.isClear).toBe(true);
  });

  test('is waited for by all, until the next change', async () => {
    const { brake } = setUp();
    const over = [brake.doubt('slow'), brake.doubt('slow')];
    const all = Promise.all([brake.change(), brake.change()]);
    over[0]?.(false);
    expect(await all).toHaveLength(2);
    expect(await wakes(brake, () => undefined)).toBe(false);
  });
});
