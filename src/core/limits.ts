import { minuteInWords } from './calendar-day.ts';
import { IdSet } from './id-set.ts';
import type { PlanProject } from './plan.ts';
import type { Limits } from './policy.ts';

const COUNT_LIMITS = ['max_deletions', 'max_per_day', 'max_per_week'] as const;
type CountLimit = (typeof COUNT_LIMITS)[number];
/** Those that look at more than one run. */
type TimeLimit = Exclude<CountLimit, 'max_deletions'>;

/** What {@link breachInWords} begins with. */
export const LIMIT_NAMES = [...COUNT_LIMITS, 'max_percent', 'population'] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

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
  /** For `max_percent` of small projects, judged together: how many they are. */
  readonly together?: number;
  /** For `max_per_day` and `max_per_week`: when there is room again. */
  readonly roomAgain?: RoomAgain | undefined;
}

export interface RoomAgain {
  /** The start of a day. */
  readonly at: number;
  readonly timeZone: string;
  /** Conversations that one run may delete then. */
  readonly room: number;
  /** Conversations that this limit alone leaves then. */
  readonly left: number;
}

/**
 * Conversations of this policy that a DELETE was intended for, sent or not, by the audit log: in runs that started on the
 * day of this run, and on that day or one of the six before. What was deleted under an override is not among them.
 */
export interface Spent {
  readonly today: number;
  readonly week: number;
}

/**
 * Checks a whole plan before the first DELETE. Any breach refuses all of it: a part of a plan that is too large is
 * no safer than the whole, unless the policy asks for the oldest first.
 */
export function breachesOf(
  limits: Limits,
  projects: readonly PlanProject[],
  spent: Spent,
): readonly Breach[] {
  const wanted = plannedIn(projects);
  if (wanted === 0) return [];
  return [...countBreaches(limits, wanted, spent), ...percentBreaches(limits, projects)];
}

/** The limits that count conversations, and what each leaves for a run. */
export function roomsOf(limits: Limits, spent: Spent): Readonly<Record<CountLimit, number>> {
  return {
    max_deletions: limits.maxDeletions,
    max_per_day: Math.max(0, limits.maxPerDay - spent.today),
    max_per_week: Math.max(0, limits.maxPerWeek - spent.week),
  };
}

/** How many conversations the count limits leave for a run. */
export function roomOf(limits: Limits, spent: Spent): number {
  return Math.min(...Object.values(roomsOf(limits, spent)));
}

function countBreaches(limits: Limits, wanted: number, spent: Spent): readonly Breach[] {
  const left = roomsOf(limits, spent);
  return COUNT_LIMITS.flatMap((limit) =>
    wanted > left[limit] ? [{ limit, wanted, allowed: left[limit], projectId: undefined }] : [],
  );
}

/** Whether the limit counts conversations, so that fewer of them would keep it. */
export function isCountLimit({ limit }: Pick<Breach, 'limit'>): boolean {
  return limit === 'max_deletions' || isOverTime({ limit });
}

/** Whether the limit looks at more than this run, so that another day may have more room. */
export function isOverTime<One extends Pick<Breach, 'limit'>>(
  one: One,
): one is One & { readonly limit: TimeLimit } {
  return one.limit === 'max_per_day' || one.limit === 'max_per_week';
}

function percentBreaches(limits: Limits, projects: readonly PlanProject[]): readonly Breach[] {
  const { small, large } = bySize(limits, projects);
  const breaches: Breach[] = large.flatMap(({ projectId, planned, total }) => {
    const allowed = share(limits, total);
    return planned > allowed ? [{ limit: 'max_percent', wanted: planned, allowed, projectId }] : [];
  });
  const wanted = plannedIn(small);
  const allowed = allowedTogether(limits, small);
  if (wanted > allowed)
    breaches.push({ limit: 'max_percent', wanted, allowed, projectId: undefined, together: small.length });
  return breaches;
}

/**
 * Projects that would lose something: those that are judged by themselves, and those that would lose so little that they are
 * judged together, as one project; else a thousand small ones could be emptied in one run.
 */
