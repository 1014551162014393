import pLimit from 'p-limit';
import type { PlanProject } from '../../core/plan.ts';
import type { Application } from './context.ts';
import { countMissing } from './count-missing.ts';
import { deleteProject } from './delete-project.ts';
import { ProjectWork } from './project-work.ts';

/** Conversations on a page: 10 in the vendor's example, unrecorded; never seen smaller. */
export const SMALLEST_PAGE = 10;

/**
 * Deletes what the plan says, project by project, several projects beside each other, and resolves when each conversation is
 * settled or left open. The first error that must end the run stops the others, and is thrown once they have ended.
 */
export async function deleteAll(context: Application): Promise<void> {
  const several = pLimit(context.policy.concurrency);
  const works = await worksOf(context);
  await countMissing(context, works);
  // What failed before comes last, after all that is new in any project.
  for (const failedBefore of [false, true]) {
    const ends = await Promise.allSettled(
      works.map((work) => several(() => deleteProject(context, work, failedBefore))),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/** The projects in which this run deletes something, with as much of it as it does. */
async function worksOf({ plan, store }: Application): Promise<readonly ProjectWork[]> {
  const planned = new Map(plan.projects.map((project) => [project.projectId, project.planned]));
  if (plan.deferred > 0) {
    // What is left to later runs is not looked at, so it makes light of nothing that is gone.
    planned.clear();
    for await (const { projectId } of store.plans.planItems(plan.planId, { verdict: 'delete' }))
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
