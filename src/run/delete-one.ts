import type { LimitFunction } from 'p-limit';
import type { Fact } from '../core/audit-entry.ts';
import { ApiError } from '../core/errors.ts';
import { formatInstant } from '../core/instant.ts';
import type { Outcome } from '../core/outcome.ts';
import type { DeleteAnswer, Existence } from '../core/ports.ts';
import { auditFacts, type ApplyContext } from './context.ts';
import type { ControlDesk } from './control-desk.ts';
import { VerifiedDeletions } from './verified-deletions.ts';
import { FRESH_MS, recheck, type DeletableItem, type Relisting, type Seen } from './recheck.ts';
import { look, watchUntilGone } from './watch.ts';

/** DELETEs sent for one conversation at most, the first included. */
const MAX_ATTEMPTS = 3;
/** After an answer that left it open, a conversation must still be there this long before a second DELETE. */
const SETTLE_MS = 1500;

export interface DeletionContext extends ApplyContext {
  /** Bounds the conversations in flight over all projects. */
  readonly slot: LimitFunction;
  readonly desk: ControlDesk;
  readonly relisting: Relisting | undefined;
  /** Projects found missing or forbidden in this run, and why: nothing more is sent for them. */
  readonly lostProjects: Map<number, string>;
  /** By project: what was recorded as verified, for the fresh listing to confirm. */
  readonly verified: Map<number, VerifiedDeletions>;
}

interface Sent {
  readonly attempt: number;
  readonly seen: Seen;
  readonly requestedAt: number;
  readonly answer: DeleteAnswer;
}

/** What came before an attempt: a DELETE that stayed open, or turns that came too late. */
interface Begun {
  readonly previous: Sent | undefined;
  readonly late: number;
}

type Stage =
  | { readonly stage: 'settled' }
  | { readonly stage: 'watching'; readonly sent: Sent }
  | { readonly stage: 'proving'; readonly outcome: 'verified' | 'already_gone'; readonly facts: Facts }
  | { readonly stage: 'again'; readonly begun: Begun };

type Facts = { readonly [key: string]: Fact };

const SETTLED: Stage = { stage: 'settled' };

/**
 * Takes one conversation from the plan to its outcome: recheck, durable intent, DELETE, follow-up GET until 404,
 * control, durable outcome. A slot is held only while requests that must be bounded are under way; a server that goes
 * on answering for a while does not stop the others. Throws what must end the run.
 */
export async function deleteOne(context: DeletionContext, item: DeletableItem): Promise<void> {
  try {
    let stage = await context.slot(() => begin(context, item, { previous: undefined, late: 0 }));
    for (;;) {
      switch (stage.stage) {
        case 'settled':
          return;
        case 'watching':
          stage = await watch(context, item, stage.sent);
          break;
        case 'proving':
          stage = await prove(context, item, stage);
          break;
        case 'again': {
          const { begun } = stage;
          stage = await context.slot(() => begin(context, item, begun));
          break;
        }
      }
    }
  } catch (error) {
    // Left open on purpose: the next run settles the intent by a GET before it does anything else.
    if (error instanceof ApiError && error.failure === 'aborted') return;
    if (context.signals.abandon.aborted) return;
    throw error;
  }
}

async function begin(context: DeletionContext, item: DeletableItem, begun: Begun): Promise<Stage> {
  const { previous } = begun;
  if (context.signals.stop.aborted)
    return giveUp(context, item, { begun, reason: 'stopped before a DELETE was sent' });
  const lost = context.lostProjects.get(item.projectId);
  if (lost !== undefined) return giveUp(context, item, { begun, reason: lost });
  const { relisting } = context;
  const checked = await recheck(context, item, { relisting, always: previous !== undefined });
  switch (checked.kind) {
    case 'changed':
      return giveUp(context, item, { begun, reason: checked.reason });
    case 'gone':
      if (previous !== undefined) return proving(previous, checked);
      return { stage: 'proving', outcome: 'already_gone', facts: { found_by: 'recheck' } };
    case 'unchanged':
      break;
  }
  if (!context.allowance.take(item.projectId, item.sessionId)) {
    return giveUp(context, item, { begun, reason: 'the limits leave no room' });
  }
  return send(context, item, { begun, seen: checked.seen });
}

