import type { AuditHead } from '../audit-entry.ts';
import type { Backlog } from '../backlog.ts';
import type { OpenIntent } from '../open-intent.ts';
import type { PlanSummary } from '../plan.ts';
import type { PolicyStatus } from '../status.ts';

/** How a policy stands, and what it has still to do. */
export interface PolicyStanding extends PolicyStatus {
  /** Its latest plan; undefined: there is none. */
  readonly plan: PlanSummary | undefined;
  /** What is left of its plans; undefined: there is none by the policy as its file is now. */
  readonly backlog: Backlog | undefined;
}

/** How retention stands in one state directory. */
export interface Standing {
  readonly now: number;
  readonly policies: readonly PolicyStanding[];
  /** What is wrong with the files of policies or holds, each a line; while there is anything, nothing runs. */
  readonly problems: readonly string[];
  /** Conversations of which it is not settled what became of them. */
  readonly open: readonly OpenIntent[];
  /** Holds in force. */
  readonly holdCount: number;
  readonly auditHead: AuditHead;
}

/** When the audit log was last read from its first entry to its head, and what was found. */
export interface AuditVerification {
  readonly at: number;
  readonly entries: number;
  /** What is wrong with it, in one line; undefined: nothing. */
  readonly problem: string | undefined;
}

/** Where status page, metrics, probes and commands learn how retention stands. */
export interface StatusPort {
  /** Rejects with RetentionError `state_unusable`. */
  standing(): Promise<Standing>;
}
