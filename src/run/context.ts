import { setMaxListeners } from 'node:events';
import type { OwnAccount } from '../core/account.ts';
import type { AuditFacts, Fact, AuditEvent } from '../core/audit-entry.ts';
import type { Allowance } from '../core/limits.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import type {
  AuditLog,
  Chance,
  Clock,
  CustomGptDeleter,
  Fence,
  HoldSource,
  Log,
  PlanStore,
  Progress,
} from '../core/ports.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { Bystanders } from './bystanders.ts';

/** Does the work once there is room for it. */
export type Slot = <T>(work: () => T | PromiseLike<T>) => Promise<T>;

/** What everything between a finished plan and its last outcome works with. */
export interface ApplyContext {
  readonly runId: string;
  readonly policy: Policy;
  /** Whose conversations they are. */
  readonly account: OwnAccount;
  readonly plan: PlanSummary;
  readonly fence: Fence;
  /** Whether the lease still keeps others away, asked right before each DELETE. */
  readonly isLeaseLive: () => boolean;
  readonly clockWatch: ClockWatch;
  readonly allowance: Allowance;
  readonly holds: HoldSource;
  readonly deleter: CustomGptDeleter;
  readonly bystanders: Bystanders;
  readonly audit: AuditLog;
  readonly plans: PlanStore;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly warn: (sentence: string) => void;
  readonly progress: Progress;
  readonly verifyTimeoutMs: number;
  readonly requestsPerMinute: number | 'unlimited';
  readonly signals: StopSignals;
}

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

/** Which conversation an entry speaks of, and the rule that had it deleted. */
export interface AboutConversation {
  readonly projectId: number;
  readonly sessionId: string;
  readonly rule: string | null;
}

/** The one place where a run's audit entries get their common keys. */
export function auditFacts(
  run: { readonly runId: string; readonly policy: { readonly name: string; readonly hash: string | null } },
  event: AuditEvent,
  rest: {
    readonly about?: Partial<AboutConversation> | undefined;
    readonly facts?: { readonly [key: string]: Fact };
  } = {},
): AuditFacts {
  return {
    event,
    run_id: run.runId,
    policy: run.policy.name,
    policy_hash: run.policy.hash,
    rule: rest.about?.rule ?? null,
    project_id: rest.about?.projectId ?? null,
    session_id: rest.about?.sessionId ?? null,
    facts: rest.facts ?? {},
  };
}
