import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Log } from '../core/ports/surroundings.ts';

const BEAT_MS = 30_000;

/**
 * Touches `serve.alive` in the state directory until `signal` aborts, for a container's health check: a process that hangs
 * stops beating. A file that cannot be written is logged and tried again; the runs notice a broken disk themselves.
 */
export async function beat(parts: {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  const file = join(parts.stateDir, 'serve.alive');
  while (!parts.signal.aborted) {
    try {
      await writeFile(file, '');
    } catch {
      parts.log.warn({ file }, 'heartbeat could not be written');
    }
    try {
      await parts.clock.sleep(BEAT_MS, parts.signal);
    } catch {
      return;
    }
  }
}
