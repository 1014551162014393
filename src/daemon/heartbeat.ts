import type { StateHome } from '../core/ports/state-home.ts';
import type { Clock, Log } from '../core/ports/surroundings.ts';

const BEAT_MS = 30_000;

/**
 * Beats until `signal` aborts, for a container's health check: a process that hangs stops beating. What cannot be written is
 * logged and tried again; the runs notice a broken disk themselves.
 */
export async function keepBeating(parts: {
  readonly home: Pick<StateHome, 'beat'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  while (!parts.signal.aborted) {
    try {
      await parts.home.beat();
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      parts.log.warn({ problem }, 'heartbeat could not be written');
    }
    await parts.clock.sleep(BEAT_MS, parts.signal).catch(() => undefined);
  }
}
