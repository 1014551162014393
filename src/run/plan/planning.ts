import type { LimitFunction } from 'p-limit';
import type { Conversation } from '../../core/conversation.ts';
import type { HoldIndex } from '../../core/hold.ts';
import type { Policy } from '../../core/policy.ts';
import type { PlanWriter } from '../../core/ports/plans.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Run } from '../context.ts';
import type { ProjectWatch } from '../../core/protection-watch.ts';
import type { Bystanders } from './bystanders.ts';

/** All that planning can reach of a run: a reader, and the plans. */
export type Planner = Pick<Run, 'reader' | 'clock' | 'chance' | 'log' | 'progress'> & {
  readonly store: Pick<Store, 'policies' | 'plans' | 'protections' | 'audit'>;
};

export interface PlanRequest {
  readonly policy: Policy;
  /** Whose conversations they are: {@link OwnAccount.text}. */
  readonly account: string;
  /** The other policies of its folder: what they keep is not deleted. */
  readonly others: readonly Policy[];
  readonly holds: HoldIndex;
  /** Whether kept conversations are stored in the plan too (`plan --all`); they are always counted. */
  readonly withKept: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Learns what is listed beside what is planned. */
  readonly bystanders?: Bystanders;
  /** Called with conversations that are listed again although they were verified as deleted. */
  readonly onReappeared?: (conversations: readonly Conversation[]) => Promise<void>;
}

/** One plan in the making. */
export interface Planning extends Planner, PlanRequest {
  readonly writer: PlanWriter;
  /** When it is decided, epoch ms. */
  readonly decidedAt: number;
  /** Earliest `created_at` that no rule can delete. */
  readonly reach: number;
  /** A message at or after this instant is too young for every rule. */
  readonly messageReach: number | undefined;
  /** Bounds the reads of newest messages in flight. */
  readonly limit: LimitFunction;
}

/** … and one project of it. */
export interface ProjectPlanning extends Planning {
  /** Decides, and learns what becomes of the listing. */
  readonly watch: ProjectWatch;
}
