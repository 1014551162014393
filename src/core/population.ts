import type { Breach } from './limits.ts';
import type { PlanProject } from './plan.ts';

/** How many conversations a project had when a plan was last applied, less those that were then deleted. */
export interface KnownPopulation {
  readonly projectId: number;
  readonly count: number;
}

/** Smaller projects may be emptied by a person in an afternoon. */
const APPLIES_FROM = 1000;

/**
 * An empty or halved listing where thousands were known is more likely a fault of the listing, another account or somebody's
 * accident than the truth, and neither a deletion nor "nothing has expired" should rest on it. Incomplete projects say nothing.
 */
export function populationBreaches(
  known: readonly KnownPopulation[],
  projects: readonly PlanProject[],
): readonly Breach[] {
  const listed = new Map(projects.map((project) => [project.projectId, project]));
  const halved = known.flatMap(({ projectId, count }) => {
    const project = listed.get(projectId);
    if (project === undefined || project.incomplete !== undefined) return [];
    return breachOf(count, project.total, projectId);
  });
  if (halved.length > 0) return halved;
  // Projects that are not there any more: one may have been removed, but not most of what the policy looks after.
  const before = known.reduce((sum, { count }) => sum + count, 0);
  const now = known.reduce((sum, { projectId, count }) => {
    const project = listed.get(projectId);
    return sum + (project?.incomplete === undefined ? (project?.total ?? 0) : count);
  }, 0);
  return breachOf(before, now, undefined);
}

/** What is known once this plan is accepted. What an incomplete listing showed is no measure, so that stays as it was. */
export function populationsAfter(
  known: readonly KnownPopulation[],
  projects: readonly PlanProject[],
): readonly KnownPopulation[] {
  return projects.flatMap(({ projectId, total, incomplete }) => {
    if (incomplete === undefined) return [{ projectId, count: total }];
    return known.filter((population) => population.projectId === projectId);
  });
}

function breachOf(known: number, wanted: number, projectId: number | undefined): readonly Breach[] {
  if (known < APPLIES_FROM || wanted * 2 > known) return [];
  return [{ limit: 'population', wanted, allowed: Math.floor(known / 2) + 1, projectId }];
}
