import type { LiveRuns } from '../core/live-runs.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { eitherStops, type StopSignals } from '../run/stop-signals.ts';
import { createStopSignals, type StopControl } from './lifecycle.ts';

/** Lets a person stop a single run of this process. */
export class RunStops {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #live: Pick<LiveRuns, 'now'>;
  /** By policy: no policy has two runs at a time. */
  readonly #controls = new Map<string, StopControl>();

  constructor(parts: { readonly clock: Pick<Clock, 'sleep'>; readonly live: Pick<LiveRuns, 'now'> }) {
    this.#clock = parts.clock;
    this.#live = parts.live;
  }

  /** False: the run is not under way here. `by`: who said so, undefined where nobody knows. */
  stop(runId: string, by: string | undefined): boolean {
    const policy = this.#live.now().find(({ run }) => run.runId === runId)?.run.policy;
    const control = policy === undefined ? undefined : this.#controls.get(policy);
    // Said twice, it would be a stop that waits for nothing: two people who press one button mean the same.
    if (control?.signals.stop.aborted === false)
      control.stop(`stopped on the status page by ${by ?? 'an approver'}`);
    return control !== undefined;
  }

  /** Whether somebody has stopped the run of a policy that is under way. */
  isStopping(policy: string): boolean {
    return this.#controls.get(policy)?.signals.stop.aborted === true;
  }

  /** Runs `work` with signals that also stop it when a person says so. `wasStopped`: somebody did. */
  async during<T>(
    policy: string,
    signals: StopSignals,
    work: (signals: StopSignals) => Promise<T>,
  ): Promise<{ readonly result: T; readonly wasStopped: boolean }> {
    const control = createStopSignals(this.#clock);
    this.#controls.set(policy, control);
    try {
      const result = await work(eitherStops(signals, control.signals));
      return { result, wasStopped: control.signals.stop.aborted };
    } finally {
      this.#controls.delete(policy);
      control.settle();
    }
  }
}
