import type { SingleBar as Bar } from 'cli-progress';
import { watching } from '../core/observers.ts';
import type { RunObserver } from '../core/ports/observer.ts';
import type { Clock, Progress } from '../core/ports/surroundings.ts';
import { ProgressCount, type ProgressNow } from '../core/progress-count.ts';
import { leftWords } from '../report/progress-words.ts';
import { grouped } from '../report/quantities.ts';
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
  let count: ProgressCount | undefined;
  return {
    begin(phase, total) {
      const started = new ProgressCount({ phase, total, startMs: clock.monotonic(), requestsPerMinute });
      count = started;
      const text = (): string =>
        progressLine(started.at(clock.monotonic()), screen.columns ?? DEFAULT_COLUMNS);
      // Asked anew at each drawing: the time goes on although nothing advances.
      bar = new SingleBar({ format: text, stream: screen, hideCursor: true, clearOnComplete: true, fps: 4 });
      bar.start(total ?? 0, 0);
    },
    enter(phase) {
      if (count !== undefined) count.phase = phase;
    },
    advance(by) {
      count?.advance(by, clock.monotonic());
      bar?.increment(by);
    },
    end() {
      bar?.stop();
      bar = undefined;
      count = undefined;
    },
  };
}

/** One bar for every run: those of a command come one after the other. */
export function showing(progress: Progress): RunObserver {
  return { watch: () => watching(progress) };
}

/** What the bar says, at most `columns` wide, less one. */
export function progressLine(
  { phase, done, total, perSecond, leftMs }: ProgressNow,
  columns: number,
): string {
  const rate = `${perSecond.toFixed(1)}/s`;
  if (total === undefined) return `${phase}  ${grouped(done)} conversations  ${rate}`;
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const percent = `${Math.floor(share * 100)}%`;
  const rest = [percent, `${grouped(done)}/${grouped(total)}`, rate, leftWords(leftMs)].join('  ');
  const room = columns - 1 - phase.length - rest.length - 4;
  if (room < NARROWEST_BAR) return `${phase}  ${rest}`.slice(0, columns - 1);
  const width = Math.min(WIDEST_BAR, room);
  const filled = Math.round(share * width);
  return `${phase}  ${'█'.repeat(filled)}${'░'.repeat(width - filled)}  ${rest}`;
}
