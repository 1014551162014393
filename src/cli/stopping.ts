import type { StateHome } from '../core/ports/state-home.ts';
import { createStopSignals } from '../daemon/lifecycle.ts';
import { eitherStops, type StopSignals } from '../run/stop-signals.ts';
import type { Surroundings } from './surroundings.ts';

/** How often the stop file is looked for: a stop must take effect within a second. */
const LOOK_MS = 250;

/** Runs `work` with signals that follow SIGINT, SIGTERM and the stop file, and stops listening afterwards. */
export function withStops<T>(
  surroundings: Surroundings,
  home: Pick<StateHome, 'stopFile'>,
  work: (signals: StopSignals) => Promise<T>,
): Promise<T> {
  return withStopSignals(surroundings, (signals) =>
    withStopFile({ home, clock: surroundings.clock, signals }, work),
  );
}

/** The same without the stop file. */
export async function withStopSignals<T>(
  surroundings: Surroundings,
  work: (signals: StopSignals) => Promise<T>,
): Promise<T> {
  const stopping = createStopSignals(surroundings.clock);
  const stopListening = surroundings.onStopRequest((signal) => {
    stopping.stop(`stopped by ${signal}`);
  });
  try {
    return await work(stopping.signals);
  } finally {
    stopListening();
    // Otherwise the grace period's timer would hold the process although everything has ended.
    stopping.settle();
  }
}

/**
 * Runs `work` with signals that stop it, besides `signals`, once the stop file lies in the state directory, as SIGTERM would:
 * the emergency brake of whoever can reach the volume but not the process. It holds until the file is removed.
 */
export async function withStopFile<T>(
  parts: {
    readonly home: Pick<StateHome, 'stopFile'>;
    readonly clock: Surroundings['clock'];
    readonly signals: StopSignals;
  },
  work: (signals: StopSignals) => Promise<T>,
): Promise<T> {
  const { clock, home, signals } = parts;
  const stopping = createStopSignals(clock);
  const done = new AbortController();
  const look = (): boolean => {
    const file = home.stopFile();
    if (file === undefined) return false;
    stopping.stop(`stopped by the file ${file}: nothing is deleted until it is removed`);
    return true;
  };
  const lookOut = async (): Promise<void> => {
    do {
      await clock.sleep(LOOK_MS, done.signal);
    } while (!look());
  };
  if (!look()) lookOut().catch(() => undefined);
  try {
    return await work(eitherStops(signals, stopping.signals));
  } finally {
    done.abort();
    stopping.settle();
  }
}
