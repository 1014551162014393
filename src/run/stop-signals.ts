import { setMaxListeners } from 'node:events';

/** `stop`: no new DELETE. `abandon`, a few seconds later: do not wait for anything any more. */
export interface StopSignals {
  readonly stop: AbortSignal;
  readonly abandon: AbortSignal;
}

/** Stops when one of the given ones does, and then at once. */
export function joinStops(signals: StopSignals, other: AbortSignal): StopSignals {
  return eitherStops(signals, { stop: other, abandon: other });
}

/** Every request under way listens, so there is no bound on listeners. */
export function eitherStops(one: StopSignals, other: StopSignals): StopSignals {
  const stop = AbortSignal.any([one.stop, other.stop]);
  const abandon = AbortSignal.any([one.abandon, other.abandon]);
  setMaxListeners(0, stop, abandon);
  return { stop, abandon };
}
