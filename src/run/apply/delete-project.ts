import { isNotOurs } from '../../core/deletion/life.ts';
import type { DeletableItem } from '../../core/plan.ts';
import { isKeyRefused } from '../api-faults.ts';
import { deleteOne } from './delete-one.ts';
import type { Application } from './context.ts';
import { passingOf } from './deletion.ts';
import { afterOutcome, recordOutcome } from './outcomes.ts';
import { advance, type Passing } from '../prove/passing.ts';
import { PlannedItems } from './planned-items.ts';
import { prepareProject } from './prepare-project.ts';
import type { ProjectWork } from './project-work.ts';
import { settle, type SettleContext, type VanishedGuard } from '../prove/settle.ts';

/** Between two fresh listings of a project lie so many DELETEs at least … */
const FEWEST_BETWEEN = 250;
/** … and so many times their requests. A DELETE and its GET are two. */
const SHARE_OF_LISTINGS = 10;

/**
 * Deletes what the plan has of one project: calibrates, sends the first alone until its follow-up GET is the calibrated 404,
 * then as many as there is room for, and has a fresh listing settle them at the end, and in between where that is cheap.
 */
export async function deleteProject(
  context: Application,
  work: ProjectWork,
  failedBefore: boolean,
): Promise<void> {
  const which = { projectId: work.projectId, failedBefore };
  const items = new PlannedItems(context.store.plans, context.plan.planId, which);
  const crew = new Crew(context, work);
  try {
    if (work.calibration === undefined) await prepareProject(context, work, items);
    while (await crew.hasRoom()) {
      const item = await items.next(context.brake.isDoubting ? 'end' : 'line');
      if (item === undefined) break;
      if (work.calibration === undefined) await skip(context, work, item);
      else crew.start(item, work.calibration);
    }
    await crew.drained();
    await settleAtEnd(context, work);
  } catch (error) {
    // The others of this project end first: their answers are recorded, whatever went wrong here.
    context.onError();
    await crew.allEnded().catch(() => undefined);
    throw error;
  } finally {
    await items.close();
  }
}

/** The deletions of one project that are under way. */
class Crew {
  readonly #context: Application;
  readonly #work: ProjectWork;
  readonly #open = new Set<Promise<void>>();
  #firstError: { readonly error: unknown } | undefined;

  constructor(context: Application, work: ProjectWork) {
    this.#context = context;
    this.#work = work;
  }

