import { describe, expect, test } from 'vitest';
import { Room } from './room.ts';

async function isWoken(room: Room, act: () => void): Promise<boolean> {
  let woken = false;
  void room.change().then(() => (woken = true));
  act();
  await Promise.resolve();
  return woken;
}

describe('the room for deletions', () => {
  test('is full while so many are beginning', async () => {
    const room = new Room({ beginning: 2, open: 10 });
    expect([room.isFull, room.isEmpty]).toEqual([false, true]);
    const first = room.enter();
    expect([room.isFull, room.isEmpty]).toEqual([false, false]);
    room.enter();
    expect(room.isFull).toBe(true);
    expect(await isWoken(room, first.begun)).toBe(true);
    expect(room.isFull).toBe(false);
  });

  test('is full while so many are open, however far they are', async () => {
    const room = new Room({ beginning: 10, open: 2 });
    const places = [room.enter(), room.enter()];
    for (const { begun } of places) begun();
    expect(room.isFull).toBe(true);
    expect(await isWoken(room, () => places[0]?.ended())).toBe(true);
    expect(room.isFull).toBe(false);
  });

  test('is given back once by each, whether it said that it had begun or not', () => {
    const room = new Room({ beginning: 1, open: 10 });
    const first = room.enter();
    first.begun();
    first.begun();
    const second = room.enter();
    expect(room.isFull).toBe(true);
    first.ended();
    expect(room.isFull).toBe(true);
    second.ended();
    expect([room.isFull, room.isEmpty]).toEqual([false, true]);
  });

  test('wakes all who wait, until the next change', async () => {
    const room = new Room({ beginning: 1, open: 1 });
    const both = Promise.all([room.change(), room.change()]);
    room.enter().ended();
    expect(await both).toHaveLength(2);
    expect(await isWoken(room, () => undefined)).toBe(false);
  });
});
