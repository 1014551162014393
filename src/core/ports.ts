import type { HoldIndex, HoldRecord, HoldRelease, ListedHold, SourcedHold } from './hold.ts';
import type { AccountBinding, AccountSight, Viewer } from './account.ts';
import type { AuditEntry, AuditFacts, AuditHead } from './audit-entry.ts';
import type { EarlierAnswer } from './deletion/earlier.ts';
import type { Conversation, Project, UnusableRow } from './conversation.ts';
import type { PlanFindings } from './findings.ts';
import type { OpenIntent } from './open-intent.ts';
import type { RunOutcomes } from './last-outcomes.ts';
import type { KnownPopulation } from './population.ts';
import type { PlanHeader, PlanItem, PlanProject, PlanStatus, PlanSummary } from './plan.ts';
import type { Policy } from './policy.ts';
import type { ProtectionStore } from './protection-store.ts';
import type { RequestCounts, RunRecord } from './run.ts';
import type { AgeClock } from './selector.ts';
import type { DeleteAnswer, Existence, ProjectAnswer } from './vendor-answers.ts';

export type { DeleteAnswer, Existence } from './vendor-answers.ts';

/** Time from outside. Instants are epoch milliseconds. */
export interface Clock {
  now(): number;
  /** Milliseconds on a clock that nobody sets; only differences mean something. */
  monotonic(): number;
  /** Resolves after `ms`, however long that is; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Random identifiers and jitter from outside. */
export interface Chance {
  /** In [0, 1). */
  fraction(): number;
  /** Lower-case letters and digits. */
  token(length: number): string;
}

/** One line of the program's own log. Facts only: never a name, a text, or the key. */
export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  debug(facts: object, message: string): void;
}

export type ProgressPhase = 'listing' | 'checking' | 'deleting' | 'confirming';

/** Shown to a person at a terminal; nothing else depends on it. */
export interface Progress {
  begin(phase: ProgressPhase, total: number | undefined): void;
  /** Goes on counting towards the same total, in another phase. */
  enter(phase: ProgressPhase): void;
  advance(count: number): void;
  end(): void;
}

// ── The vendor ──────────────────────────────────────────────────────────────────────────────────────────────

export interface ProjectPage {
  readonly projects: readonly Project[];
  readonly page: number;
  readonly lastPage: number;
  readonly total: number | undefined;
}

export interface ConversationPage {
  readonly rows: readonly (
    ({ readonly kind: 'conversation' } & Conversation) | ({ readonly kind: 'unusable' } & UnusableRow)
  )[];
  readonly page: number;
  readonly lastPage: number;
  /** Conversations in the project by the paginator; undefined when it did not say. */
  readonly total: number | undefined;
  /** When the answer had arrived. */
  readonly receivedAt: number;
  /** What it answers, as it was sent: method and path with query. */
  readonly request: string;
}

export type ListOrder = 'oldest_first' | 'newest_first' | 'by_id';

