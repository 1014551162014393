import { IdSet } from './id-set.ts';
import type { PlanProject } from './plan.ts';
import type { Limits } from './policy.ts';

export type LimitName = 'max_deletions' | 'max_percent' | 'max_per_day' | 'max_per_week' | 'population';

/**
 * One limit that the plan would pass. `wanted` and `allowed` are conversations: those to be deleted and the most that may be;
 * for `population` those that were listed and the fewest that can be believed.
 */
export interface Breach {
  readonly limit: LimitName;
  readonly wanted: number;
  readonly allowed: number;
  /** For `max_percent`, and for `population` of one project. */
  readonly projectId: number | undefined;
}

/** Conversations of this policy that a DELETE was intended for, sent or not, by the audit log. */
export interface Spent {
  readonly lastDay: number;
  readonly lastWeek: number;
}

/**
 * Checks a whole plan before the first DELETE. Any breach refuses all of it: a part of a plan that is too large is
 * no safer than the whole.
 */
export function breachesOf(
  limits: Limits,
  projects: readonly PlanProject[],
  spent: Spent,
): readonly Breach[] {
  const wanted = projects.reduce((sum, project) => sum + project.planned, 0);
  const breaches: Breach[] = [];
  if (wanted === 0) return breaches;
  const overall = [
    ['max_deletions', limits.maxDeletions],
    ['max_per_day', Math.max(0, limits.maxPerDay - spent.lastDay)],
    ['max_per_week', Math.max(0, limits.maxPerWeek - spent.lastWeek)],
  ] as const;
  for (const [limit, allowed] of overall) {
    if (wanted > allowed) breaches.push({ limit, wanted, allowed, projectId: undefined });
  }
  for (const project of projects) {
    const allowed = allowedIn(limits, project.total);
    if (project.planned > allowed) {
      breaches.push({ limit: 'max_percent', wanted: project.planned, allowed, projectId: project.projectId });
    }
  }
  return breaches;
}

/** How many conversations a project of this size may lose in one run. */
export function allowedIn(limits: Limits, total: number): number {
  const share = Math.floor((total * limits.maxPercent) / 100);
  return Math.max(share, Math.max(0, limits.percentAppliesFrom - 1));
}

/**
 * The same limits once more, held by the function that deletes: it asks before each DELETE, so that a plan which
 * slipped through, or a fault in the loop around it, still ends at the number the policy names.
 */
export interface Allowance {
  /** True while there is room, and again for a conversation that was granted before; false means: send nothing. */
  take(projectId: number, sessionId: string): boolean;
}

/** Room for one run under the policy's limits. */
export function createAllowance(limits: Limits, projects: readonly PlanProject[], spent: Spent): Allowance {
  const overall = Math.min(
    limits.maxDeletions,
    Math.max(0, limits.maxPerDay - spent.lastDay),
    Math.max(0, limits.maxPerWeek - spent.lastWeek),
  );
  return allowanceOf(overall, (project) => allowedIn(limits, project.total), projects);
}

/** For `--override-limits`: exactly the plan's own numbers, and not one more. */
export function createPlanAllowance(projects: readonly PlanProject[]): Allowance {
  return allowanceOf(Number.POSITIVE_INFINITY, (project) => project.planned, projects);
}

function allowanceOf(
  overall: number,
  allowed: (project: PlanProject) => number,
  projects: readonly PlanProject[],
): Allowance {
  const leftIn = new Map(projects.map((project) => [project.projectId, allowed(project)]));
  const granted = new IdSet();
  return {
    take(projectId, sessionId) {
      const key = `${projectId} ${sessionId}`;
      if (granted.has(key)) return true;
      const here = leftIn.get(projectId) ?? 0;
      if (granted.size >= overall || here <= 0) return false;
      granted.add(key);
      leftIn.set(projectId, here - 1);
      return true;
    },
  };
}

/** One line for people: `max_deletions allows 1000, the plan has 1200`. */
export function breachInWords(breach: Breach): string {
  if (breach.limit === 'population') return populationInWords(breach);
  const where = breach.projectId === undefined ? '' : ` in project ${breach.projectId}`;
  return `${breach.limit} allows ${breach.allowed}${where}, the plan has ${breach.wanted}`;
}

function populationInWords({ wanted, allowed, projectId }: Breach): string {
  const where = projectId === undefined ? 'its projects together list' : `project ${projectId} lists`;
  return `population: ${where} ${wanted} conversations, and by the last applied plan there should be at least ${allowed}`;
}
