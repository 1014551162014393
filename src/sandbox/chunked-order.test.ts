import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ChunkedOrder } from './chunked-order.ts';
import { idOfSession, sessionIdOf } from './session-ids.ts';

describe('ChunkedOrder', () => {
  it('behaves like a sorted array', () => {
    const window = fc.record({ offset: fc.nat(300), count: fc.nat(50), descending: fc.boolean() });
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(400)), { maxLength: 300 });
    fc.assert(
      fc.property(steps, window, (changes, { offset, count, descending }) => {
        const order = new ChunkedOrder((a, b) => a - b);
        const model = new Set<number>();
        for (const [isInsert, value] of changes) {
          if (isInsert && !model.has(value)) order.insert(value);
          if (isInsert) model.add(value);
          else expect(order.remove(value)).toBe(model.delete(value));
        }
        const sorted = [...model].sort((a, b) => (descending ? b - a : a - b));
        expect(order.length).toBe(sorted.length);
        expect(order.slice(offset, count, descending)).toEqual(sorted.slice(offset, offset + count));
      }),
    );
  });

  it('splits and joins its chunks at any place', () => {
    const order = new ChunkedOrder((a, b) => a - b);
    for (let value = 0; value < 5_000; value += 2) order.insert(value);
    for (let value = 4_999; value > 0; value -= 2) order.insert(value);
    expect([...order]).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
    for (let value = 0; value < 5_000; value += 1) if (value % 7 !== 0) order.remove(value);
    expect(order.slice(100, 3, false)).toEqual([700, 707, 714]);
    expect(order.slice(0, 2, true)).toEqual([4_998, 4_991]);
  });
});

describe('session ids', () => {
  it('lead back to their conversation', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer(), (id, seed) => {
        const sessionId = sessionIdOf(id, seed);
        expect(idOfSession(sessionId, seed)).toBe(id);
        const altered = `${sessionId.slice(0, -1)}${sessionId.endsWith('0') ? '1' : '0'}`;
        expect(idOfSession(altered, seed)).toBeUndefined();
      }),
    );
  });
});
