import type { OwnAccount } from '../core/account.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { Mode, Policy } from '../core/policy.ts';
import type { Fence } from '../core/ports/audit-log.ts';
import type { HoldSource } from '../core/ports/holds.ts';
import type { KeepSource } from '../core/ports/policies.ts';
import type { Store } from '../core/ports/store.ts';
import type { RequestSeen, RunObserver } from '../core/ports/observer.ts';
import type { Chance, Clock, Log, Progress } from '../core/ports/surroundings.ts';
import type { CustomGptDeleter, CustomGptReader } from '../core/ports/vendor.ts';
import type { Trigger } from '../core/run.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { StopSignals } from './stop-signals.ts';

/** All that a run needs from outside. */
export interface RunDeps {
  /** A view of the vendor with request counts of its own; pace and pauses are shared by all of a key. */
  readonly openApi: (onRequest?: (request: RequestSeen) => void) => {
    readonly reader: CustomGptReader;
    readonly deleter: CustomGptDeleter;
  };
  readonly store: Store;
  readonly holds: HoldSource;
  readonly keeps: KeepSource;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Told of each run. */
  readonly observer: RunObserver;
  /** Who we are, unique per process. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly verifyTimeoutMs: number;
  readonly requestsPerMinute: number | 'unlimited';
  /** IANA name: where the days of policies without a schedule begin. */
  readonly timeZone: string;
  /** What the program itself has to say of a run, asked at its end: warnings. */
  readonly remarks?: () => readonly string[];
}

/** A person, as he names himself. */
export interface Decider {
  readonly by: string;
  readonly reason: string | undefined;
}

export interface RunRequest {
  readonly policy: Policy;
  readonly trigger: Trigger;
  readonly slotAt?: number | undefined;
  /** The stored plan that is applied: it must be of the account that the key is of. */
  readonly plan?: PlanSummary | undefined;
  /** What the run does, where a person's word goes beyond the policy's own mode. */
  readonly mode?: Mode | undefined;
  /** Who decided it, and why; undefined: nobody said. */
  readonly by?: Decider | undefined;
  readonly signals: StopSignals;
}

/** One run: what everything in it works with. Made in one place, `run/around/open-run.ts`; who needs less takes a `Pick` of it. */
export interface Run extends Omit<RunDeps, 'openApi' | 'observer' | 'remarks'>, RunRequest {
  readonly runId: string;
  readonly progress: Progress;
  /** Whose conversations they are; `text` is the fact of an intent. */
  readonly account: OwnAccount;
  readonly startedAt: number;
  readonly fence: Fence;
  /** Whether the lease still keeps others away, asked right before each DELETE. */
  readonly isLeaseLive: () => boolean;
  readonly clockWatch: ClockWatch;
  readonly reader: CustomGptReader;
  readonly deleter: CustomGptDeleter;
  /** Says what a person should look at: in the log, in the run's record, in every report. Each sentence once. */
  readonly warn: (sentence: string) => void;
  readonly warnings: readonly string[];
}

/** A run with no deleter in reach: for what only looks. */
export type LookingRun = Omit<Run, 'deleter'>;
