import { formatInstant } from '../core/instant.ts';
import type { Existence } from '../core/ports.ts';
import { factsOf, record, SETTLED, type DeletionContext, type Sent, type Stage } from './deletion.ts';
import type { DeletableItem } from './recheck.ts';
import { watchUntilGone } from './watch.ts';

/** DELETEs sent for one conversation at most, the first included. */
const MAX_ATTEMPTS = 3;
/** After an answer that left it open, a conversation must still be there this long before a second DELETE. */
const SETTLE_MS = 1500;

/**
 * After an answer that was not a 404. A DELETE that was accepted, or that found nothing to delete any more, is never
 * repeated; one that stayed open may be. Only while another attempt is left may the verify time-out be cut short: a cache
 * may go on answering for that long, and what it shows is no proof that nothing was carried out.
 */
export async function watch(context: DeletionContext, item: DeletableItem, sent: Sent): Promise<Stage> {
  const { answer: told } = sent;
  const isDone = told.kind === 'accepted' || (told.kind === 'not_found' && told.inVendorsOwnWords);
  const mayRepeat = !isDone && sent.attempt < MAX_ATTEMPTS;
  const watcher = { reader: context.deleter, clock: context.clock, signal: context.signals.abandon };
  const answer = await watchUntilGone(watcher, item, {
    timeoutMs: context.verifyTimeoutMs,
    enough: (last, elapsedMs) => mayRepeat && last.state === 'present' && elapsedMs >= SETTLE_MS,
  });
  if (answer.state === 'gone') return proving(sent, answer);
  const facts = { ...factsOf(sent), verify_status: answer.status ?? null };
  if (isDone || answer.state === 'no_evidence') {
    const reason = answer.state === 'present' ? 'it still answers' : 'no usable answer';
    return record(context, item, {
      outcome: 'unverified',
      facts: { ...facts, reason: `${reason} after the verify time-out` },
      unanswered: answer.state === 'present' ? undefined : sent,
    });
  }
  if (!mayRepeat) {
    return record(context, item, {
      outcome: 'failed',
      facts: {
        ...facts,
        reason: `not carried out in ${MAX_ATTEMPTS} attempts`,
      },
    });
  }
  return { stage: 'again', begun: { previous: sent, late: 0 } };
}

export function proving(sent: Sent, answer: Pick<Existence, 'status' | 'receivedAt'>): Stage {
  const facts = {
    ...factsOf(sent),
    verify_status: answer.status ?? null,
    seen_at: formatInstant(sent.seen.at),
    seen_by: sent.seen.how,
    verified_at: formatInstant(answer.receivedAt),
  };
  return { stage: 'proving', outcome: 'verified', facts };
}

export async function prove(
  context: DeletionContext,
  item: DeletableItem,
  { outcome, facts }: Extract<Stage, { stage: 'proving' }>,
): Promise<Stage> {
  const control = await context.desk.prove(item.projectId);
  if (control.proven) {
    const { request, status, at } = control;
    return record(context, item, {
      outcome,
      facts: { ...facts, control: { request, status, at: formatInstant(at) } },
    });
  }
  // Cut short by a stop, not answered: the intent stays open, and the next run brings the proof to its end.
  if (context.signals.abandon.aborted) return SETTLED;
  if (control.refusal !== undefined) throw control.refusal;
  if (control.projectLost) context.lostProjects.set(item.projectId, control.problem);
  return record(context, item, { outcome: 'unverified', facts: { ...facts, reason: control.problem } });
}
