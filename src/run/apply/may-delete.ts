import type { Kind } from '../../core/deletion/evidence.ts';
import { MAX_ATTEMPTS } from '../../core/deletion/life.ts';
import { ApiError } from '../../core/errors.ts';
import type { DeletableItem } from '../../core/plan.ts';
import type { Bar } from '../prove/bars.ts';
import { Brake } from './brake.ts';
import type { Application } from './context.ts';
import type { ProjectWork } from './project-work.ts';
import { FRESH_MS } from './recheck.ts';

/**
 * Every condition under which a DELETE may go. They are asked at three gates: before the conversation is looked at again,
 * before the intent is written, and as the DELETE is written. Between the last two lies the transaction of the intent, in which
 * the store refuses what is held, what another run is at work on, and a lease that is no longer ours.
 */

/** One DELETE that may go, or not. */
export interface Candidate {
  readonly work: ProjectWork;
  readonly item: DeletableItem;
  readonly kind: Kind;
  /** DELETEs for it that this run has sent already. */
  readonly attempts: number;
  /** Turns of this one that came too late. */
  readonly late: number;
}

/** One whose intent is written. Both by the monotonic clock. */
export interface Intended extends Candidate {
  /** Until when what was rechecked may be relied on. */
  readonly recheckedUntil: number;
  holdsSeenAt: number;
}

/** Why not; undefined: nothing is against it. Throws what must end the run. */
type Condition<Asked extends Candidate> = (context: Application, asked: Asked) => Bar | undefined;

const BEFORE_RECHECK: readonly Condition<Candidate>[] = [
  clockWasNotSet,
  nobodyStopsTheRun,
  brakeIsOff,
  projectIsOpen,
  noOtherPolicyKeepsIt,
  attemptIsLeft,
];
const BEFORE_INTENT: readonly Condition<Candidate>[] = [limitsLeaveRoom];
const AT_WRITING: readonly Condition<Intended>[] = [
  looksAreRecent,
  leaseIsLive,
  clockIsSteady,
  brakeIsOff,
  projectIsNotInQuestion,
  projectIsOpen,
];

export function barBeforeRecheck(context: Application, candidate: Candidate): Bar | undefined {
  return firstBar(BEFORE_RECHECK, context, candidate);
}

export function barBeforeIntent(context: Application, candidate: Candidate): Bar | undefined {
  return firstBar(BEFORE_INTENT, context, candidate);
}

/**
 * Asked when its turn has come, and again in the instant in which its bytes are written. What is turned back here begins anew,
 * and learns why at the first gate.
 */
export function barAtWriting(context: Application, intended: Intended): Bar | undefined {
  return firstBar(AT_WRITING, context, intended);
}

function firstBar<Asked extends Candidate>(
  conditions: readonly Condition<Asked>[],
  context: Application,
  asked: Asked,
): Bar | undefined {
  for (const condition of conditions) {
    const bar = condition(context, asked);
    if (bar !== undefined) return bar;
  }
  return undefined;
}

// ── The conditions ──────────────────────────────────────────────────────────────────────────────────────────

function clockWasNotSet({ clockWatch }: Application): undefined {
  clockWatch.assertSteady();
}

function nobodyStopsTheRun({ signals }: Application, { attempts, late }: Candidate): Bar | undefined {
  if (!signals.stop.aborted) return undefined;
  // Never begun: neither planned work nor its stop is anything to record.
  if (attempts === 0 && late === 0)
    throw new ApiError({ failure: 'aborted', method: 'DELETE', path: '(not begun)', neverSent: true });
  return { reason: 'stopped before a DELETE was sent', cause: 'stopped' };
}

function brakeIsOff({ brake }: Application): Bar | undefined {
  return brake.isPulled ? { reason: Brake.reason, cause: 'brake' } : undefined;
}

/** Neither the project nor this kind of conversation in it is barred. */
function projectIsOpen({ bars }: Application, { item, kind }: Candidate): Bar | undefined {
  return bars.of({ projectId: item.projectId, kind });
}

function noOtherPolicyKeepsIt({ keptSince }: Application, { item, attempts }: Candidate): Bar | undefined {
  const reason = attempts === 0 ? keptSince(item) : undefined;
  return reason === undefined ? undefined : { reason, cause: 'kept' };
}

function attemptIsLeft(_: Application, { attempts }: Candidate): Bar | undefined {
  return attempts < MAX_ATTEMPTS ? undefined : { reason: 'no attempt is left', cause: 'limit' };
}

function limitsLeaveRoom({ allowance }: Application, { item }: Candidate): Bar | undefined {
  const { projectId, sessionId } = item;
  const isTaken = allowance.take(projectId, sessionId);
  return isTaken ? undefined : { reason: 'the limits leave no room', cause: 'limit' };
}

/** So long after the last look at the holds a DELETE may still be written: a connection may have to be made first. */
const HOLDS_USABLE_MS = 500;

function looksAreRecent({ clock }: Application, asked: Intended): Bar | undefined {
  const { recheckedUntil, holdsSeenAt, late } = asked;
  // As with the recheck: where connecting always takes longer, it gets twice as long each time.
  const until = Math.min(recheckedUntil, holdsSeenAt + HOLDS_USABLE_MS * 2 ** late);
  return clock.monotonic() <= until ? undefined : { reason: 'its turn came too late', cause: 'not_known' };
}

/** A worker that was held up past its lease finds somebody else at work. */
function leaseIsLive({ isLeaseLive }: Application): Bar | undefined {
  return isLeaseLive() ? undefined : { reason: 'the lease is no longer ours', cause: 'stopped' };
}

function clockIsSteady({ clockWatch }: Application): Bar | undefined {
  return clockWatch.isSteady ? undefined : { reason: 'the clock was set', cause: 'stopped' };
}

/** Not waited for here: whoever has his turn keeps it, and the question needs one, too. */
function projectIsNotInQuestion(_: Application, { work }: Candidate): Bar | undefined {
  return work.asking === undefined ? undefined : IN_QUESTION;
}

/** What is turned back for this alone goes again, by the same intent, once its project has answered. */
export const IN_QUESTION: Bar = {
  reason: 'whether its project still answers is being asked',
  cause: 'project',
};

// ── Looks ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * A pause of the whole pool can hold a DELETE up for many minutes: then what was rechecked is rechecked again. Each time it may
 * wait twice as long, so that the slowest pace still gets through.
 */
export function recheckedUntil({ clock }: Application, late: number): number {
  return clock.monotonic() + FRESH_MS * 2 ** late;
}

/** An intent that leaves within this time needs no second look at the holds. */
const HOLDS_FRESH_MS = 250;

/** The intent was written under the holds of its instant; a slow pace can keep it waiting for a minute. */
export async function heldSinceIntent(context: Application, intended: Intended): Promise<Bar | undefined> {
  const now = context.clock.monotonic();
  if (now <= intended.holdsSeenAt + HOLDS_FRESH_MS) return undefined;
  const held = await heldNow(context, intended.item);
  intended.holdsSeenAt = now;
  return held;
}

/** By the store, and by what files list now. */
export async function heldNow({ holds, clock }: Application, item: DeletableItem): Promise<Bar | undefined> {
  const now = clock.now();
  const hold = (await holds.holdsInForce(now)).over(item, now);
  return hold === undefined ? undefined : heldFor(hold.matter);
}

export function heldFor(matter: string): Bar {
  return { reason: `held for ${matter} since the plan`, cause: 'held' };
}
