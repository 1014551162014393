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
    const now = populationOf(listed.get(projectId));
    return now === undefined ? [] : breachOf(count, now, projectId);
  });
  if (halved.length > 0) return halved;
  // Projects that are not there any more: one may have been removed, but not most of what the policy looks after.
  const before = known.reduce((sum, { count }) => sum + count, 0);
  const now = known.reduce((sum, { projectId, count }) => {
    const project = listed.get(projectId);
    return sum + (project === undefined ? 0 : (populationOf(project) ?? count));
  }, 0);
  return breachOf(before, now, undefined);
}

/**
 * What is known once this plan is accepted. What an incomplete listing showed is no measure, so that stays as it was; what
 * nobody counted may lower it, and is believed at first, but never raises what was counted.
 */
export function populationsAfter(
  known: readonly KnownPopulation[],
  projects: readonly PlanProject[],
): readonly KnownPopulation[] {
  return projects.flatMap((project) => {
    const { projectId } = project;
    const before = known.find((population) => population.projectId === projectId);
    const now = populationOf(project);
    if (now === undefined) return before === undefined ? [] : [before];
    const isCounted = project.sampled === undefined;
    return [{ projectId, count: isCounted || before === undefined ? now : Math.min(now, before.count) }];
  });
}

/** How many there are: counted, or where the listing stopped early, by the paginator's word. Undefined: nobody says. */
export function populationOf(project: PlanProject | undefined): number | undefined {
  if (project === undefined || project.incomplete !== undefined) return undefined;
  return project.sampled === undefined ? project.total : project.sampled.claimed;
}

/** Projects that are not among those of the plan any more: missing from the list, or no longer covered. */
export function lostFromSight(
  known: readonly KnownPopulation[],
  projects: readonly Pick<PlanProject, 'projectId'>[],
): readonly KnownPopulation[] {
  const ids = new Set(projects.map(({ projectId }) => projectId));
  return known.filter(({ projectId, count }) => count > 0 && !ids.has(projectId));
}

/**
 * How many conversations a project must have, so that losing `planned` of them stays within the percentage. Whoever stops
 * listing early has to have seen so many: what the paginator counts proves nothing.
 */
export function fewestFor(planned: number, maxPercent: number): number {
  // Nothing would be enough: the limit refuses the plan, and reading on proves nothing.
  return maxPercent === 0 ? 0 : Math.ceil((planned * 100) / maxPercent);
}

/** Whether so many of those that were listed are gone from sight that the key, not somebody's work, may be the cause. */
export function isTooMuchGone(gone: number, listed: number): boolean {
  return gone > 5 && gone * 10 > listed;
}

function breachOf(known: number, wanted: number, projectId: number | undefined): readonly Breach[] {
  if (known < APPLIES_FROM || wanted * 2 > known) return [];
  return [{ limit: 'population', wanted, allowed: Math.floor(known / 2) + 1, projectId }];
}
