import type { DeletableItem } from '../core/plan.ts';
import { witnessesOf, type Kind } from '../core/deletion/evidence.ts';
import { intendedFacts, type Sight } from '../core/deletion/facts.ts';
import type { SkipCause } from '../core/outcome.ts';
import { ApiError, ClaimedError, HeldError } from '../core/errors.ts';
import type { Hold } from '../core/hold.ts';
import type { DeleteAnswer, Existence } from '../core/ports.ts';
import { isKeyRefused } from './api-faults.ts';
import { auditFacts } from './context.ts';
import type { DeletionContext } from './deletion.ts';
import type { ProjectWork } from './project-work.ts';
import { FRESH_MS } from './recheck.ts';

/** An intent that leaves within this time needs no second look at the holds. */
const HOLDS_FRESH_MS = 250;
/** So long after the last look at the holds a DELETE may still be written: a connection may have to be made first. */
const HOLDS_USABLE_MS = 500;

export interface Attempt {
  /** 1, 2, 3. */
  readonly number: number;
  readonly sight: Sight;
  readonly kind: Kind;
  /** Turns that came too late. */
  readonly late: number;
  /** A first DELETE waits while too many others are in doubt; a further one is what ends a doubt. */
  readonly isFirst: boolean;
}

export type Sent =
  | {
      readonly kind: 'sent';
      readonly answer: DeleteAnswer;
      readonly requestedAt: number;
      /** The follow-up GET of the same turn; undefined: the answer needs none. */
      readonly first: Existence | undefined;
    }
  | { readonly kind: 'barred'; readonly reason: string; readonly cause: SkipCause }
  /** Another run is deleting it: what becomes of it is seen by looking alone. */
  | { readonly kind: 'claimed' }
  /** Its turn came so late that it has to be looked at again. */
  | { readonly kind: 'too_late' };

interface Intended extends Attempt {
  /** By the monotonic clock. */
  readonly at: number;
  /** By the monotonic clock: a DELETE that has not left by then needs a new recheck. */
  readonly notAfter: number;
}

/** The only place that sends a DELETE. The intent is durable, and the lease still ours, before it goes out. */
export async function send(
  context: DeletionContext,
  { work, item }: { readonly work: ProjectWork; readonly item: DeletableItem },
  attempt: Attempt,
): Promise<Sent> {
  // A pause of the whole pool can hold a DELETE up for many minutes: then what was rechecked is rechecked again. Each
  // time it may wait twice as long, so that the slowest pace still gets through.
  const notAfter = context.clock.monotonic() + FRESH_MS * 2 ** attempt.late;
  const barred = await intend(context, item, attempt);
  if (barred !== undefined) return barred;
  const at = context.clock.monotonic();
  const intended = { ...attempt, at, notAfter };
  return inClearSlot(context, { work, attempt }, () => sendIntended(context, { work, item }, intended));
}

/** Writes the intent; gives back what forbids it. */
async function intend(
  context: DeletionContext,
  item: DeletableItem,
  { number, sight, kind }: Attempt,
): Promise<Sent | undefined> {
  const { planId } = context.plan;
  const { createdAt } = item.seen;
  const viewer = context.deleter.viewer();
  const bystanders = context.bystanders.count(item.projectId, witnessesOf(kind, viewer), Infinity);
  const facts = intendedFacts({ attempt: number, sight, planId, createdAt, kind, viewer, bystanders });
  const { text: account } = context.account;
  // The transaction below knows what is in the store; what a file lists by now gets there by asking.
  const hold = await holdNow(context, item);
  if (hold !== undefined) return heldSince(hold.matter);
  try {
    await context.audit.append(
      [auditFacts(context, 'deletion.intended', { about: item, facts: { ...facts, account } })],
      context.fence,
    );
    return undefined;
  } catch (error) {
    if (error instanceof ClaimedError) return { kind: 'claimed' };
    if (!(error instanceof HeldError)) throw error;
    return heldSince(error.matter);
  }
}

/** While no fresh listing is taken in the project, and a first DELETE while not too many others are in doubt. */
async function inClearSlot(
  { slot, brake }: DeletionContext,
  { work, attempt }: { readonly work: ProjectWork; readonly attempt: Attempt },
  send: () => Promise<Sent>,
): Promise<Sent> {
  const isClear = (): boolean => !attempt.isFirst || brake.isClear;
  for (;;) {
    await work.opened();
    await work.asking;
    const sent = await slot(() => (isClear() && !work.isClosed ? work.inside(send) : undefined));
    if (sent !== undefined) return sent;
    if (!isClear()) await brake.change();
  }
}

