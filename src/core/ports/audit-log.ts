import type { AuditEntry, AuditFacts, AuditHead } from '../audit-entry.ts';
import type { EarlierAnswer } from '../deletion/earlier.ts';
import type { RunOutcomes } from '../last-outcomes.ts';
import type { OpenIntent } from '../open-intent.ts';

export interface AuditLog {
  /**
   * Resolves once the entries are durable, in order and without gaps. Concurrent calls share one commit. Rejects with
   * HeldError, in the same transaction, when one is the intent to delete what is under a hold by then, ClaimedError when
   * another run is at work on it.
   */
  append(entries: readonly AuditFacts[], fence?: Fence): Promise<readonly AuditEntry[]>;
  head(): Promise<AuditHead>;
  /** Oldest first, read in batches. */
  entries(filter?: { readonly runId?: string; readonly fromSeq?: number }): AsyncIterable<AuditEntry>;
  /** All that is said of one conversation, by any run and hold, oldest first. Reads the whole log. */
  entriesAbout(projectId: number, sessionId: string): Promise<readonly AuditEntry[]>;
  /** See {@link PlanStore.sessionsStarting}. Reads the whole log. */
  sessionsStarting(projectId: number, start: string, limit: number): Promise<readonly string[]>;
  /** The latest outcome of each conversation that the run intended or skipped, folded. */
  outcomes(runId: string): Promise<RunOutcomes>;
  /** Conversations whose last intent has no final outcome (none yet, or `unverified`), over all runs of all policies, oldest first. */
  openIntents(): Promise<readonly OpenIntent[]>;
  /** How many of them a policy has, of the account that the state belongs to now, without those of which an earlier run than this one reported that nothing more can be learned for now. */
  openIntentCount(policy: string, runId: string): Promise<number>;
  /** What DELETEs were answered that failed or stayed unverified, over all runs: the strongest for each conversation. */
  undoneAnswers(): Promise<readonly EarlierAnswer[]>;
  /** DELETEs in a project that other runs, still running and with a lease that is live at `now`, intended and have no answer for yet. */
  deletesUnderWay(
    projectId: number,
    other: { readonly thanRunId: string; readonly now: number },
  ): Promise<number>;
  /** Conversations of a project that other runs intended to delete since this run wrote its first entry. */
  intendedByOthers(projectId: number, thanRunId: string): Promise<number>;
  /** Conversations of a project that were verified as deleted, less those seen since to have reappeared. In batches. */
  verifiedSessions(projectId: number): AsyncIterable<readonly string[]>;
  /** When a conversation was last verified as deleted, by any run; undefined: never. */
  lastVerifiedAt(projectId: number, sessionId: string): Promise<number | undefined>;
  /** When the latest `deletion.intended` of a policy was written; undefined when there is none. */
  lastIntendedAt(policy: string): Promise<number | undefined>;
  /**
   * Distinct conversations of a policy with a `deletion.intended` in runs that started since the instant, by their
   * `run.started`, less those runs whose limits were overridden.
   */
  intendedInRunsSince(policy: string, sinceAt: number): Promise<number>;
}

/** Given to `append`: the entries are refused (`lease_held`) in the same transaction when the lease is no longer ours. */
export interface Fence {
  readonly name: string;
  readonly holder: string;
  readonly token: number;
}
