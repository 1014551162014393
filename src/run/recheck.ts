import { restsOnChangeableFacts } from '../core/decide.ts';
import { restsOnForeignKeeps } from '../core/foreign-keeps.ts';
import type { PlanItem, PlanProject } from '../core/plan.ts';
import type { Existence } from '../core/ports.ts';
import { asRunFault, endsTheRun } from './api-faults.ts';
import type { ApplyContext, Slot } from './context.ts';
import { IdSet } from '../core/id-set.ts';
import { InconsistentListing, listProject, repeatWhileInconsistent, type ListedRow } from './list-project.ts';

/** What was seen this recently needs no second look before the DELETE. */
export const FRESH_MS = 60_000;
/**
 * An age since creation changes for nobody, but the session id may: what was deleted meanwhile can be created anew by an
 * open chat widget. So even that is looked at again when it was seen this long ago.
 */
const OLDEST_SIGHT_MS = 15 * 60_000;

/** A plan item that names a conversation and is to be deleted. */
export type DeletableItem = PlanItem & { readonly sessionId: string };

/** How and when the existence of a conversation was last known. */
export interface Seen {
  readonly at: number;
  readonly how: 'listing' | 'messages';
}

export type Rechecked =
  | { readonly kind: 'unchanged'; readonly seen: Seen }
  | { readonly kind: 'changed'; readonly reason: string }
  | { readonly kind: 'gone'; readonly status: 404; readonly receivedAt: number };

/** What a rule's decision rests on that can change. */
export type Rests = ReturnType<typeof restsOnChangeableFacts>;

/** {@link restsOnChangeableFacts}, worked out once for each rule, with what the keeps of other policies look at. */
export function createRests(
  policy: ApplyContext['policy'],
  others: readonly ApplyContext['policy'][],
): (rule: string | null) => Rests {
  const foreign = restsOnForeignKeeps(others);
  const known = new Map<string | null, Rests>();
  return (rule) => {
    const rests = known.get(rule) ?? either(restsOnChangeableFacts(policy, rule), foreign);
    known.set(rule, rests);
    return rests;
  };
}

function either(one: Rests, other: Rests): Rests {
  return {
    listed: one.listed || other.listed,
    lastMessage: one.lastMessage || other.lastMessage,
  };
}

/** A second listing of the plan's projects, taken because the plan may be days old. */
export interface Relisting {
  look(item: DeletableItem): 'unchanged' | 'changed' | 'not_listed' | 'unreadable';
  readonly takenAt: number;
}

/**
 * Whether the conversation is still what the plan decided on. What the rules looked at and people can change (name,
 * update, newest message) is read again unless it was seen within the last minute.
 */
export async function recheck(
  context: ApplyContext & { readonly slot: Slot; readonly restsOn: (rule: string | null) => Rests },
  item: DeletableItem,
  options: { readonly relisting: Relisting | undefined; readonly always: boolean },
): Promise<Rechecked> {
  const { relisting } = options;
  const now = context.clock.now();
  const state = relisting?.look(item);
  if (state === 'changed') return { kind: 'changed', reason: 'changed since the plan' };
  if (state === 'unreadable') return { kind: 'changed', reason: 'its project could not be listed again' };
  const listedAt = relisting?.takenAt ?? item.seenAt;
  const rests = context.restsOn(item.rule);
  // A message that planning did not read decided nothing: name or creation had settled that rule.
  const restsOnMessage = rests.lastMessage && item.lastMessageReadAt !== undefined;
  const readAt = relisting === undefined ? item.lastMessageReadAt : undefined;
  const mustRead =
    options.always ||
    state === 'not_listed' ||
    isOlder(listedAt, rests.listed ? FRESH_MS : OLDEST_SIGHT_MS, now) ||
    (restsOnMessage && isOlder(readAt, FRESH_MS, now));
  if (!mustRead) return { kind: 'unchanged', seen: { at: listedAt, how: 'listing' } };
  const answer = await context.slot(() =>
    context.deleter.existence(item.projectId, item.sessionId, {
      purpose: 'messages',
      signal: context.signals.stop,
    }),
  );
  // The client may have waited for a further page, in a pause of the whole pool, long after the first one had arrived.
  if (cameTooLate(answer, context.clock.now()))
    return { kind: 'changed', reason: 'it could not be read again in time' };
  return compare(item, answer, restsOnMessage);
}