/** What the planner may do: look. There is no way to a DELETE from here. */
export interface CustomGptReader {
  /**
   * GET /user: whose key it is. An answer that names nobody (403, 404, 5xx after the retries, HTML …) is one; throws ApiError
   * where there is none, and for `unauthorized`, `throttled` and `aborted`.
   */
  account(signal?: AbortSignal): Promise<AccountSight>;
  /** Who is known by now, from `account` and since the key was exchanged. */
  viewer(): Viewer;
  /** Pages of all projects the key can see. Throws ApiError. */
  projectPages(signal?: AbortSignal): AsyncIterable<ProjectPage>;
  /**
   * Pages of a project's conversations, oldest first where nothing else is asked for. Goes on behind the page that calls
   * itself the last one, until one is empty: a reader that has all it wants stops. Throws ApiError.
   */
  conversationPages(
    projectId: number,
    signal?: AbortSignal,
    order?: ListOrder,
  ): AsyncIterable<ConversationPage>;
  /** One page by its number, oldest first. Throws ApiError. */
  conversationPage(projectId: number, page: number, signal?: AbortSignal): Promise<ConversationPage>;
  /** GET …/messages. Network failures, throttling and 5xx are retried within the client's patience; never throws ApiError
   * except `unauthorized` and `aborted`. `purpose` is for the request counts: with `verify` it is one request, with `messages` as
   * many as it takes to know the newest message. */
  existence(
    projectId: number,
    sessionId: string,
    options: {
      readonly purpose: 'messages' | 'calibrate' | 'verify';
      readonly signal?: AbortSignal;
      /** The newest message does not matter: one request, whatever the purpose. */
      readonly onlyFirstPage?: boolean;
      /** A message at or after this instant settles what the caller wants to know: no further page is read for a newer one. */
      readonly enoughAt?: number | undefined;
    },
  ): Promise<Existence>;
  /** Whether the project itself answers: GET …/conversations, first page. Throws ApiError unless it is a proper 200. */
  control(projectId: number, signal?: AbortSignal): Promise<ProjectAnswer>;
  /** Milliseconds that the pool of all calls has stood still so far, because the API was away or asked for it. */
  pausedMs(): number;
  /** Requests on the wire since the client was built, by purpose. */
  requestCounts(): RequestCounts;
  /** Server's clock minus ours in milliseconds by the latest `Date` header; undefined: no answer carried one. */
  clockSkewMs(): number | undefined;
}

export interface CustomGptDeleter extends CustomGptReader {
  /** DELETE …/conversations/{sessionId}. Throws ApiError `unauthorized` (401) and `aborted` only before it was sent. */
  deleteConversation(
    projectId: number,
    sessionId: string,
    options?: {
      readonly signal?: AbortSignal;
      /** Asked when its turn has come: when not, it is `aborted` instead, and when this throws, so does the call. */
      readonly mayBeSent?: () => Promise<boolean>;
      /** Asked again in the instant in which it is written: when not, it is `aborted` instead. */
      readonly mayStillBeSent?: () => boolean;
    },
  ): Promise<DeleteAnswer>;
}

// ── The store ───────────────────────────────────────────────────────────────────────────────────────────────

/** Receives a plan while it is made. Nothing is visible to others before `finish`, which computes the fingerprint over what is left. */
export interface PlanWriter {
  add(items: readonly PlanItem[]): Promise<void>;
  /** Takes back every item of a project: its listing has to start again, or could not be completed. */
  dropProject(projectId: number): Promise<void>;
  finish(facts: {
    readonly projects: readonly PlanProject[];
    readonly requestsUsed: number;
    readonly findings: PlanFindings;
  }): Promise<PlanSummary>;
  /** Removes all that was written. */
  discard(): Promise<void>;
}

export interface PlanFilter {
  /** `delete` leaves out what is deferred. */
  readonly verdict?: PlanItem['verdict'];
  /** `for_applying`: those whose last DELETE failed or stayed unverified come after all others; else by `ordinal`. */
  readonly order?: 'ordinal' | 'for_applying';
  readonly projectId?: number;
  /** Only those whose last DELETE failed or stayed unverified, or only the others. */
  readonly failedBefore?: boolean;
  /** Only so many from the end by `ordinal`, the last one first; formerly failed ones left out. */
  readonly last?: number;
}

/** How much of a plan is deleted in one run. */
export interface PlanArrangement {
  /** Most conversations; undefined: all. */
  readonly room: number | undefined;
  /** By rule: the clock that it judges ages by, where it is not the creation. */
  readonly clocks: ReadonlyMap<string, AgeClock>;
}

