import type { HoldIndex } from './hold.ts';
import { IdSet } from './id-set.ts';
import { lagMs } from './lag.ts';
import { isIncomplete, type PlanItem, type PlanSummary } from './plan.ts';
import type { Policy } from './policy.ts';
import { cutoffsAt } from './selector.ts';

/** Conversations of a project that are expired by a policy, and still there. */
export interface ProjectBacklog {
  readonly projectId: number;
  readonly count: number;
  /** When the longest expired of them passed its cutoff, epoch ms; undefined where no rule that matched looks at an age. */
  readonly oldestDueAt: number | undefined;
  /** When the plan was decided that counted them: the latest one that could list the project in full. */
  readonly asOf: number;
}

/** What a policy would delete and has not: as far as its plans, and what was done since, tell. */
export interface Backlog {
  /** When the latest plan was decided. */
  readonly asOf: number;
  /** Only those where something is left, the most first. */
  readonly projects: readonly ProjectBacklog[];
  /** Projects of which nobody can say: no plan could list them, or the rows of the one that could are gone. */
  readonly unread: readonly number[];
}

export function backlogCount({ projects }: Pick<Backlog, 'projects'>): number {
  return projects.reduce((sum, { count }) => sum + count, 0);
}

export function oldestDueAt({ projects }: Pick<Backlog, 'projects'>): number | undefined {
  const known = projects.flatMap(({ oldestDueAt: at }) => at ?? []);
  return known.length === 0 ? undefined : known.reduce((one, other) => Math.min(one, other));
}

type FoldedPlan = Pick<PlanSummary, 'planId' | 'policyHash' | 'decidedAt' | 'projects'>;

/** A plan, and the projects that it is the latest to have listed in full. */
export interface PlanPart {
  readonly plan: FoldedPlan;
  readonly projectIds: ReadonlySet<number>;
}

/**
 * Which plan speaks for which project: the latest that listed it in full. A project that the latest plan could not list, or did
 * not see, is not empty for that. `plans`: all by the policy as it is now, the latest first.
 */
export function partsOf(plans: readonly FoldedPlan[]): {
  readonly parts: readonly PlanPart[];
  /** Those that no plan could list. */
  readonly unread: readonly number[];
} {
  const told = new Set<number>();
  const parts = plans.map((plan) => {
    const own = plan.projects.filter((one) => !isIncomplete(one) && !told.has(one.projectId));
    for (const { projectId } of own) told.add(projectId);
    return { plan, projectIds: new Set(own.map(({ projectId }) => projectId)) };
  });
  const all = plans.flatMap(({ projects }) => projects.map(({ projectId }) => projectId));
  const unread = [...new Set(all)].filter((projectId) => !told.has(projectId));
  return { parts: parts.filter(({ projectIds }) => projectIds.size > 0), unread };
}

/** Folds the rows of a plan, as far as it speaks for their projects, into what is left of it. First all that is gone. */
export class BacklogFold {
  readonly #part: PlanPart;
  readonly #rules: Policy['rules'];
  readonly #cutoff: ReturnType<typeof cutoffsAt>;
  readonly #gone = new IdSet();
  readonly #left = new Map<number, { count: number; oldestDueAt: number | undefined }>();
  readonly #rows = new Map<number, number>();

  constructor(part: PlanPart, policy: Pick<Policy, 'rules'>) {
    this.#part = part;
    this.#rules = policy.rules;
    this.#cutoff = cutoffsAt(part.plan.decidedAt);
  }

  /** `at`: when it was proven. What was gone before the plan, and is planned, has come back. */
  gone(projectId: number, sessionId: string, at: number): void {
    if (at >= this.#part.plan.decidedAt) this.#gone.add(`${projectId}/${sessionId}`);
  }

  /** `holds`: those in force now, whatever the plan knew. */
  take(item: PlanItem, holds: Pick<HoldIndex, 'over'>, now: number): void {
    const { projectId, sessionId, verdict } = item;
    if (verdict !== 'delete' || !this.#part.projectIds.has(projectId)) return;
    this.#rows.set(projectId, (this.#rows.get(projectId) ?? 0) + 1);
    if (this.#gone.has(`${projectId}/${sessionId ?? ''}`)) return;
    if (holds.over({ projectId, sessionId: sessionId ?? '' }, now) !== undefined) return;
    const rule = this.#rules.find(({ name }) => name === item.rule);
    const lag = rule === undefined ? undefined : lagMs(rule.selector, item, this.#cutoff);
    const dueAt = lag === undefined ? undefined : this.#part.plan.decidedAt - lag;
    const before = this.#left.get(projectId) ?? { count: 0, oldestDueAt: undefined };
    this.#left.set(projectId, { count: before.count + 1, oldestDueAt: earlier(before.oldestDueAt, dueAt) });
  }

  end(): Pick<Backlog, 'projects' | 'unread'> {
    const { plan, projectIds } = this.#part;
    const unread: number[] = [];
    const projects: ProjectBacklog[] = [];
    for (const { projectId, planned } of plan.projects) {
      if (!projectIds.has(projectId)) continue;
      // Rows of plans that were closed long ago are removed.
      if ((this.#rows.get(projectId) ?? 0) !== planned) unread.push(projectId);
      const left = this.#left.get(projectId);
      if (left !== undefined) projects.push({ projectId, ...left, asOf: plan.decidedAt });
    }
    return { projects, unread };
  }
}

/** One backlog of all parts; the latest plan was decided at `asOf`. */
export function joinedBacklog(
  ended: readonly Pick<Backlog, 'projects' | 'unread'>[],
  unread: readonly number[],
  asOf: number,
): Backlog {
  const projects = ended
    .flatMap((one) => one.projects)
    .sort((one, other) => other.count - one.count || one.projectId - other.projectId);
  return { asOf, projects, unread: [...unread, ...ended.flatMap((one) => one.unread)] };
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
