import { describe, expect, test } from 'vitest';
import { LiveRuns } from './live-runs.ts';
import { allObservers, NO_OBSERVER, watching } from './observers.ts';
import type { RunObserver } from './ports/observer.ts';
import type { RunRecord } from './run.ts';

const RUN = { runId: 'run-1', policy: 'chats' } as RunRecord;
const REQUEST = {
  purpose: 'list',
  status: 200,
  wasSent: true,
  startedAt: 0,
  tookMs: 1,
  waitedMs: 2,
} as const;

function noting(said: string[], who: string): RunObserver {
  const note = (what: string): void => {
    said.push(`${who}: ${what}`);
  };
  return {
    watch: ({ runId }) => {
      note(runId);
      return watching({
        begin: (phase, total) => {
          note(`begin ${phase} ${total ?? '?'}`);
        },
        enter: (phase) => {
          note(`enter ${phase}`);
        },
        advance: (count) => {
          note(`advance ${count}`);
        },
        end: () => {
          note('end');
        },
        requested: ({ status }) => {
          note(`requested ${status ?? 'nothing'}`);
        },
        ended: (end) => {
          note(`ended ${end?.run.status ?? 'unknown'}`);
        },
      });
    },
  };
}

describe('observers of runs', () => {
  test('each is told everything, in order', () => {
    const said: string[] = [];
    const watch = allObservers([noting(said, 'a'), noting(said, 'b')], () => undefined).watch(RUN);
    watch.begin('listing', 3);
    watch.enter('deleting');
    watch.advance(2);
    watch.end();
    watch.requested(REQUEST);
    watch.ended(undefined);
    const told = [
      'run-1',
      'begin listing 3',
      'enter deleting',
      'advance 2',
      'end',
      'requested 200',
      'ended unknown',
    ];
    expect(said).toEqual(told.flatMap((what) => [`a: ${what}`, `b: ${what}`]));
  });

  test('what one throws concerns neither the others nor the run', () => {
    const said: string[] = [];
    const failures: unknown[] = [];
    const broken = (): never => {
      throw new Error('broken');
    };
    const observers = [
      { watch: broken },
      { watch: () => watching({ advance: broken }) },
      noting(said, 'last'),
    ];
    const watch = allObservers(observers, (error) => failures.push(error)).watch(RUN);
    watch.advance(1);
    watch.ended(undefined);
    expect(said).toEqual(['last: run-1', 'last: advance 1', 'last: ended unknown']);
    expect(failures).toEqual([new Error('broken'), new Error('broken')]);
  });

  test('one that wants to know nothing is not asked to do anything', () => {
    const watch = NO_OBSERVER.watch(RUN);
    watch.begin('listing', undefined);
    watch.enter('deleting');
    watch.advance(1);
    watch.end();
    watch.requested(REQUEST);
    watch.ended(undefined);
    expect(Object.keys(watch)).toHaveLength(6);
  });
});

describe('runs that are under way', () => {
  test('are known with their progress until they end', () => {
    let atMs = 0;
    let changes = 0;
    const live = new LiveRuns({ clock: { monotonic: () => atMs }, requestsPerMinute: 60 });
    const stopListening = live.onChange(() => (changes += 1));
    const watch = live.watch(RUN);
    expect(live.now()).toEqual([{ run: RUN, progress: undefined, deletesSent: 0 }]);
    // Before a phase has begun nothing is counted.
    watch.enter('deleting');
    watch.advance(3);
    expect(live.now()[0]?.progress).toBeUndefined();
    watch.begin('checking', 4);
    watch.enter('deleting');
    atMs = 2_000;
    watch.advance(1);
    expect(live.now()[0]?.progress).toMatchObject({ phase: 'deleting', done: 1, total: 4, perSecond: 0.5 });
    watch.requested(REQUEST);
    watch.requested({ ...REQUEST, purpose: 'delete' });
    watch.requested({ ...REQUEST, purpose: 'delete', wasSent: false, status: undefined });
    expect(live.now()[0]?.deletesSent).toBe(1);
    watch.end();
    expect(live.now()[0]?.progress).toBeUndefined();
    watch.ended(undefined);
    expect(live.now()).toEqual([]);
    expect(changes).toBe(2);
    stopListening();
    live.watch(RUN);
    expect(changes).toBe(2);
  });
});
