import { IdSet } from './id-set.ts';
import { lagMs } from './lag.ts';
import { countsOf, type PlanItem, type PlanSummary } from './plan.ts';
import type { Policy } from './policy.ts';
import { cutoffsAt } from './selector.ts';

/** Conversations of a project that are expired by a policy, and still there. */
export interface ProjectBacklog {
  readonly projectId: number;
  readonly count: number;
  /** When the longest expired of them passed its cutoff, epoch ms; undefined where no rule that matched looks at an age. */
  readonly oldestDueAt: number | undefined;
}

/** What a policy would delete and has not: as far as its latest plan, and what was done since, tell. */
export interface Backlog {
  readonly planId: string;
  /** When that plan was decided. */
  readonly asOf: number;
  /** Only those where something is left, the most first. */
  readonly projects: readonly ProjectBacklog[];
}

export function backlogCount({ projects }: Pick<Backlog, 'projects'>): number {
  return projects.reduce((sum, { count }) => sum + count, 0);
}

export function oldestDueAt({ projects }: Pick<Backlog, 'projects'>): number | undefined {
  const known = projects.flatMap(({ oldestDueAt: at }) => at ?? []);
  return known.length === 0 ? undefined : known.reduce((one, other) => Math.min(one, other));
}

type FoldedPlan = Pick<PlanSummary, 'planId' | 'policyHash' | 'decidedAt' | 'projects'>;

/** Folds a plan's rows into what is left of it. First all that is gone, then the rows. */
export class BacklogFold {
  readonly #gone = new IdSet();
  readonly #byProject = new Map<number, { count: number; oldestDueAt: number | undefined }>();
  readonly #plan: FoldedPlan;
  readonly #rules: Policy['rules'];
  readonly #cutoff: ReturnType<typeof cutoffsAt>;
  #rows = 0;

  /** `policy`: as its file says now; where it is another than the plan's, nobody can say since when something is due. */
  constructor(plan: FoldedPlan, policy: Pick<Policy, 'hash' | 'rules'>) {
    this.#plan = plan;
    this.#rules = policy.hash === plan.policyHash ? policy.rules : [];
    this.#cutoff = cutoffsAt(plan.decidedAt);
  }

  gone(projectId: number, sessionId: string): void {
    this.#gone.add(`${projectId}/${sessionId}`);
  }

  take(item: PlanItem): void {
    const { projectId, sessionId, verdict } = item;
    if (verdict !== 'delete') return;
    this.#rows += 1;
    if (this.#gone.has(`${projectId}/${sessionId ?? ''}`)) return;
    const rule = this.#rules.find(({ name }) => name === item.rule);
    const lag = rule === undefined ? undefined : lagMs(rule.selector, item, this.#cutoff);
    const dueAt = lag === undefined ? undefined : this.#plan.decidedAt - lag;
    const before = this.#byProject.get(projectId) ?? { count: 0, oldestDueAt: undefined };
    this.#byProject.set(projectId, {
      count: before.count + 1,
      oldestDueAt: earlier(before.oldestDueAt, dueAt),
    });
  }

  /** Undefined where rows of the plan are gone by now. */
  end(): Backlog | undefined {
    if (this.#rows !== countsOf(this.#plan.projects).planned) return undefined;
    const projects = [...this.#byProject]
      .map(([projectId, left]) => ({ projectId, ...left }))
      .sort((one, other) => other.count - one.count || one.projectId - other.projectId);
    return { planId: this.#plan.planId, asOf: this.#plan.decidedAt, projects };
  }
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
