import { describe, expect, test } from 'vitest';
import type { CustomGptReader, Existence } from '../core/ports.ts';
import { watchUntilGone } from './watch.ts';

const PRESENT: Existence = {
  ...{ state: 'present', status: 200, conversation: undefined, lastMessageAt: undefined, receivedAt: 0 },
};
const GONE: Existence = { state: 'gone', status: 404, receivedAt: 0 };
const SILENT: Existence = { state: 'no_evidence', status: 500, failure: 'server_error', receivedAt: 0 };

/** Watches a conversation that answers so in turn, the last answer for ever; each look takes `lookMs`. */
async function watched(
  answers: readonly Existence[],
  options: Parameters<typeof watchUntilGone>[2],
  lookMs = 0,
) {
  let now = 5000;
  const looks: number[] = [];
  const { signal } = new AbortController();
  const reader: Pick<CustomGptReader, 'existence'> = {
    existence(projectId, sessionId, asked) {
      expect([projectId, sessionId, asked]).toEqual([7, 'session-1', { purpose: 'verify', signal }]);
      looks.push(now - 5000);
      now += lookMs;
      return Promise.resolve(answers[Math.min(looks.length, answers.length) - 1] ?? GONE);
    },
  };
  const clock = {
    now: () => 0,
    monotonic: () => now,
    sleep: (ms: number, given?: AbortSignal) => {
      expect(given).toBe(signal);
      now += ms;
      return Promise.resolve();
    },
  };
  const watcher = { reader: reader as CustomGptReader, clock, signal };
  const answer = await watchUntilGone(watcher, { projectId: 7, sessionId: 'session-1' }, options);
  return { answer, looks };
}

describe('the watch over a deleted conversation', () => {
  test('looks at once, and not again once it is gone', async () => {
    expect(await watched([GONE, PRESENT], { timeoutMs: 60_000 })).toEqual({ answer: GONE, looks: [0] });
  });

  test('pauses twice as long each time, up to five seconds, and looks a last time as the time is up', async () => {
    const { answer, looks } = await watched([PRESENT], { timeoutMs: 20_000 });
    expect(answer).toBe(PRESENT);
    expect(looks).toEqual([0, 250, 750, 1750, 3750, 7750, 12_750, 17_750, 20_000]);
  });

  test('takes a 404 that comes with the last look', async () => {
    const answers = [PRESENT, PRESENT, SILENT, GONE];
    expect(await watched(answers, { timeoutMs: 1750 })).toEqual({ answer: GONE, looks: [0, 250, 750, 1750] });
  });

  test('looks once where there is no time at all', async () => {
    expect(await watched([SILENT], { timeoutMs: 0 })).toEqual({ answer: SILENT, looks: [0] });
  });

  test('counts the time that the looks take', async () => {
    expect((await watched([PRESENT], { timeoutMs: 1000 }, 400)).looks).toEqual([0, 650]);
  });

  test('ends with the first answer that is enough, and is told how long it has been', async () => {
    const asked: unknown[] = [];
    const { answer, looks } = await watched([SILENT, PRESENT, GONE], {
      timeoutMs: 60_000,
      enough: (last, elapsedMs) => {
        asked.push([last.state, elapsedMs]);
        return last === PRESENT;
      },
    });
    expect(answer).toBe(PRESENT);
    expect(looks).toEqual([0, 250]);
    expect(asked).toEqual([
      ['no_evidence', 0],
      ['present', 250],
    ]);
  });
});