/** No DELETE, or no further one. What was never sent is skipped; after one that stayed open, only a later GET can tell. */
async function giveUp(
  context: DeletionContext,
  item: DeletableItem,
  { begun, reason }: { readonly begun: Begun; readonly reason: string },
): Promise<Stage> {
  const { previous } = begun;
  if (previous !== undefined) {
    return record(context, item, { outcome: 'unverified', facts: { ...factsOf(previous), reason } });
  }
  // Never begun: neither planned work nor its stop is anything to record.
  if (context.signals.stop.aborted && begun.late === 0) return SETTLED;
  return record(context, item, { outcome: 'skipped', facts: { reason } });
}

/** The only place that sends a DELETE. The intent is durable, and the lease still ours, before it goes out. */
async function send(
  context: DeletionContext,
  item: DeletableItem,
  { begun, seen }: { readonly begun: Begun; readonly seen: Seen },
): Promise<Stage> {
  const attempt = (begun.previous?.attempt ?? 0) + 1;
  // A pause of the whole pool can hold a DELETE up for many minutes: then what was rechecked is rechecked again. Each
  // time it may wait twice as long, so that the slowest pace still gets through.
  const notAfter = context.clock.monotonic() + FRESH_MS * 2 ** begun.late;
  const facts = { attempt, seen_at: formatInstant(seen.at), seen_by: seen.how, plan_id: context.plan.planId };
  await context.audit.append(
    [auditFacts(context, 'deletion.intended', { about: item, facts })],
    context.fence,
  );
  const requestedAt = context.clock.now();
  const answer = await sendInTime(context, item, notAfter);
  if (answer === 'not_sent') {
    const { previous, late } = begun;
    return { stage: 'again', begun: { previous, late: late + 1 } };
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
): Promise<DeleteAnswer | 'not_sent'> {
  try {
    const { stop: signal } = context.signals;
    return await context.deleter.deleteConversation(item.projectId, item.sessionId, { signal, notAfter });
  } catch (error) {
    if (error instanceof ApiError && error.failure === 'aborted') return 'not_sent';
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

/** After an answer that was not a 404. An accepted DELETE is never repeated; one that stayed open may be. */
async function watch(context: DeletionContext, item: DeletableItem, sent: Sent): Promise<Stage> {
  const accepted = sent.answer.kind === 'accepted';
  const watcher = { reader: context.deleter, clock: context.clock, signal: context.signals.abandon };
  const answer = await watchUntilGone(watcher, item, {
    timeoutMs: context.verifyTimeoutMs,
    enough: (last, elapsedMs) => !accepted && last.state === 'present' && elapsedMs >= SETTLE_MS,
  });
  if (answer.state === 'gone') return proving(sent, answer);
  const facts = { ...factsOf(sent), verify_status: answer.status ?? null };
  if (accepted || answer.state === 'no_evidence') {
    const reason = answer.state === 'present' ? 'it still answers' : 'no usable answer';
    return record(context, item, {
      outcome: 'unverified',
      facts: { ...facts, reason: `${reason} after the verify time-out` },
    });
  }
  if (sent.attempt >= MAX_ATTEMPTS) {
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

function proving(sent: Sent, answer: Pick<Existence, 'status' | 'receivedAt'>): Stage {
  const facts = {
    ...factsOf(sent),
    verify_status: answer.status ?? null,
    seen_at: formatInstant(sent.seen.at),
    seen_by: sent.seen.how,
    verified_at: formatInstant(answer.receivedAt),
  };
  return { stage: 'proving', outcome: 'verified', facts };
}

async function prove(
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

function factsOf(sent: Sent): Facts {
  return {
    attempts: sent.attempt,
    requested_at: formatInstant(sent.requestedAt),
    delete_status: 'status' in sent.answer ? (sent.answer.status ?? null) : null,
  };
}

async function record(
  context: DeletionContext,
  item: DeletableItem,
  { outcome, facts }: { readonly outcome: Outcome; readonly facts: Facts },
): Promise<Stage> {
  await context.audit.append([auditFacts(context, `deletion.${outcome}`, { about: item, facts })]);
  if (outcome === 'verified') remember(context, item);
  context.progress.advance(1);
  return SETTLED;
}

function remember(context: DeletionContext, item: DeletableItem): void {
  const known = context.verified.get(item.projectId) ?? new VerifiedDeletions();
  known.add(item);
  context.verified.set(item.projectId, known);
}
