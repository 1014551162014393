import type { AuditEntry } from './audit-entry.ts';
import type { Conversation, LastMessage, Project, UnusableRow } from './conversation.ts';
import type { Coverage, RulesExplained } from './explain.ts';
import type { ForeignKeep } from './foreign-keeps.ts';
import type { SourcedHold } from './hold.ts';
import type { OpenIntent } from './open-intent.ts';
import type { Decision, PlanItem, PlanSummary } from './plan.ts';
import type { Policy } from './policy.ts';
import type { PlannedRow } from './ports/plans.ts';
import type { RunRecord } from './run.ts';

/** What the API shows of one conversation now. */
export type WhySight =
  /** Nobody asked. */
  | { readonly state: 'not_asked' }
  | { readonly state: 'listed'; readonly project: Project; readonly row: Conversation }
  /** Its row cannot be used, and so nothing can be decided of it. */
  | { readonly state: 'unusable'; readonly project: Project; readonly row: UnusableRow }
  /** `listed`: rows that the whole list shows. `own`: what the address of its messages answers. */
  | {
      readonly state: 'not_listed';
      readonly project: Project;
      readonly listed: number;
      readonly own: 'answers' | 'not_found' | 'no_evidence';
    }
  /** The key does not see its project. */
  | { readonly state: 'no_project' }
  | { readonly state: 'not_readable'; readonly project: Project; readonly problem: string };

/** What another policy of the folder says to a deletion by this one. */
export type OthersWord =
  | { readonly kind: 'kept'; readonly by: ForeignKeep }
  /** It depends on the newest message, which no rule needed so far. */
  | { readonly kind: 'needs_last_message'; readonly policy: string };

/** What one policy makes of a conversation now. */
export interface PolicyNow {
  readonly coverage: Coverage;
  /** All that follows is undefined, or empty, where it does not look at the project, or no usable row is listed. */
  readonly rules: RulesExplained | undefined;
  /** As a plan made now would have it. */
  readonly decision: Decision | undefined;
  /** As it was read, or not, for the decision. */
  readonly lastMessage: LastMessage;
  readonly others: readonly OthersWord[];
}

/** The latest plan of a policy, and what became of it. */
export interface LatestPlan {
  readonly plan: PlanSummary;
  /** Undefined: it has no row, because it was not listed, was merely kept, or rows are removed by now. */
  readonly item: PlanItem | undefined;
  /** The latest run that went by it. */
  readonly run: RunRecord | undefined;
  /** What refused it, or would refuse it now, in words. */
  readonly refusals: readonly string[];
}

export interface PolicyWhy {
  readonly policy: Policy;
  /** Undefined: the API was not asked, or does not show the project. */
  readonly now: PolicyNow | undefined;
  readonly latest: LatestPlan | undefined;
}

/** Why a conversation is, will be, or was deleted, or not. */
export interface WhyReport {
  readonly projectId: number;
  readonly sessionId: string;
  /** The instant (epoch ms) at which all is judged. */
  readonly at: number;
  readonly sight: WhySight;
  /** Requests that it took. */
  readonly requests: number;
  readonly policies: readonly PolicyWhy[];
  /** In force, on it or on its project. */
  readonly holds: readonly SourcedHold[];
  /** Its rows in all plans on record, the latest first. */
  readonly planned: readonly PlannedRow[];
  /** All that the audit log says of it, oldest first. */
  readonly history: readonly AuditEntry[];
  /** Intents to delete it of which it is not settled what became. */
  readonly open: readonly OpenIntent[];
}

/** Whether anybody knows this conversation: the API, or the record. */
export function isKnown({ sight, planned, history }: WhyReport): boolean {
  const isThere =
    sight.state === 'listed' ||
    sight.state === 'unusable' ||
    (sight.state === 'not_listed' && sight.own === 'answers');
  return isThere || planned.length + history.length > 0;
}
