import type { RunObserver, RunWatch } from './ports/observer.ts';
import type { Clock } from './ports/surroundings.ts';
import { watching } from './observers.ts';
import { ProgressCount, type ProgressNow } from './progress-count.ts';
import type { RunRecord } from './run.ts';

/** A run of this process that is under way. */
export interface LiveRun {
  readonly run: RunRecord;
  /** Undefined between two phases. */
  readonly progress: ProgressNow | undefined;
  /** DELETEs that it has sent. */
  readonly deletesSent: number;
  /** Somebody has stopped it, and it is about to end. */
  readonly isStopping?: boolean;
}

interface Watched {
  readonly run: RunRecord;
  count: ProgressCount | undefined;
  deletesSent: number;
}

/** Knows the runs of this process that are under way, and how far they are. */
export class LiveRuns implements RunObserver {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #requestsPerMinute: number | 'unlimited';
  readonly #runs = new Map<string, Watched>();
  readonly #listeners = new Set<() => void>();

  constructor(parts: {
    readonly clock: Pick<Clock, 'monotonic'>;
    readonly requestsPerMinute: number | 'unlimited';
  }) {
    this.#clock = parts.clock;
    this.#requestsPerMinute = parts.requestsPerMinute;
  }

  readonly watch = (run: RunRecord): RunWatch => {
    const watched: Watched = { run, count: undefined, deletesSent: 0 };
    this.#runs.set(run.runId, watched);
    this.#tell();
    return watching({
      begin: (phase, total) => {
        const startMs = this.#clock.monotonic();
        watched.count = new ProgressCount({
          phase,
          total,
          startMs,
          requestsPerMinute: this.#requestsPerMinute,
        });
      },
      enter: (phase) => {
        if (watched.count !== undefined) watched.count.phase = phase;
      },
      advance: (count) => {
        watched.count?.advance(count, this.#clock.monotonic());
      },
      end: () => {
        watched.count = undefined;
      },
      requested: ({ purpose, wasSent }) => {
        if (purpose === 'delete' && wasSent) watched.deletesSent += 1;
      },
      ended: () => {
        this.#runs.delete(run.runId);
        this.#tell();
      },
    });
  };

  /** Oldest first. */
  now(): readonly LiveRun[] {
    const atMs = this.#clock.monotonic();
    return [...this.#runs.values()].map(({ run, count, deletesSent }) => ({
      ...{ run, deletesSent },
      progress: count?.at(atMs),
    }));
  }

  /** Calls back when a run begins or ends; returns how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
