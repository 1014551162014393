import { witnessesOf } from '../../core/deletion/evidence.ts';
import { intendedFacts, type Sight } from '../../core/deletion/facts.ts';
import { ApiError, ClaimedError, HeldError } from '../../core/errors.ts';
import type { DeleteAnswer, Existence } from '../../core/vendor-answers.ts';
import { isKeyRefused } from '../api-faults.ts';
import type { Bar } from '../prove/bars.ts';
import { auditFacts } from '../audit-facts.ts';
import type { Application } from './context.ts';
import {
  barAtWriting,
  heldFor,
  heldNow,
  heldSinceIntent,
  IN_QUESTION,
  recheckedUntil,
  type Candidate,
  type Intended,
} from './may-delete.ts';
import type { ProjectWork } from './project-work.ts';

export type Sent =
  | {
      readonly kind: 'sent';
      readonly answer: DeleteAnswer;
      readonly requestedAt: number;
      /** The follow-up GET of the same turn; undefined: the answer needs none. */
      readonly first: Existence | undefined;
    }
  | ({ readonly kind: 'barred' } & Bar)
  /** Another run is deleting it: what becomes of it is seen by looking alone. */
  | { readonly kind: 'claimed' }
  /** Its turn came so late that it has to be looked at again. */
  | { readonly kind: 'too_late' };

/** What came of one turn. `in_question`: its project was being asked about just then. */
type Turn = Sent | { readonly kind: 'in_question' };

/** The only place that sends a DELETE. The intent is durable, and the lease still ours, before it goes out. `sight`: of the recheck. */
export async function send(context: Application, candidate: Candidate, sight: Sight): Promise<Sent> {
  const until = recheckedUntil(context, candidate.late);
  const barred = await intend(context, candidate, sight);
  if (barred !== undefined) return barred;
  const intended = { ...candidate, recheckedUntil: until, holdsSeenAt: context.clock.monotonic() };
  for (;;) {
    const sent = await inClearSlot(context, candidate, () => sendIntended(context, intended));
    if (sent.kind !== 'in_question') return sent;
  }
}

/** Writes the intent; gives back what forbids it. */
async function intend(
  context: Application,
  { item, kind, attempts }: Candidate,
  sight: Sight,
): Promise<Sent | undefined> {
  const { planId } = context.plan;
  const { createdAt } = item.seen;
  const viewer = context.deleter.viewer();
  const bystanders = context.bystanders.count(item.projectId, witnessesOf(kind, viewer), Infinity);
  const facts = intendedFacts({ attempt: attempts + 1, sight, planId, createdAt, kind, viewer, bystanders });
  const { text: account } = context.account;
  // The transaction below knows what is in the store; what a file lists by now gets there by asking.
  const held = await heldNow(context, item);
  if (held !== undefined) return { kind: 'barred', ...held };
  try {
    await context.store.audit.append(
      [auditFacts(context, 'deletion.intended', { about: item, facts: { ...facts, account } })],
      context.fence,
    );
    return undefined;
  } catch (error) {
    if (error instanceof ClaimedError) return { kind: 'claimed' };
    if (!(error instanceof HeldError)) throw error;
    return { kind: 'barred', ...heldFor(error.matter) };
  }
}

/** While no fresh listing is taken in the project, and a first DELETE while not too many others are in doubt. */
async function inClearSlot(
  { slot, brake }: Application,
  { work, attempts }: Candidate,
  send: () => Promise<Turn>,
): Promise<Turn> {
  // A first DELETE waits while too many others are in doubt; a further one is what ends a doubt.
  const isClear = (): boolean => attempts > 0 || brake.isClear;
  for (;;) {
    await work.opened();
    await work.asking;
    const sent = await slot(() => (isClear() && !work.isClosed ? work.inside(send) : undefined));
    if (sent !== undefined) return sent;
    if (!isClear()) await brake.change();
  }
}

async function sendIntended(context: Application, intended: Intended): Promise<Turn> {
  const { work, item } = intended;
  const requestedAt = context.clock.now();
  context.progress.enter('deleting');
  const answer = await sendInTime(context, intended);
  if ('cause' in answer) return answer;
  if (answer.kind === 'too_late' || answer.kind === 'in_question') return answer;
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
  context: Application,
  intended: Intended,
): Promise<DeleteAnswer | Exclude<Turn, { kind: 'sent' | 'claimed' }>> {
  const { projectId, sessionId } = intended.item;
  let held: Bar | undefined;
  let bar: Bar | undefined;
  const mayStillBeSent = (): boolean => {
    bar = barAtWriting(context, intended);
    return bar === undefined;
  };
  const mayBeSent = async (): Promise<boolean> => {
    held = await heldSinceIntent(context, intended);
    return held === undefined && mayStillBeSent();
  };
  const options = { signal: context.signals.stop, mayBeSent, mayStillBeSent };
  try {
    return await context.deleter.deleteConversation(projectId, sessionId, options);
  } catch (error) {
    if (!(error instanceof ApiError) || error.failure !== 'aborted') throw error;
    if (held !== undefined) return { kind: 'barred', ...held };
    return { kind: bar === IN_QUESTION ? 'in_question' : 'too_late' };
  }
}

/** A DELETE that answers 404 says that something is missing, not what: is it the project? The next DELETE in it waits for that. */
async function askProject({ deleter, bars, signals }: Application, work: ProjectWork): Promise<void> {
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
