import pLimit from 'p-limit';
import type { PlanProject } from '../../core/plan.ts';
import { isKeyRefused } from '../api-faults.ts';
import type { Slot } from './context.ts';
import { countMissing } from './count-missing.ts';
import { deleteProject } from './delete-project.ts';
import type { DeletionContext } from './deletion.ts';
import { ProjectWork } from './project-work.ts';
import { Room } from './room.ts';

/** Deletions begun and not settled, those included that only wait for a late 404: bounds memory, not requests. */
const MAX_OPEN = 1000;

/** Conversations on a page: 10 in the vendor's example, unrecorded; never seen smaller. */
const SMALLEST_PAGE = 10;

/**
 * Deletes what the plan says, project by project, several projects beside each other, and resolves when each conversation is
 * settled or left open. The first error that must end the run stops the others, and is thrown once they have ended.
 */
export async function deleteAll(context: Omit<DeletionContext, 'room'>): Promise<void> {
  const { concurrency } = context.policy;
  const room = new Room({ beginning: concurrency + intendedAhead(context), open: MAX_OPEN });
  const shared: DeletionContext = { ...context, room, slot: createGuardedSlot(context) };
  const several = pLimit(concurrency);
  const works = await worksOf(context);
  await countMissing(shared, works);
  // What failed before comes last, after all that is new in any project.
  for (const failedBefore of [false, true]) {
    const ends = await Promise.allSettled(
      works.map((work) => several(() => deleteProject(shared, work, failedBefore))),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/** The projects in which this run deletes something, with as much of it as it does. */
async function worksOf({ plan, plans }: Omit<DeletionContext, 'room'>): Promise<readonly ProjectWork[]> {
  const planned = new Map(plan.projects.map((project) => [project.projectId, project.planned]));
  if (plan.deferred > 0) {
    // What is left to later runs is not looked at, so it makes light of nothing that is gone.
    planned.clear();
    for await (const { projectId } of plans.planItems(plan.planId, { verdict: 'delete' }))
      planned.set(projectId, (planned.get(projectId) ?? 0) + 1);
  }
  return plan.projects.flatMap((project) => {
    const count = planned.get(project.projectId) ?? 0;
    return count > 0 ? [workOf(project, count)] : [];
  });
}

function workOf({ projectId, listed }: PlanProject, planned: number): ProjectWork {
  // What is planned will be gone from the listing: what is left of it has to be read.
  return new ProjectWork({
    projectId,
    planned,
    listingCost: 1 + Math.ceil((listed - planned) / SMALLEST_PAGE),
  });
}

/** A refused key stops all others before its slot is given to the next, which would send one DELETE more. */
function createGuardedSlot({ slot, onError }: Pick<DeletionContext, 'slot' | 'onError'>): Slot {
  return (work) =>
    slot(async () => {
      try {
        return await work();
      } catch (error) {
        if (isKeyRefused(error)) onError();
        throw error;
      }
    });
}

/**
 * Intents that are written while all slots are taken, so that none of them waits for the disk: for each slot one that is
 * ready and one that is being written. At a pace an intent would only grow old in that line: then no more than a second's worth.
 */
function intendedAhead({
  policy,
  requestsPerMinute,
}: Pick<DeletionContext, 'policy' | 'requestsPerMinute'>): number {
  const aSecondsWorth = requestsPerMinute === 'unlimited' ? Infinity : Math.ceil(requestsPerMinute / 60);
  return Math.min(2 * policy.concurrency, aSecondsWorth);
}