function cameTooLate(answer: Existence, now: number): boolean {
  return answer.state === 'present' && isOlder(answer.receivedAt, FRESH_MS, now);
}

/** A sight that never was is older than any. */
function isOlder(at: number | undefined, ms: number, now: number): boolean {
  return at === undefined || now - at > ms;
}

function compare(item: DeletableItem, answer: Existence, restsOnMessage: boolean): Rechecked {
  if (answer.state === 'gone') return { kind: 'gone', status: 404, receivedAt: answer.receivedAt };
  if (answer.state === 'no_evidence') return { kind: 'changed', reason: 'it could not be read again' };
  const { conversation } = answer;
  if (conversation === undefined)
    return { kind: 'changed', reason: 'its name and dates could not be read again' };
  const { seen } = item;
  if (conversation.createdAt !== seen.createdAt)
    return { kind: 'changed', reason: 'created anew since the plan' };
  if (conversation.name !== seen.name) return { kind: 'changed', reason: 'renamed since the plan' };
  if (conversation.updatedAt !== seen.updatedAt) return { kind: 'changed', reason: 'updated since the plan' };
  if (restsOnMessage && answer.lastMessageAt !== item.lastMessageAt) {
    return { kind: 'changed', reason: 'active again since the plan' };
  }
  return { kind: 'unchanged', seen: { at: answer.receivedAt, how: 'messages' } };
}

/** Lists every project of the plan that would lose something once more. Throws RetentionError as planning does. */
export async function relist(
  context: Pick<ApplyContext, 'deleter' | 'clock' | 'log' | 'signals' | 'plan'>,
): Promise<Relisting> {
  const listed = new IdSet();
  const snapshots = new IdSet();
  const unreadable = new Set<number>();
  const takenAt = context.clock.now();
  for (const project of context.plan.projects.filter(({ planned }) => planned > 0)) {
    try {
      await repeatWhileInconsistent(() =>
        relistProject(context, project, (row) => {
          listed.add(`${row.projectId} ${row.sessionId}`);
          snapshots.add(snapshotOf(row, row));
        }),
      );
    } catch (error) {
      if (!(error instanceof InconsistentListing) && endsTheRun(error)) throw asRunFault(error);
      unreadable.add(project.projectId);
      context.log.warn(
        { project_id: project.projectId },
        'could not be listed again: nothing of it is deleted',
      );
    }
  }
  return {
    takenAt,
    look(item) {
      if (unreadable.has(item.projectId)) return 'unreadable';
      if (snapshots.has(snapshotOf(item, item.seen))) return 'unchanged';
      return listed.has(`${item.projectId} ${item.sessionId}`) ? 'changed' : 'not_listed';
    },
  };
}

async function relistProject(
  context: Pick<ApplyContext, 'deleter' | 'signals' | 'plan'>,
  project: PlanProject,
  onRow: (row: ListedRow & { readonly kind: 'conversation' }) => void,
): Promise<void> {
  // Whatever the plan deletes was created before it was decided.
  const options = { reach: context.plan.decidedAt, signal: context.signals.stop };
  for await (const page of listProject(context.deleter, project.projectId, options)) {
    for (const row of page.rows) if (row.kind === 'conversation') onRow(row);
  }
}

function snapshotOf(
  id: { readonly projectId: number; readonly sessionId: string },
  seen: PlanItem['seen'],
): string {
  const { name, createdAt, updatedAt, createdBy } = seen;
  return JSON.stringify([
    id.projectId,
    id.sessionId,
    name ?? null,
    createdAt ?? null,
    updatedAt ?? null,
    createdBy ?? null,
  ]);
}
