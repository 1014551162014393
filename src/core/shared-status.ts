import type { Standing, StatusPort } from './ports/status.ts';
import type { Clock } from './ports/surroundings.ts';

/** Pages and scrapes come at once, from many; what one of them asked a moment ago does for the others. */
const SHARED_MS = 1_000;

/** The same status for all who ask within a second. */
export function sharedStatus(status: StatusPort, clock: Pick<Clock, 'monotonic'>): StatusPort {
  let shared: { readonly atMs: number; readonly standing: Promise<Standing> } | undefined;
  return {
    standing() {
      const atMs = clock.monotonic();
      if (shared === undefined || atMs - shared.atMs >= SHARED_MS)
        shared = { atMs, standing: status.standing() };
      return shared.standing;
    },
  };
}
