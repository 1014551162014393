import type { SingleBar as Bar } from 'cli-progress';
import type { Clock, Progress, ProgressPhase } from '../core/ports/surroundings.ts';
import { RemainingTime } from '../core/remaining.ts';
import { durationOf, grouped } from '../report/quantities.ts';
import type { Screen } from './surroundings.ts';

export const NO_PROGRESS: Progress = {
  begin: () => undefined,
  enter: () => undefined,
  advance: () => undefined,
  end: () => undefined,
};

const WIDEST_BAR = 24;
const NARROWEST_BAR = 8;
/** The last column stays free: some terminals wrap when it is filled. */
const DEFAULT_COLUMNS = 80;

export interface ProgressParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly requestsPerMinute: number | 'unlimited';
}

/** A bar with the phase, rate and remaining time on a terminal; nothing anywhere else. */
export async function createProgress(
  screen: Screen,
  { clock, requestsPerMinute }: ProgressParts,
): Promise<Progress> {
  if (screen.isTTY !== true) return NO_PROGRESS;
  // Loaded only where somebody looks.
  const { SingleBar } = await import('cli-progress');
  let bar: Bar | undefined;
  let line: ProgressLine | undefined;
  return {
    begin(phase, total) {
      line = new ProgressLine({ phase, total, startMs: clock.monotonic(), requestsPerMinute });
      const text = (): string => line?.text(clock.monotonic(), screen.columns ?? DEFAULT_COLUMNS) ?? '';
      // Asked anew at each drawing: the time goes on although nothing advances.
      bar = new SingleBar({ format: text, stream: screen, hideCursor: true, clearOnComplete: true, fps: 4 });
      bar.start(total ?? 0, 0);
    },
    enter(phase) {
      if (line !== undefined) line.phase = phase;
    },
    advance(by) {
      line?.advance(by, clock.monotonic());
      bar?.increment(by);
    },
    end() {
      bar?.stop();
      bar = undefined;
      line = undefined;
    },
  };
}

/** What the bar says at some instant. */
export class ProgressLine {
  phase: ProgressPhase;
  readonly #total: number | undefined;
  readonly #startMs: number;
  readonly #remaining: RemainingTime | undefined;
  #count = 0;

  constructor(
    parts: Pick<ProgressParts, 'requestsPerMinute'> & {
      readonly phase: ProgressPhase;
      readonly total: number | undefined;
      readonly startMs: number;
    },
  ) {
    const { phase, total, startMs, requestsPerMinute } = parts;
    this.phase = phase;
    this.#total = total;
    this.#startMs = startMs;
    this.#remaining =
      total === undefined ? undefined : new RemainingTime({ total, startMs, requestsPerMinute });
  }

  advance(by: number, atMs: number): void {
    this.#count += by;
    this.#remaining?.note(this.#count, atMs);
  }

  /** At most `columns` wide, less one. */
  text(atMs: number, columns: number): string {
    const seconds = Math.max(0.001, (atMs - this.#startMs) / 1000);
    const rate = `${(this.#count / seconds).toFixed(1)}/s`;
    const total = this.#total;
    if (total === undefined) return `${this.phase}  ${grouped(this.#count)} conversations  ${rate}`;
    const share = total === 0 ? 1 : Math.min(1, this.#count / total);
    const percent = `${Math.floor(share * 100)}%`;
    const parts = [percent, `${grouped(this.#count)}/${grouped(total)}`, rate, this.#leftInWords(atMs)];
    const rest = parts.join('  ');
    const room = columns - 1 - this.phase.length - rest.length - 4;
    if (room < NARROWEST_BAR) return `${this.phase}  ${rest}`.slice(0, columns - 1);
    const width = Math.min(WIDEST_BAR, room);
    const filled = Math.round(share * width);
    return `${this.phase}  ${'█'.repeat(filled)}${'░'.repeat(width - filled)}  ${rest}`;
  }

  #leftInWords(atMs: number): string {
    const leftMs = this.#remaining?.leftMs(atMs);
    return leftMs === undefined ? 'time left unknown' : `about ${durationOf(roundly(leftMs / 1000))} left`;
  }
}

/** To ten seconds below ten minutes, to a minute above: nobody knows it better. */
function roundly(seconds: number): number {
  const unit = seconds < 600 ? 10 : 60;
  return Math.ceil(seconds / unit) * unit;
}
