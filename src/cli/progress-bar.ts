import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from '../core/ports.ts';
import type { Screen } from './surroundings.ts';

export const NO_PROGRESS: Progress = {
  begin: () => undefined,
  advance: () => undefined,
  end: () => undefined,
};

/** A bar with rate and remaining time on a terminal; nothing anywhere else. */
export function createProgress(screen: Screen): Progress {
  if (screen.isTTY !== true) return NO_PROGRESS;
  let bar: SingleBar | undefined;
  let count = 0;
  let startedAt = 0;
  return {
    begin(phase, total) {
      count = 0;
      startedAt = performance.now();
      const format =
        total === undefined
          ? `${phase}  {value} conversations  {rate}/s`
          : `${phase}  {bar} {percentage}%  {value}/{total}  {rate}/s  {eta_formatted} left`;
      bar = new SingleBar(
        { format, stream: screen, hideCursor: true, barsize: 24, clearOnComplete: true },
        Presets.shades_grey,
      );
      bar.start(total ?? 0, 0, { rate: '0' });
    },
    advance(by) {
      count += by;
      const seconds = Math.max(0.001, (performance.now() - startedAt) / 1000);
      bar?.update(count, { rate: (count / seconds).toFixed(1) });
    },
    end() {
      bar?.stop();
      bar = undefined;
    },
  };
}