async function sendIntended(
  context: DeletionContext,
  { work, item }: { readonly work: ProjectWork; readonly item: DeletableItem },
  intended: Intended,
): Promise<Sent> {
  const requestedAt = context.clock.now();
  context.progress.enter('deleting');
  const answer = await sendInTime(context, { work, item }, intended);
  if ('cause' in answer) return answer;
  if (answer.kind === 'too_late') return answer;
  work.sentSinceListing += 1;
  if (answer.kind !== 'not_sent' && answer.status === 404) await askProject(context, work);
  const needsNoLook =
    answer.kind === 'not_sent' || (answer.kind === 'refused' && answer.failure === 'forbidden');
  const first = needsNoLook
    ? undefined
    : await context.deleter.existence(item.projectId, item.sessionId, {
        purpose: 'verify',
        signal: context.signals.abandon,
      });
  return { kind: 'sent', answer, requestedAt, first };
}

async function sendInTime(
  context: DeletionContext,
  { work, item }: { readonly work: ProjectWork; readonly item: DeletableItem },
  { at, notAfter, kind, late }: Intended,
): Promise<DeleteAnswer | Exclude<Sent, { kind: 'sent' | 'claimed' }>> {
  const { stop: signal } = context.signals;
  let hold: Hold | undefined;
  let lookedAt = at;
  // As with the recheck: where connecting always takes longer, it gets twice as long each time.
  const holdsUsableMs = HOLDS_USABLE_MS * 2 ** late;
  // A worker that was held up past its lease finds somebody else at work, and a project may have been barred since the
  // intent: what is still in line, for its turn or for a connection, must not go out.
  const mayStillBeSent = (): boolean =>
    context.clock.monotonic() <= Math.min(notAfter, lookedAt + holdsUsableMs) &&
    context.isLeaseLive() &&
    context.clockWatch.isSteady &&
    !context.brake.isPulled &&
    // Not awaited here: whoever has his turn keeps it, and the question needs one, too.
    work.asking === undefined &&
    context.bars.of({ projectId: item.projectId, kind }) === undefined;
  const mayBeSent = async (): Promise<boolean> => {
    // The intent was written under the holds of its instant; a slow pace can keep it waiting for a minute.
    const now = context.clock.monotonic();
    if (now > at + HOLDS_FRESH_MS) {
      hold = await holdNow(context, item);
      lookedAt = now;
    }
    return hold === undefined && mayStillBeSent();
  };
  const options = { signal, mayBeSent, mayStillBeSent };
  try {
    return await context.deleter.deleteConversation(item.projectId, item.sessionId, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure !== 'aborted') throw error;
    return hold === undefined ? { kind: 'too_late' } : heldSince(hold.matter);
  }
}

/** A DELETE that answers 404 says that something is missing, not what: is it the project? The next DELETE in it waits for that. */
async function askProject({ deleter, bars, signals }: DeletionContext, work: ProjectWork): Promise<void> {
  const ask = async (): Promise<void> => {
    try {
      await deleter.control(work.projectId, signals.abandon);
    } catch (error) {
      if (!(error instanceof ApiError) || isKeyRefused(error) || error.failure === 'aborted') throw error;
      if (error.failure !== 'not_found' && error.failure !== 'forbidden') return;
      const reason = `the project no longer answers (HTTP ${String(error.status)})`;
      bars.project(work.projectId, { reason, cause: 'project' });
    }
  };
  const asking = ask();
  // Whoever waits only wants to know that it is over; the error is for who asked.
  const over = asking.catch(() => undefined);
  work.asking = over;
  try {
    await asking;
  } finally {
    if (work.asking === over) work.asking = undefined;
  }
}

async function holdNow({ holds, clock }: DeletionContext, item: DeletableItem): Promise<Hold | undefined> {
  const now = clock.now();
  return (await holds.holdsInForce(now)).over(item, now);
}

function heldSince(matter: string): Extract<Sent, { kind: 'barred' }> {
  return { kind: 'barred', reason: `held for ${matter} since the plan`, cause: 'held' };
}
