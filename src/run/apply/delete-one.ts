import type { DeletableItem } from '../../core/plan.ts';
import { isNotOurs, type Step } from '../../core/deletion/life.ts';
import type { Sight } from '../../core/deletion/facts.ts';
import { readingOf } from '../../core/deletion/reading.ts';
import { ApiError } from '../../core/errors.ts';
import type { Existence } from '../../core/vendor-answers.ts';
import { isKeyRefused } from '../api-faults.ts';
import type { Application } from './context.ts';
import { passingOf, type Underway } from './deletion.ts';
import { barBeforeIntent, barBeforeRecheck } from './may-delete.ts';
import { recordAbsent, recordOutcome } from './outcomes.ts';
import { advance } from '../prove/passing.ts';
import { startPatience } from '../prove/patience.ts';
import type { ProjectWork } from './project-work.ts';
import { expectedOf, recheck, type Rechecked } from './recheck.ts';
import { send, type Sent } from './send-delete.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/**
 * Takes one conversation from the plan to its outcome, or as far as only a fresh listing can settle it: recheck, durable
 * intent, DELETE, follow-up GET. A slot is held only while requests that must be bounded are under way; neither the disk nor a
 * server that goes on answering for a while stops the others. `onBegun` is called once the first DELETE and its first follow-up
 * GET are over, or will not be sent. Throws what must end the run.
 */
export async function deleteOne(
  context: Application,
  { work, item, calibration }: Omit<Underway, 'passing'>,
  onBegun: () => void,
): Promise<void> {
  const underway: Underway = { work, item, calibration, passing: passingOf(context, item) };
  try {
    let step = await attempt(context, underway).finally(onBegun);
    for (;;) {
      const next = await take(context, underway, step);
      if (next === undefined) return;
      step = next;
    }
  } catch (error) {
    // Left open on purpose: the next run settles the intent by looking before it does anything else.
    if (error instanceof ApiError && error.failure === 'aborted') return;
    // A refused key abandons the others, and is what the run has to tell.
    if (context.signals.abandon.aborted && !isKeyRefused(error)) return;
    throw error;
  }
}

/** The next step; undefined: it is settled, or waits for a listing. */
async function take(context: Application, underway: Underway, step: Step): Promise<Step | undefined> {
  const { work, passing } = underway;
  switch (step.do) {
    case 'look':
      return poll(context, underway);
    case 'delete_again':
      return attempt(context, underway);
    case 'list':
      await recordAbsent(context, underway);
      work.waiting.push(passing);
      return undefined;
    case 'settle':
      await recordOutcome(context, underway, step);
      return undefined;
  }
}

/** Polls the follow-up GET until the life goes on: pauses double up to five seconds. */
async function poll(context: Application, underway: Underway): Promise<Step> {
  const { passing } = underway;
  const { clock, deleter: reader, signals, verifyTimeoutMs } = context;
  const isUnclear = passing.life.strongest !== 'accepted';
  passing.onKnown ??= context.brake.doubt(isUnclear ? 'unclear' : 'slow');
  const patience = startPatience({ clock, reader }, verifyTimeoutMs);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const leftMs = verifyTimeoutMs - patience.waitedMs();
    await clock.sleep(Math.max(0, Math.min(pauseMs, leftMs)), signals.abandon);
    const answer = await look(context, underway);
    const step = await read(context, underway, {
      answer,
      waitedMs: patience.waitedMs(),
      isTimeUp: patience.isUp(),
    });
    if (step.do !== 'look') return step;
  }
}

/** The DELETE of another run is under way: a second one might meet what was created anew in between. */
async function pollAnother(context: Application, underway: Underway): Promise<Step> {
  const { item, passing, calibration } = underway;
  const { clock, deleter: reader, signals, verifyTimeoutMs, slot } = context;
  const patience = startPatience({ clock, reader }, verifyTimeoutMs);
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    await clock.sleep(pauseMs, signals.stop);
    const answer = await slot(() => look(context, underway));
    await calibration.compareAnew(answer);
    const reading = readingOf(answer, expectedOf(item), calibration);
    if (reading.is === 'absent')
      return advance(passing, { saw: 'reading', reading, waitedMs: 0, isTimeUp: false });
    if (patience.isUp())
      return advance(passing, { saw: 'bar', reason: 'another run is deleting it', cause: 'elsewhere' });
  }
}

function look({ deleter, signals }: Application, { item }: Underway): Promise<Existence> {
  return deleter.existence(item.projectId, item.sessionId, { purpose: 'verify', signal: signals.abandon });
}

