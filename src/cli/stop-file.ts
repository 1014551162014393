import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/ports/surroundings.ts';
import { createStopSignals } from '../daemon/lifecycle.ts';
import { eitherStops, type StopSignals } from '../run/stop-signals.ts';

const FILE_NAME = 'STOP';
/** How often it is looked for: a stop must take effect within a second. */
const LOOK_MS = 250;

/**
 * Runs `work` with signals that stop it, besides `signals`, once a file named STOP lies in the state directory, as SIGTERM
 * would: the emergency brake of whoever can reach the volume but not the process. It holds until the file is removed.
 */
export async function withStopFile<T>(
  parts: { readonly stateDir: string; readonly clock: Clock; readonly signals: StopSignals },
  work: (signals: StopSignals) => Promise<T>,
): Promise<T> {
  const { clock, signals } = parts;
  const file = join(parts.stateDir, FILE_NAME);
  const stopping = createStopSignals(clock);
  const done = new AbortController();
  const look = (): boolean => {
    // A link that leads nowhere was put there to stop, too.
    const isThere = lstatSync(file, { throwIfNoEntry: false }) !== undefined;
    if (isThere) stopping.stop(`stopped by the file ${file}: nothing is deleted until it is removed`);
    return isThere;
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