function bySize(
  { percentAppliesFrom }: Limits,
  projects: readonly PlanProject[],
): { readonly small: readonly PlanProject[]; readonly large: readonly PlanProject[] } {
  const losing = projects.filter(({ planned }) => planned > 0);
  return {
    small: losing.filter(({ planned }) => planned < percentAppliesFrom),
    large: losing.filter(({ planned }) => planned >= percentAppliesFrom),
  };
}

function share({ maxPercent }: Limits, total: number): number {
  return Math.floor((total * maxPercent) / 100);
}

function allowedTogether(limits: Limits, small: readonly PlanProject[]): number {
  if (limits.maxPercent === 0) return 0;
  const total = small.reduce((sum, project) => sum + project.total, 0);
  return Math.max(share(limits, total), Math.max(0, limits.percentAppliesFrom - 1));
}

function plannedIn(projects: readonly PlanProject[]): number {
  return projects.reduce((sum, project) => sum + project.planned, 0);
}

/**
 * The same limits once more, held by the function that deletes: it asks before each DELETE, so that a plan which
 * slipped through, or a fault in the loop around it, still ends at the number the policy names.
 */
export interface Allowance {
  /** True while there is room, and again for a conversation that was granted before; false means: send nothing. */
  take(projectId: number, sessionId: string): boolean;
}

/** Room for some conversations; small projects share theirs. */
interface Room {
  left: number;
}

/** Room for one run under the policy's limits. */
export function createAllowance(limits: Limits, projects: readonly PlanProject[], spent: Spent): Allowance {
  const { small, large } = bySize(limits, projects);
  const together: Room = { left: allowedTogether(limits, small) };
  const roomIn = new Map<number, Room>([
    ...small.map(({ projectId }) => [projectId, together] as const),
    ...large.map(({ projectId, total }) => [projectId, { left: share(limits, total) }] as const),
  ]);
  return allowanceOf(roomOf(limits, spent), roomIn);
}

/** For `--override-limits`: exactly the plan's own numbers, and not one more. */
export function createPlanAllowance(projects: readonly PlanProject[]): Allowance {
  return allowanceOf(
    Number.POSITIVE_INFINITY,
    new Map(projects.map(({ projectId, planned }) => [projectId, { left: planned }])),
  );
}

function allowanceOf(overall: number, roomIn: ReadonlyMap<number, Room>): Allowance {
  const granted = new IdSet();
  return {
    take(projectId, sessionId) {
      const key = `${projectId} ${sessionId}`;
      if (granted.has(key)) return true;
      const room = roomIn.get(projectId);
      if (room === undefined || room.left <= 0 || granted.size >= overall) return false;
      granted.add(key);
      room.left -= 1;
      return true;
    },
  };
}

/** One line for people: `max_deletions allows 1,000, the plan has 1,200`. */
export function breachInWords(breach: Breach): string {
  if (breach.limit === 'population') return populationInWords(breach);
  if (isOverTime(breach)) return overTimeInWords(breach);
  const { limit, wanted, allowed, projectId, together } = breach;
  const where =
    projectId !== undefined
      ? ` in project ${projectId}`
      : together !== undefined
        ? ` in ${together === 1 ? 'the one small project' : `the ${together} small projects together`}`
        : '';
  return `${limit} allows ${grouped(allowed)}${where}, the plan has ${grouped(wanted)}`;
}

/** A later day is worth a word only where it has more room than this one. */
function overTimeInWords({ limit, wanted, allowed, roomAgain }: Breach): string {
  const now = `${limit} leaves ${grouped(allowed)} today, the plan has ${grouped(wanted)}`;
  if (roomAgain === undefined || roomAgain.left <= allowed) return now;
  return `${now}; from ${minuteInWords(roomAgain.at, roomAgain.timeZone)} on it leaves ${grouped(roomAgain.left)}`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function populationInWords({ wanted, allowed, projectId }: Breach): string {
  const where = projectId === undefined ? 'its projects together list' : `project ${projectId} lists`;
  return `population: ${where} ${grouped(wanted)} conversations, and by the last applied plan there should be at least ${grouped(allowed)}`;
}
