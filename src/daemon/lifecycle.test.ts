import { expect, it } from 'vitest';
import { RetentionError } from '../core/errors.ts';
import { createStopSignals } from './lifecycle.ts';

/** A clock with one sleeper, woken by hand. */
function createManualClock() {
  const clock = {
    sleepingMs: undefined as number | undefined,
    wake: () => undefined as unknown,
    sleep(ms: number, signal?: AbortSignal) {
      clock.sleepingMs = ms;
      return new Promise<void>((resolve, reject) => {
        const leave = () => {
          clock.sleepingMs = undefined;
        };
        clock.wake = async () => {
          leave();
          resolve();
          await settled();
        };
        signal?.addEventListener('abort', () => {
          leave();
          reject(new Error('woken by the signal'));
        });
      });
    },
  };
  return clock;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('aborts nothing before it is told to', () => {
  const { signals } = createStopSignals(createManualClock());
  expect(signals.stop.aborted).toBe(false);
  expect(signals.abandon.aborted).toBe(false);
});

it('stops at once, and abandons eight seconds later', async () => {
  const clock = createManualClock();
  const { signals, stop } = createStopSignals(clock);
  stop('SIGTERM');
  expect(signals.stop.aborted).toBe(true);
  expect(signals.abandon.aborted).toBe(false);
  expect(clock.sleepingMs).toBe(8000);
  await clock.wake();
  expect(signals.abandon.aborted).toBe(true);
});

it('gives a reason that ends a run in order', () => {
  const { signals, stop } = createStopSignals(createManualClock());
  stop('SIGTERM');
  const reason: unknown = signals.stop.reason;
  expect(reason).toBeInstanceOf(RetentionError);
  expect(reason).toMatchObject({ kind: 'interrupted', message: 'SIGTERM' });
});

it('abandons at once when asked a second time, and again is nothing more', async () => {
  const clock = createManualClock();
  const { signals, stop } = createStopSignals(clock, 500);
  stop('SIGTERM');
  expect(clock.sleepingMs).toBe(500);
  stop('SIGINT');
  expect(signals.abandon.reason).toMatchObject({ kind: 'interrupted', message: 'SIGINT' });
  expect(clock.sleepingMs).toBeUndefined();
  stop('SIGINT');
  await settled();
  expect(signals.stop.reason).toMatchObject({ message: 'SIGTERM' });
});

it('keeps no timer once all work has ended', async () => {
  const clock = createManualClock();
  const { signals, stop, settle } = createStopSignals(clock);
  stop('SIGTERM');
  settle();
  await settled();
  expect(clock.sleepingMs).toBeUndefined();
  expect(signals.abandon.aborted).toBe(false);
});
