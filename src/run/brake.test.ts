import { describe, expect, test } from 'vitest';
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

describe('the brake', () => {
  test('is pulled by the third deletion in a row that failed or was not verified, and says so once', async () => {
    const { brake, told } = setUp();
    brake.settled('failed');
    brake.settled('unverified');
    expect(brake.isPulled).toBe(false);
    expect(told).toEqual([]);
    const isWoken = await wakes(brake, () => {
      brake.settled('failed');
    });
    expect(isWoken).toBe(true);
    expect(brake.isPulled).toBe(true);
    const line = 'stopped after 3 deletions in a row that failed or could not be verified';
    expect(told).toEqual([[{ in_a_row: 3 }, line]]);
    brake.settled('failed');
    expect(told).toHaveLength(1);
  });

  test('stays pulled, whatever else turns out well', () => {
    const { brake } = setUp();
    for (let count = 0; count < 3; count += 1) brake.settled('failed');
    brake.settled('verified');
    expect(brake.isPulled).toBe(true);
  });

  test.each(['verified', 'already_gone'] as const)('begins to count anew after one that is %s', (outcome) => {
    const { brake } = setUp();
    for (let count = 0; count < 3; count += 1) {
      brake.settled('failed');
      brake.settled('failed');
      brake.settled(outcome);
    }
    expect(brake.isPulled).toBe(false);
  });

  test('counts past what was skipped, which says nothing', () => {
    const { brake } = setUp();
    brake.settled('failed');
    brake.settled('skipped');
    brake.settled('failed');
    brake.settled('skipped');
    expect(brake.isPulled).toBe(false);
    brake.settled('failed');
    expect(brake.isPulled).toBe(true);
  });

  test('counts DELETEs that one outage left unanswered as one', () => {
    const { brake } = setUp();
    for (const requestedAt of [0, 50, 100]) brake.settled('unverified', { requestedAt, settledAt: 100 });
    brake.settled('failed');
    expect(brake.isPulled).toBe(false);
    // It left after the first of them had been given up: that is another outage.
    brake.settled('unverified', { requestedAt: 101, settledAt: 200 });
    expect(brake.isPulled).toBe(true);
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
    brake.settled('failed');
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
    for (let count = 0; count < 3; count += 1) brake.settled('failed');
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