  /** Waits for room, and settles in between what can be; false when nothing more may begin. */
  async hasRoom(): Promise<boolean> {
    const { signals, brake, room } = this.#context;
    const work = this.#work;
    for (;;) {
      if (signals.stop.aborted || brake.isPulled || this.#firstError !== undefined) return false;
      const isAlone = work.calibration !== undefined && !work.isProven;
      if (isAlone && (work.open > 0 || work.sent.length > 0)) await this.#settleAlone();
      else if (!brake.isClear) await (work.doubtful > 0 ? this.#settle(true) : this.#anyChange());
      else if (room.isFull || (brake.isDoubting && !room.isEmpty)) await room.change();
      else if (this.#isListingCheap()) await this.#settle(false);
      else return true;
    }
  }

  /** The one that goes alone: it ends, and a listing says what became of it. */
  async #settleAlone(): Promise<void> {
    if (this.#work.open > 0) await this.#context.room.change();
    else await this.#settle(true);
  }

  start(item: DeletableItem, calibration: NonNullable<ProjectWork['calibration']>): void {
    const { room, onError } = this.#context;
    const work = this.#work;
    const place = room.enter();
    work.open += 1;
    const one = deleteOne(this.#context, { work, item, calibration }, place.begun)
      .catch((error: unknown) => {
        this.#firstError ??= { error };
        onError();
      })
      .finally(() => {
        work.open -= 1;
        this.#open.delete(one);
        place.ended();
      });
    this.#open.add(one);
  }

  /** Waits until none is under way; those in doubt are settled meanwhile, since others may wait for what becomes of them. */
  async drained(): Promise<void> {
    while (this.#open.size > 0) {
      if (!this.#context.brake.isClear && this.#work.doubtful > 0) await this.#settle(true);
      else await this.#anyChange();
    }
    await this.allEnded();
  }

  /** Throws the first error that one of them ended with. */
  async allEnded(): Promise<void> {
    await Promise.all(this.#open);
    if (this.#firstError !== undefined) throw this.#firstError.error;
  }

  async #anyChange(): Promise<void> {
    await Promise.race([this.#context.brake.change(), this.#context.room.change()]);
  }

  #isListingCheap(): boolean {
    const { sentSinceListing, listingCost, sent } = this.#work;
    const isWorthIt = sentSinceListing >= FEWEST_BETWEEN && sent.length > 0;
    return isWorthIt && listingCost * SHARE_OF_LISTINGS <= 2 * sentSinceListing;
  }

  async #settle(patient: boolean): Promise<void> {
    await settleWaiting(this.#context, this.#work, { patient, isEnd: false });
  }
}

/** What was planned in a project that is barred as a whole. */
async function skip(context: Application, work: ProjectWork, item: DeletableItem): Promise<void> {
  const passing = passingOf(context, item);
  const bar = context.bars.of({ projectId: work.projectId, kind: passing.kind });
  const { reason, cause } = bar ?? { reason: 'its project is not calibrated', cause: 'project' as const };
  const step = advance(passing, { saw: 'bar', reason, cause });
  if (step.do === 'settle') await recordOutcome(context, { passing, calibration: undefined }, step);
}

async function settleAtEnd(context: Application, work: ProjectWork): Promise<void> {
  const { vanishedBar } = work;
  if (vanishedBar !== undefined) {
    context.bars.project(work.projectId, vanishedBar);
    await context.calibrator.refused(work.projectId, vanishedBar.reason);
    await skipVanished(context, work);
    // None of them is left to be called gone, but the run as a whole has to know of them.
    work.gone = work.vanished;
    context.outOfSight.count(work);
  }
  // On a stop there is time for one look, and what it does not settle stays open for the next run.
  const patient = !context.signals.stop.aborted;
  await settleWaiting(context, work, { patient, isEnd: true });
  // With what is gone of it: by its size alone it would make light of what is gone elsewhere.
  if (work.isLookedAt) context.outOfSight.count(work);
}

/** Nothing of what is no longer visible is called gone where so much of it is. */
async function skipVanished(context: Application, work: ProjectWork): Promise<void> {
  const isVanished = ({ life }: Passing): boolean => isNotOurs(life);
  const bar = context.bars.ofProject(work.projectId);
  for (const passing of work.waiting.filter(isVanished)) {
    const step = advance(passing, { saw: 'bar', reason: bar?.reason ?? '', cause: 'vanished' });
    if (step.do === 'settle') await recordOutcome(context, { passing, calibration: work.calibration }, step);
  }
  work.waiting = work.waiting.filter((passing) => !isVanished(passing));
}

/** What of the project is gone, and not by a DELETE of ours, is first counted over the whole run. */
function vanishedOf({ outOfSight, warn }: Application, work: ProjectWork): VanishedGuard {
  return {
    count: (found) => {
      if (found === 0) return;
      work.gone += found;
      outOfSight.count(work);
    },
    withheld: () => {
      const { bar } = outOfSight;
      if (bar !== undefined)
        warn(`${bar.reason}: what no DELETE of ours removed is not called gone any more in this run`);
      return bar;
    },
  };
}

async function settleWaiting(
  context: Application,
  work: ProjectWork,
  { patient, isEnd }: { readonly patient: boolean; readonly isEnd: boolean },
): Promise<void> {
  const { calibration } = work;
  if (calibration === undefined) return;
  const { deleter: reader, store, signals } = context;
  if (isEnd && context.room.isEmpty) context.progress.enter('confirming');
  await work.alone(async () => {
    // Who was never sent a DELETE waits for the end: how many there are decides whether any of them counts as gone.
    const now = isEnd ? work.waiting : work.sent;
    if (now.length === 0) return;
    const later = work.waiting.filter((passing) => !now.includes(passing));
    work.waiting = later;
    work.sentSinceListing = 0;
    const requestsBefore = reader.requestCounts().list;
    const settleContext: SettleContext = {
      ...context,
      ...{ reader, calibration, fence: undefined },
      mayWait: !patient && !isEnd,
      takenByOthers: () => store.audit.intendedByOthers(work.projectId, context.runId),
      vanished: vanishedOf(context, work),
      signal: patient ? signals.stop : signals.abandon,
      onSettled: (passing, settlement) => {
        if (settlement.outcome === 'verified') work.isProven = true;
        afterOutcome(context, passing, settlement);
      },
      onProjectLost: (reason) => {
        context.bars.project(work.projectId, { reason, cause: 'project' });
      },
    };
    try {
      const left = await settle(settleContext, work.projectId, { waiting: now, patient });
      work.waiting = [...later, ...left];
    } catch (error) {
      if (isKeyRefused(error) || !signals.stop.aborted) throw error;
      // Stopped while it waited: the intents stay open.
    }
    work.listingCost = Math.max(1, reader.requestCounts().list - requestsBefore);
  });
}
