import type { RunObserver } from '../core/ports/observer.ts';
import type { Log } from '../core/ports/surroundings.ts';
import { tracesWanted } from '../traces/wanted.ts';
import type { Surroundings } from './surroundings.ts';
import { version } from './version.ts';

/** Who traces runs, where OpenTelemetry's variables ask for it; else nobody. */
export async function tracingOf(
  { clock, env }: Pick<Surroundings, 'clock' | 'env'>,
  log: Log,
): Promise<{ readonly observers: readonly RunObserver[]; close(): Promise<void> }> {
  const wanted = tracesWanted(env);
  if (wanted === 'yes') {
    // Loaded only where somebody collects: it is larger than the rest of what a command reads at its start.
    const { openTracing } = await import('../traces/tracing.ts');
    const tracing = openTracing({ clock, log, version });
    return { observers: [tracing.observer], close: () => tracing.close() };
  }
  if (wanted !== 'no') log.warn({}, wanted.sentence);
  return { observers: [], close: () => Promise.resolve() };
}
