import type { Rests } from '../../core/decide.ts';
import type { EarlierAnswers } from '../../core/deletion/earlier.ts';
import type { Allowance } from '../../core/limits.ts';
import type { PlanSummary } from '../../core/plan.ts';
import type { Run } from '../context.ts';
import type { Bystanders } from '../plan/bystanders.ts';
import type { Bars } from '../prove/bars.ts';
import type { Calibrator } from '../prove/calibrate.ts';
import type { OutOfSight } from '../prove/out-of-sight.ts';
import type { Witnesses } from '../prove/witnesses.ts';
import type { Brake } from './brake.ts';
import type { KeptSince } from './kept-since.ts';
import type { Relisting } from './relist.ts';
import type { Room } from './room.ts';

/** Does the work once there is room for it. */
export type Slot = <T>(work: () => T | PromiseLike<T>) => Promise<T>;

/** A run that applies its plan, and what its deletions share. Made in one place, `apply-plan.ts`. */
export interface Application extends Run {
  readonly plan: PlanSummary;
  readonly allowance: Allowance;
  readonly bystanders: Bystanders;
  /** Bounds the conversations that have requests in flight, over all projects. */
  readonly slot: Slot;
  readonly room: Room;
  readonly brake: Brake;
  readonly bars: Bars;
  readonly outOfSight: OutOfSight;
  readonly calibrator: Calibrator;
  readonly witnesses: Witnesses;
  /** What DELETEs of earlier runs were answered: one that may have been carried out weighs more than what a new one is. */
  readonly earlier: EarlierAnswers;
  readonly restsOn: (rule: string | null) => Rests;
  readonly relisting: Relisting | undefined;
  readonly keptSince: KeptSince;
  /** Called at the first error that must end the run: no further DELETE. */
  readonly onError: () => void;
}
