import { ApiError, HeldError } from '../core/errors.ts';
import { holdOver } from '../core/hold.ts';
import type { Hold } from '../core/hold.ts';
import { formatInstant } from '../core/instant.ts';
import type { DeleteAnswer } from '../core/ports.ts';
import { auditFacts } from './context.ts';
import {
  factsOf,
  record,
  recordUnsent,
  type Begun,
  type DeletionContext,
  type Sent,
  type Stage,
} from './deletion.ts';
import { proving } from './prove-deletion.ts';
import { FRESH_MS, type DeletableItem, type Seen } from './recheck.ts';
import { look } from './watch.ts';

/** An intent that leaves within this time needs no second look at the holds. */
const HOLDS_FRESH_MS = 250;

interface Intended {
  readonly begun: Begun;
  readonly seen: Seen;
  readonly attempt: number;
  /** By the monotonic clock. */
  readonly at: number;
  /** By the monotonic clock: a DELETE that has not left by then needs a new recheck. */
  readonly notAfter: number;
}

/** The only place that sends a DELETE. The intent is durable, and the lease still ours, before it goes out. */
export async function send(
  context: DeletionContext,
  item: DeletableItem,
  { begun, seen }: { readonly begun: Begun; readonly seen: Seen },
): Promise<Stage> {
  const attempt = (begun.previous?.attempt ?? 0) + 1;
  // A pause of the whole pool can hold a DELETE up for many minutes: then what was rechecked is rechecked again. Each
  // time it may wait twice as long, so that the slowest pace still gets through.
  const notAfter = context.clock.monotonic() + FRESH_MS * 2 ** begun.late;
  const facts = { attempt, seen_at: formatInstant(seen.at), seen_by: seen.how, plan_id: context.plan.planId };
  const { text: account } = context.account;
  // The transaction below knows what is in the store; what a file lists by now gets there by asking.
  const held = await holdNow(context, item);
  if (held !== undefined)
    return recordUnsent(context, item, { previous: begun.previous, reason: heldSince(held.matter) });
  try {
    await context.audit.append(
      [auditFacts(context, 'deletion.intended', { about: item, facts: { ...facts, account } })],
      context.fence,
    );
  } catch (error) {
    if (!(error instanceof HeldError)) throw error;
    return recordUnsent(context, item, { previous: begun.previous, reason: heldSince(error.matter) });
  }
  const at = context.clock.monotonic();
  return inClearSlot(context, begun, () =>
    sendIntended(context, item, { begun, seen, attempt, at, notAfter }),
  );
}

/** A first DELETE waits while too many others are in doubt; a further one is what ends a doubt. */
async function inClearSlot(
  { slot, brake }: DeletionContext,
  { previous }: Begun,
  work: () => Promise<Stage>,
): Promise<Stage> {
  for (;;) {
    const stage = await slot(() => (previous !== undefined || brake.isClear ? work() : undefined));
    if (stage !== undefined) return stage;
    await brake.change();
  }
}

async function sendIntended(
  context: DeletionContext,
  item: DeletableItem,
  intended: Intended,
): Promise<Stage> {
  const { attempt, seen } = intended;
  const { previous, late } = intended.begun;
  const requestedAt = context.clock.now();
  const answer = await sendInTime(context, item, intended);
  if (answer.kind === 'held')
    return recordUnsent(context, item, { previous, reason: heldSince(answer.matter) });
  if (answer.kind === 'too_late') return { stage: 'again', begun: { previous, late: late + 1 } };
  if (answer.kind === 'not_sent') {
    return recordUnsent(context, item, { previous, reason: `the API answers nobody: ${answer.failure}` });
  }
  const sent: Sent = { attempt, seen, requestedAt, answer };
  if (answer.kind === 'refused') return refused(context, item, sent);
  if (answer.kind === 'not_found' && answer.inVendorsOwnWords && attempt === 1) {
    return { stage: 'proving', outcome: 'already_gone', facts: { found_by: 'delete', ...factsOf(sent) } };
  }
  const first = await look({ reader: context.deleter, signal: context.signals.abandon }, item);
  return first.state === 'gone' ? proving(sent, first) : { stage: 'watching', sent };
}

async function sendInTime(
  context: DeletionContext,
  item: DeletableItem,
  { at, notAfter }: Intended,
): Promise<
  DeleteAnswer | { readonly kind: 'too_late' } | { readonly kind: 'held'; readonly matter: string }
> {
  const { stop: signal } = context.signals;
  let hold: Hold | undefined;
  // A worker that was held up past its lease finds somebody else at work, and a project may have been lost since the
  // intent: what is still in line, for its turn or for a connection, must not go out.
  const mayStillBeSent = (): boolean =>
    context.clock.monotonic() <= notAfter &&
    context.isLeaseLive() &&
    context.clockWatch.isSteady &&
    !context.brake.isPulled &&
    !context.lostProjects.has(item.projectId);
  const mayBeSent = async (): Promise<boolean> => {
    // The intent was written under the holds of its instant; a slow pace can keep it waiting for a minute.
    if (context.clock.monotonic() > at + HOLDS_FRESH_MS) hold = await holdNow(context, item);
    return hold === undefined && mayStillBeSent();
  };
  const options = { signal, mayBeSent, mayStillBeSent };
  try {
    return await context.deleter.deleteConversation(item.projectId, item.sessionId, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure !== 'aborted') throw error;
    return hold === undefined ? { kind: 'too_late' } : { kind: 'held', matter: hold.matter };
  }
}

async function holdNow({ holds, clock }: DeletionContext, item: DeletableItem): Promise<Hold | undefined> {
  const now = clock.now();
  return holdOver(await holds.holdsInForce(now), item, now);
}

function heldSince(matter: string): string {
  return `held for ${matter} since the plan`;
}

async function refused(context: DeletionContext, item: DeletableItem, sent: Sent): Promise<Stage> {
  const failure = sent.answer.kind === 'refused' ? sent.answer.failure : 'bad_request';
  if (failure === 'forbidden')
    context.lostProjects.set(item.projectId, 'the API forbids deleting in this project');
  return record(context, item, {
    outcome: 'failed',
    facts: { ...factsOf(sent), reason: `the API refused it: ${failure}` },
  });
}
