import type { OwnAccount } from '../../core/account.ts';
import type { Allowance } from '../../core/limits.ts';
import type { PlanSummary } from '../../core/plan.ts';
import type { Policy } from '../../core/policy.ts';
import type { AuditLog, Fence } from '../../core/ports/audit-log.ts';
import type { HoldSource } from '../../core/ports/holds.ts';
import type { PlanStore } from '../../core/ports/plans.ts';
import type { Chance, Clock, Log, Progress } from '../../core/ports/surroundings.ts';
import type { CustomGptDeleter } from '../../core/ports/vendor.ts';
import type { ClockWatch } from '../around/clock-watch.ts';
import type { StopSignals } from '../context.ts';
import type { Bystanders } from '../plan/bystanders.ts';

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
