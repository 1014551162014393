import { ApiError, HeldError } from '../core/errors.ts';
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

interface Intended {
  readonly begun: Begun;
  readonly seen: Seen;
  readonly attempt: number;
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
  try {
    await context.audit.append(
      [auditFacts(context, 'deletion.intended', { about: item, facts })],
      context.fence,
    );
  } catch (error) {
    if (!(error instanceof HeldError)) throw error;
    const reason = `held for ${error.matter} since the plan`;
    return recordUnsent(context, item, { previous: begun.previous, reason });
  }
  return context.slot(() => sendIntended(context, item, { begun, seen, attempt, notAfter }));
}

async function sendIntended(
  context: DeletionContext,
  item: DeletableItem,
  { begun, seen, attempt, notAfter }: Intended,
): Promise<Stage> {
  const { previous, late } = begun;
  const requestedAt = context.clock.now();
  const answer = await sendInTime(context, item, notAfter);
  if (answer === 'too_late') return { stage: 'again', begun: { previous, late: late + 1 } };
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
  notAfter: number,
): Promise<DeleteAnswer | 'too_late'> {
  try {
    const { stop: signal } = context.signals;
    // A worker that was held up past its lease finds somebody else at work, and a project may have been lost since the
    // intent: what is still in line must not go out.
    const mayBeSent = (): boolean =>
      context.clock.monotonic() <= notAfter &&
      context.isLeaseLive() &&
      !context.lostProjects.has(item.projectId);
    return await context.deleter.deleteConversation(item.projectId, item.sessionId, { signal, mayBeSent });
  } catch (error) {
    if (error instanceof ApiError && error.failure === 'aborted') return 'too_late';
    throw error;
  }
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