export interface PlanStore {
  createPlan(header: PlanHeader): Promise<PlanWriter>;
  plan(planId: string): Promise<PlanSummary | undefined>;
  planByFileHash(fileHash: string): Promise<PlanSummary | undefined>;
  setPlanFileHash(planId: string, fileHash: string): Promise<void>;
  /** Items in order; read in batches, so that a plan of a million needs no more memory than one of ten. */
  planItems(planId: string, filter?: PlanFilter): AsyncIterable<PlanItem>;
  /**
   * To be called right before an open plan is consumed: marks the items whose last DELETE failed or stayed unverified, and
   * defers all but the `room` oldest, those that failed before coming last; then by project and session id. Verdicts and
   * fingerprint stay. Returns how many are deferred.
   */
  arrangePlan(planId: string, how: PlanArrangement): Promise<number>;
  /** Recomputes the fingerprint from what is stored. */
  planFingerprint(planId: string): Promise<string>;
  /** `open` to `applied`, once: false when somebody else has done so, or the plan is not open. */
  consumePlan(planId: string, runId: string): Promise<boolean>;
  /** When planning last read a project in full, as recorded; undefined: it was never listed. */
  lastReadInFull(projectId: number): Promise<number | undefined>;
  recordReadInFull(projectId: number, at: number): Promise<void>;
  /** Marks overdue plans `expired` and removes names and user ids of plans that are no longer `open`, except those in `keepPlanIds`. Rows of plans
   * that were closed 30 days ago go altogether. Returns how many plans were closed or lost names. */
  scrubPlans(now: number, keepPlanIds?: readonly string[]): Promise<number>;
}

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

/** The right to run, as the store knows it. `token` grows with every change of holder. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  readonly token: number;
  readonly expiresAt: number;
}

/** Given to `append`: the entries are refused (`lease_held`) in the same transaction when the lease is no longer ours. */
export interface Fence {
  readonly name: string;
  readonly holder: string;
  readonly token: number;
}

export interface LeaseStore {
  /** Undefined when somebody else holds it and it has not expired at `now`. */
  acquireLease(
    name: string,
    holder: string,
    time: { readonly now: number; readonly ttlMs: number },
  ): Promise<Lease | undefined>;
  /** Undefined when it was lost. */
  renewLease(
    fence: Fence,
    time: { readonly now: number; readonly ttlMs: number },
  ): Promise<Lease | undefined>;
  releaseLease(fence: Fence): Promise<void>;
}

export interface HoldStore {
  /** Placed by command; stored and audited in one transaction. From when it resolves, no intent for what it covers can be written. */
  addHold(hold: Omit<HoldRecord, 'release' | 'source'>): Promise<void>;
  /** Undefined when there is no such hold, or it was released before. */
  releaseHold(holdId: string, release: HoldRelease): Promise<HoldRecord | undefined>;
  /**
   * Makes the holds of one file those that it lists: what is missing is added, what is gone is released, audited, and all of it
   * in one transaction. Resolves with the holds that stand for the list; undefined when it was not current any more.
   */
  syncHolds(list: HoldList, how: HoldSync): Promise<readonly HoldRecord[] | undefined>;
  /** All there ever were, oldest first. */
  holds(): Promise<readonly HoldRecord[]>;
  /**
   * Neither released nor over at `now`; the same array as before while nothing changed. Rejects with RetentionError
   * `state_unusable` when a hold is not as the audit log says: one that was removed or altered would otherwise be lost in silence.
   */
  holdsInForce(now: number): Promise<readonly SourcedHold[]>;
}

/** What a file lists. Two of one file are the same object while its content is the same. */
export interface HoldList {
  /** Absolute path of the file. */
  readonly source: string;
  readonly holds: readonly ListedHold[];
  /** Whether the file still says just this. Asked in the transaction that releases, so that no older list undoes a newer one. */
  readonly isCurrent: () => boolean;
}

export interface HoldSync {
  readonly at: number;
  readonly newId: () => string;
  /** What the release of a hold says. */
  readonly by: string;
  readonly reason: string;
}