async function read(
  context: Application,
  { work, item, passing, calibration }: Underway,
  seen: { readonly answer: Existence; readonly waitedMs: number; readonly isTimeUp: boolean },
): Promise<Step> {
  const { answer, waitedMs, isTimeUp } = seen;
  await calibration.compareAnew(answer);
  const reading = readingOf(answer, expectedOf(item), calibration);
  if (reading.is === 'absent') {
    // A new conversation under the id does not show that what was deleted answers as it should.
    if (reading.status === 404) work.isProven = true;
    if (isNotOurs(passing.life)) vanish(context, work);
    context.brake.absent();
    passing.onKnown?.(true);
    passing.onKnown = undefined;
  }
  return advance(passing, { saw: 'reading', reading, waitedMs, isTimeUp });
}

/** Recheck, intent, DELETE and the first look after it; again where its turn came too late. */
async function attempt(context: Application, underway: Underway): Promise<Step> {
  const { work, item, passing, calibration } = underway;
  const isFirst = passing.life.attempts === 0;
  let isDeleted = false;
  for (let late = 0; ; late += 1) {
    const candidate = { work, item, kind: passing.kind, attempts: passing.life.attempts, late };
    const bar = barBeforeRecheck(context, candidate);
    if (bar !== undefined) return advance(passing, { saw: 'bar', ...bar });
    const checked = await recheck(context, item, {
      always: !isFirst || isDeleted,
      calibration,
      known: isFirst ? work.known.get(item.sessionId) : undefined,
    });
    if (!isDeleted && isFirst && (await wasDeletedSince(context, item, checked))) {
      // What answers to its id now may be another one: only its own GET of now can tell.
      isDeleted = true;
      continue;
    }
    if (checked.kind !== 'unchanged') return afterRecheck(context, underway, { checked, isDeleted });
    const barred = barBeforeIntent(context, candidate);
    if (barred !== undefined) return advance(passing, { saw: 'bar', ...barred });
    passing.life = { ...passing.life, wasThere: passing.life.wasThere || checked.seen.how === 'messages' };
    const sent = await send(context, candidate, checked.seen);
    if (sent.kind === 'too_late') continue;
    if (sent.kind === 'claimed') return pollAnother(context, underway);
    return sent.kind === 'barred'
      ? advance(passing, { saw: 'bar', ...sent })
      : afterSent(context, underway, { ...sent, sight: checked.seen });
  }
}

async function afterSent(
  context: Application,
  underway: Underway,
  sent: Extract<Sent, { kind: 'sent' }> & { readonly sight: Sight },
): Promise<Step> {
  const { passing } = underway;
  const { answer, requestedAt, first, sight } = sent;
  passing.sent = { attempts: passing.life.attempts + 1, requestedAt, sight };
  const step = advance(passing, { saw: 'answer', answer });
  if (first === undefined || step.do !== 'look') return step;
  return read(context, underway, { answer: first, waitedMs: 0, isTimeUp: false });
}

/** Another run has verified it as deleted since it was last seen. */
async function wasDeletedSince(
  { store }: Application,
  { projectId, sessionId, seenAt }: DeletableItem,
  checked: Rechecked,
): Promise<boolean> {
  if (checked.kind === 'barred') return false;
  const sightAt = checked.kind === 'unchanged' ? checked.seen.at : seenAt;
  const verifiedAt = await store.audit.lastVerifiedAt(projectId, sessionId);
  return verifiedAt !== undefined && verifiedAt >= sightAt;
}

/** It is not what was planned any more, or nobody can tell. */
function afterRecheck(
  context: Application,
  { work, item, passing }: Underway,
  {
    checked,
    isDeleted,
  }: { readonly checked: Exclude<Rechecked, { kind: 'unchanged' }>; readonly isDeleted: boolean },
): Step {
  if (checked.kind === 'barred') return advance(passing, { saw: 'bar', ...checked });
  const { attempts, strongest } = passing.life;
  if (attempts === 0 && context.earlier.isOpen(item)) {
    const reason = 'it is no longer as it was listed, and a DELETE of an earlier run is still to be settled';
    return advance(passing, { saw: 'bar', reason, cause: 'not_known' });
  }
  if (checked.reading.is === 'absent' && strongest === 'never_sent' && !isDeleted) vanish(context, work);
  return advance(passing, { saw: 'reading', reading: checked.reading, waitedMs: 0, isTimeUp: false });
}

/** One more that nobody here deleted is gone from sight. Where it is too many, nothing more is sent in the project. */
function vanish({ bars }: Application, work: ProjectWork): void {
  work.vanished += 1;
  if (work.vanishedBar !== undefined) bars.project(work.projectId, work.vanishedBar);
}
