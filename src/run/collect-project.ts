import type { LimitFunction } from 'p-limit';
import type { Conversation, LastMessage, UnusableRow } from '../core/conversation.ts';
import type { Decider } from '../core/decide.ts';
import { ApiError } from '../core/errors.ts';
import type { Decision, PlanItem, PlanProject } from '../core/plan.ts';
import type { AuditLog, CustomGptReader, Log, PlanWriter } from '../core/ports.ts';
import { endsTheRun } from './api-faults.ts';
import { reappearedIn } from './reappeared.ts';
import { InconsistentListing, listProject, type ListedPage } from './list-project.ts';

const ATTEMPTS = 3;
/** Rows that go into the store in one transaction. */
const BATCH = 250;

export interface CollectContext {
  readonly reader: CustomGptReader;
  readonly writer: PlanWriter;
  readonly decider: Decider;
  /** Called before the listing of the project begins, and before it begins again. */
  readonly onBegin: () => void;
  readonly log: Log;
  /** Earliest `created_at` that no rule can delete. */
  readonly reach: number;
  /** Bounds the reads of newest messages in flight. */
  readonly limit: LimitFunction;
  /** Whether kept conversations are written too; they are always counted. */
  readonly withKept: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onListed: (count: number) => void;
  readonly audit: AuditLog;
  readonly onReappeared: (conversations: readonly Conversation[]) => Promise<void>;
}

type Decided = Omit<PlanItem, 'ordinal'>;

/**
 * Lists one project, decides every conversation, and streams what is not merely kept into the plan. A listing that
 * fails or contradicts itself is read again; then the project is *incomplete*: nothing of it stays in the plan.
 */
export async function collectProject(
  context: CollectContext,
  projectId: number,
  firstOrdinal: number,
): Promise<{ readonly project: PlanProject; readonly nextOrdinal: number }> {
  const reappeared = await reappearedIn(context.audit, projectId);
  for (let attempt = 1; ; attempt += 1) {
    const tally = new Tally(context, projectId, firstOrdinal);
    context.onBegin();
    try {
      for await (const page of listProject(context.reader, projectId, context)) {
        const again = reappeared.among(page.rows);
        if (again.length > 0) await context.onReappeared(again);
        await tally.take(await decidePage(context, page), page.total);
        context.onListed(page.rows.length);
      }
      await tally.flush();
      return { project: tally.project(undefined), nextOrdinal: tally.ordinal };
    } catch (error) {
      if (!(error instanceof InconsistentListing) && endsTheRun(error)) throw error;
      await context.writer.dropProject(projectId);
      const again = error instanceof InconsistentListing && attempt < ATTEMPTS;
      const problem = error instanceof InconsistentListing ? error.message : apiProblem(error);
      context.log.warn(
        { project_id: projectId, problem, attempt },
        again ? 'listing again' : 'listing incomplete',
      );
      if (!again) return { project: tally.project(problem), nextOrdinal: firstOrdinal };
    }
  }
}

function apiProblem(error: unknown): string {
  if (!(error instanceof ApiError)) return 'the listing failed';
  return `${error.failure}${error.status === undefined ? '' : ` (HTTP ${error.status})`}`;
}

async function decidePage(context: CollectContext, page: ListedPage): Promise<readonly Decided[]> {
  return Promise.all(
    page.rows.map((row) =>
      row.kind === 'unusable'
        ? Promise.resolve(unusable(row, page.receivedAt))
        : decideOne(context, row, page.receivedAt),
    ),
  );
}

async function decideOne(context: CollectContext, row: Conversation, seenAt: number): Promise<Decided> {
  const first = context.decider.decide(row, { state: 'unread' });
  if (first.kind === 'decided') return item(row, first.decision, { seenAt });
  const { at, readAt } = await context.limit(() => readNewestMessage(context, row));
  const lastMessage: LastMessage = { state: 'read', at };
  const second = context.decider.decide(row, lastMessage);
  if (second.kind !== 'decided') throw new Error('a read newest message was asked for again');
  return item(row, second.decision, { seenAt, lastMessageAt: at, lastMessageReadAt: readAt });
}

async function readNewestMessage(
  context: CollectContext,
  row: Conversation,
): Promise<{ readonly at: number | undefined; readonly readAt: number }> {
  const answer = await context.reader.existence(row.projectId, row.sessionId, {
    purpose: 'messages',
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  return { at: answer.state === 'present' ? answer.lastMessageAt : undefined, readAt: answer.receivedAt };
}

function item(
  row: Conversation,
  decision: Decision,
  times: {
    readonly seenAt: number;
    readonly lastMessageAt?: number | undefined;
    readonly lastMessageReadAt?: number;
  },
): Decided {
  const { projectId, sessionId, name, createdAt, updatedAt, createdBy } = row;
  const { verdict, rule, reason, ageDays } = decision;
  return {
    verdict,
    rule,
    reason,
    ageDays,
    projectId,
    sessionId,
    seen: { name, createdAt, updatedAt, createdBy },
    seenAt: times.seenAt,
    lastMessageAt: times.lastMessageAt,
    lastMessageReadAt: times.lastMessageReadAt,
  };
}

const ROW_PROBLEMS: Record<UnusableRow['problem'], string> = {
  no_session_id: 'the list row has no session id',
  bad_session_id: 'the list row has a malformed session id',
  wrong_project: 'the list row names another project',
  not_an_object: 'the list row is not an object',
  oversized: 'the list row is too large',
};

function unusable(row: UnusableRow, seenAt: number): Decided {
  return {
    verdict: 'unknown',
    rule: null,
    reason: ROW_PROBLEMS[row.problem],
    ageDays: null,
    projectId: row.projectId,
    sessionId: row.sessionId ?? null,
    seen: { name: undefined, createdAt: undefined, updatedAt: undefined, createdBy: undefined },
    seenAt,
    lastMessageAt: undefined,
    lastMessageReadAt: undefined,
  };
}

/** Counts the verdicts of one project and hands the items on in batches. */
class Tally {
  readonly #context: CollectContext;
  readonly #projectId: number;
  readonly #verdicts = { delete: 0, keep: 0, held: 0, unknown: 0 };
  #total: number | undefined;
  #batch: PlanItem[] = [];
  ordinal: number;

  constructor(context: CollectContext, projectId: number, firstOrdinal: number) {
    this.#context = context;
    this.#projectId = projectId;
    this.ordinal = firstOrdinal;
  }

  async take(decided: readonly Decided[], total: number | undefined): Promise<void> {
    this.#total = total ?? this.#total;
    for (const one of decided) {
      this.#verdicts[one.verdict] += 1;
      if (one.verdict === 'keep' && !this.#context.withKept) continue;
      this.#batch.push({ ...one, ordinal: this.ordinal });
      this.ordinal += 1;
    }
    if (this.#batch.length >= BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#batch.length > 0) await this.#context.writer.add(this.#batch);
    this.#batch = [];
  }

  /** What an incomplete listing showed counts as unknown: it was read, and nothing follows from it. */
  project(incomplete: string | undefined): PlanProject {
    const { delete: planned, keep: kept, held, unknown } = this.#verdicts;
    const listed = planned + kept + held + unknown;
    const common = { projectId: this.#projectId, listed, total: this.#total ?? listed, incomplete };
    return incomplete === undefined
      ? { ...common, kept, held, unknown, planned }
      : { ...common, kept: 0, held: 0, unknown: listed, planned: 0 };
  }
}
