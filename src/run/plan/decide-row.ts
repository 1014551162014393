import type { Conversation, LastMessage, UnusableRow } from '../../core/conversation.ts';
import { isAnother } from '../../core/deletion/reading.ts';
import type { Decision, PlanItem } from '../../core/plan.ts';
import type { Existence } from '../../core/vendor-answers.ts';
import type { ListedRow } from './list-project.ts';
import type { ProjectPlanning } from './planning.ts';
import type { Reappeared } from './reappeared.ts';

type Deciding = Pick<ProjectPlanning, 'watch' | 'reader' | 'limit' | 'signal' | 'messageReach'>;

export interface DecidedRow extends Omit<PlanItem, 'ordinal'> {
  /** A conversation that is gone, for all that is known, and merely goes on being listed. */
  readonly isDeleted: boolean;
}

/** The decision on one row, with the further look that it takes: at the newest message, or whether it is still there. */
export function decideRow(
  context: Deciding,
  row: ListedRow,
  { seenAt, known }: { readonly seenAt: number; readonly known: Reappeared },
): Promise<DecidedRow> {
  if (row.kind === 'unusable') return Promise.resolve(unusable(row, seenAt));
  if (row.deletedAt !== undefined) return decideMarked(context, row, { seenAt, known });
  return decideOne(context, row, seenAt);
}

/**
 * A row with a `deleted_at` is not planned when our own log knows its deletion, or when its messages answer 404. Only one
 * that would be deleted is asked for.
 */
async function decideMarked(
  context: Deciding,
  row: Conversation,
  { seenAt, known }: { readonly seenAt: number; readonly known: Reappeared },
): Promise<DecidedRow> {
  if (known.isVerified(row.sessionId)) {
    return deleted(
      row,
      seenAt,
      'deleted already: its row has a deleted_at, and the audit log has its deletion',
    );
  }
  const decided = await decideOne(context, row, seenAt);
  if (decided.verdict !== 'delete') return { ...decided, isDeleted: true };
  const answer = await ask(context, row, { onlyFirstPage: true });
  if (answer.state !== 'not_found') {
    context.watch.confirm(row.sessionId);
    return decided;
  }
  return deleted(row, seenAt, 'deleted already: its row has a deleted_at, and its messages answer 404');
}

function deleted(row: Conversation, seenAt: number, reason: string): DecidedRow {
  const decision = { verdict: 'keep', rule: null, reason, ageDays: null } as const;
  return { ...item(row, decision, { seenAt }), isDeleted: true };
}

async function decideOne(context: Deciding, row: Conversation, seenAt: number): Promise<DecidedRow> {
  const first = context.watch.decide(row, { state: 'unread' });
  if (first.kind === 'decided') return item(row, first.decision, { seenAt });
  const answer = await ask(context, row, { enoughAt: context.messageReach });
  // Created at another time, it is another conversation, and its messages say nothing of this one.
  const isIts = answer.state === 'present' && !isAnother(answer.conversation?.createdAt, row);
  const at = isIts ? answer.lastMessageAt : undefined;
  const lastMessage: LastMessage = { state: 'read', at };
  const second = context.watch.decide(row, lastMessage);
  if (second.kind !== 'decided') throw new Error('a read newest message was asked for again');
  return item(row, second.decision, { seenAt, lastMessageAt: at, lastMessageReadAt: answer.receivedAt });
}

function ask(
  { reader, limit, signal }: Deciding,
  { projectId, sessionId }: Conversation,
  how: { readonly onlyFirstPage?: boolean; readonly enoughAt?: number | undefined },
): Promise<Existence> {
  const options = { purpose: 'messages', ...how, ...(signal === undefined ? {} : { signal }) } as const;
  return limit(() => reader.existence(projectId, sessionId, options));
}

/** `row`: of one that cannot be used little is known. */
function item(
  row: Pick<UnusableRow, 'projectId' | 'sessionId'> & Partial<PlanItem['seen']>,
  decision: Decision,
  times: Pick<PlanItem, 'seenAt'> & Partial<Pick<PlanItem, 'lastMessageAt' | 'lastMessageReadAt'>>,
): DecidedRow {
  const { projectId, sessionId = null, name, createdAt, updatedAt, createdBy } = row;
  return {
    ...decision,
    projectId,
    sessionId,
    seen: { name, createdAt, updatedAt, createdBy },
    seenAt: times.seenAt,
    lastMessageAt: times.lastMessageAt,
    lastMessageReadAt: times.lastMessageReadAt,
    isDeleted: false,
  };
}

const ROW_PROBLEMS: Record<UnusableRow['problem'], string> = {
  no_session_id: 'the list row has no session id',
  bad_session_id: 'the list row has a malformed session id',
  wrong_project: 'the list row names another project',
  not_an_object: 'the list row is not an object',
  oversized: 'the list row is too large',
};

function unusable(row: UnusableRow, seenAt: number): DecidedRow {
  const reason = ROW_PROBLEMS[row.problem];
  return item(row, { verdict: 'unknown', rule: null, reason, ageDays: null }, { seenAt });
}
