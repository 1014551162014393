import { createStopSignals } from '../daemon/lifecycle.ts';
import type { StopSignals } from '../run/stop-signals.ts';
import { withStopFile } from './stop-file.ts';
import type { Surroundings } from './surroundings.ts';

/** Runs `work` with signals that follow SIGINT, SIGTERM and the stop file, and stops listening afterwards. */
export function withStops<T>(
  surroundings: Surroundings,
  { stateDir }: { readonly stateDir: string },
  work: (signals: StopSignals) => Promise<T>,
): Promise<T> {
  return withStopSignals(surroundings, (signals) =>
    withStopFile({ stateDir, clock: surroundings.clock, signals }, work),
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