/** A file that may list holds. */
export interface HoldFile {
  /** Absolute path. */
  readonly source: string;
  /** As the user knows it. */
  readonly name: string;
  /** Undefined when there is no such file. Rejects with RetentionError `usage` when it cannot be read or used. */
  read(): Promise<HoldList | undefined>;
}

/** Where a run learns what is held. Rejects with RetentionError when that cannot be read: then nothing may be deleted. */
export interface HoldSource {
  holdsInForce(now: number): Promise<HoldIndex>;
}

/** Why a state is bound anew, or for the first time. */
export interface BindingReason {
  /** `null`: nobody decided it, the API said it. */
  readonly by: string | null;
  readonly reason: string;
}

export interface AccountStore {
  /**
   * All accounts that the state belonged to, oldest first; empty before its first use. Rejects with RetentionError `state_unusable`
   * when they are not those that the audit log tells of.
   */
  accountBindings(): Promise<readonly AccountBinding[]>;
  /**
   * Adds one, audited in the same transaction. `outdated`: there were not `known` of them any more. `under_way`, asked for with
   * `whileIdle`: a worker holds a lease. What is known of the projects' sizes goes with an account that is replaced.
   */
  bindAccount(
    binding: AccountBinding,
    how: BindingReason & { readonly known: number; readonly whileIdle?: boolean },
  ): Promise<'written' | 'outdated' | 'under_way'>;
  /** Ids of the projects that deletions, plans and sizes on record speak of. */
  projectsOnRecord(): Promise<ReadonlySet<number>>;
}

export interface PopulationStore {
  /** By project, less what any policy intended to delete there since; empty before a plan of the policy was applied. */
  knownPopulations(policy: string): Promise<readonly KnownPopulation[]>;
  /** Takes the place of all that was known for the policy. */
  recordPopulations(policy: string, populations: readonly KnownPopulation[]): Promise<void>;
}

/** Where a run learns what the other policies of the folder keep. */
export interface KeepSource {
  /** All of them but this one, as their files say now. Rejects with RetentionError `usage` while one is wrong: then nothing runs. */
  othersThan(policy: string): Promise<readonly Policy[]>;
}

export interface RunStore {
  startRun(run: RunRecord): Promise<void>;
  updateRun(
    runId: string,
    change: Partial<
      Pick<
        RunRecord,
        | 'planId'
        | 'status'
        | 'endedAt'
        | 'requests'
        | 'auditHead'
        | 'problem'
        | 'warnings'
        | 'asBefore'
        | 'endedAs'
        | 'alikeSince'
        | 'runsRemaining'
      >
    >,
  ): Promise<void>;
  run(runId: string): Promise<RunRecord | undefined>;
  /** All that are `running` by their record, however old, oldest first. */
  runsUnderWay(): Promise<readonly RunRecord[]>;
  /** Newest first. */
  runs(filter: { readonly policy?: string; readonly limit: number }): Promise<readonly RunRecord[]>;
  /** The last slot that was run or caught up for a policy. */
  lastSlot(policy: string): Promise<number | undefined>;
  recordSlot(policy: string, slotAt: number): Promise<void>;
}

/** Where something that repeats the audit log is not what the log says. */
export interface DerivedDifference {
  readonly table: string;
  /** Reads on from the table's name: `lacks the deletion that entry 5 left open`. */
  readonly problem: string;
}

/** All state. Every method rejects with RetentionError `state_unusable` when the disk or database fails. */
export interface Store
  extends PlanStore, LeaseStore, HoldStore, RunStore, PopulationStore, ProtectionStore, AccountStore {
  readonly audit: AuditLog;
  planStatus(planId: string): Promise<PlanStatus | undefined>;
  /** Computes anew from the audit log what is kept beside it, and says where that is otherwise. Reads the whole log. */
  derivedDifferences(): Promise<readonly DerivedDifference[]>;
  close(): Promise<void>;
}
