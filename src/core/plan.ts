import type { Conversation } from './conversation.ts';
import type { PlanFindings } from './findings.ts';
import type { Instant } from './instant.ts';
import type { Mode } from './policy.ts';
import type { Verdict } from './verdict.ts';

/** One per conversation. */
export interface Decision {
  readonly verdict: Verdict;
  /** Name of the rule that decided; null where none did. */
  readonly rule: string | null;
  /** For people: why. Never repeats the conversation's name. */
  readonly reason: string;
  /** Whole days since the clock that the deciding rule looks at (else `created_at`); null when unknown. */
  readonly ageDays: number | null;
}

/**
 * A conversation in a plan: what was decided, and what it looked like then, so that a change can be seen before the
 * DELETE. `name` and `createdBy` are removed once the plan can no longer be applied or shown.
 */
export interface PlanItem extends Decision {
  /** 1, 2, 3 … in the order of its project's listing. */
  readonly ordinal: number;
  readonly projectId: number;
  /** null for a list row that had no usable one. */
  readonly sessionId: string | null;
  readonly seen: Pick<Conversation, 'name' | 'createdAt' | 'updatedAt' | 'createdBy'>;
  /** When the listing showed it. */
  readonly seenAt: number;
  /** Newest message at that time; undefined when it was not read or not known. */
  readonly lastMessageAt: Instant | undefined;
  /** When the newest message was read; undefined: it was not needed. */
  readonly lastMessageReadAt: number | undefined;
  /** Left to a later run, because the limits leave no room for it in this one. Known once a plan is about to be applied. */
  readonly deferred?: boolean | undefined;
  /** Its last DELETE, of whichever run, failed or stayed unverified: it comes after the others. Known as above. */
  readonly failedBefore?: boolean | undefined;
}

/** A plan item that names a conversation and is to be deleted. */
export type DeletableItem = PlanItem & { readonly sessionId: string };

/** What planning found out about one project. Every count of a plan is a sum over these. */
export interface PlanProject {
  readonly projectId: number;
  /** Conversations that the listing went through before no rule could reach further. */
  readonly listed: number;
  /**
   * Conversations of the project that the listing showed, each once: what a percentage is taken of. Those that are deleted
   * and merely go on being listed are not among them.
   */
  readonly total: number;
  readonly kept: number;
  readonly held: number;
  readonly unknown: number;
  readonly planned: number;
  /** Why nothing of this project may be deleted in this run; undefined when the listing is complete. */
  readonly incomplete: string | undefined;
  /**
   * Present where the listing stopped early, and samples of what follows bore its order out; absent where the project was
   * read in full.
   */
  readonly sampled?: Sampled;
}

/** Its listing is not complete: nothing of it may be deleted. */
export function isIncomplete({ incomplete }: Pick<PlanProject, 'incomplete'>): boolean {
  return incomplete !== undefined;
}

export interface Sampled {
  /** Conversations in the project by the vendor's paginator, which nobody has counted; undefined when it did not say. */
  readonly claimed: number | undefined;
}

export type PlanStatus = 'draft' | 'open' | 'applied' | 'expired';

export interface PlanHeader {
  readonly planId: string;
  readonly policy: string;
  readonly policyHash: string;
  /** Whose conversations it names; undefined: made before states belonged to an account. */
  readonly account: string | undefined;
  /** Absolute path of the policy's file. */
  readonly policyPath: string;
  readonly mode: Mode;
  /** The one instant that all cutoffs of this plan were computed from. */
  readonly decidedAt: number;
  /** After this instant the plan is stale. */
  readonly expiresAt: number;
}

export type PlanCounts = Pick<PlanProject, 'listed' | 'kept' | 'held' | 'unknown' | 'planned'>;

export interface PlanSummary extends PlanHeader {
  readonly status: PlanStatus;
  readonly projects: readonly PlanProject[];
  readonly findings: PlanFindings;
  /** Requests that planning itself took. */
  readonly requestsUsed: number;
  /** SHA-256 (hex) over the header, the projects and every item in order. */
  readonly fingerprint: string;
  /** SHA-256 (hex) of the file that `plan --out` wrote; undefined: none was written. */
  readonly fileHash: string | undefined;
  /** Planned conversations that are left to a later run; 0 until the plan is about to be applied. */
  readonly deferred: number;
}

/** The plan's counts, folded over its projects. */
export function countsOf(projects: readonly PlanProject[]): PlanCounts {
  const sum = (count: keyof PlanCounts): number =>
    projects.reduce((total, project) => total + project[count], 0);
  return {
    listed: sum('listed'),
    kept: sum('kept'),
    held: sum('held'),
    unknown: sum('unknown'),
    planned: sum('planned'),
  };
}
