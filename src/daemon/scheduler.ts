import type { Policy } from '../core/policy.ts';
import { PolicySchedule, type ScheduledPolicy, type ScheduleParts } from './policy-schedule.ts';

/** The policies as their files say now, or all that is wrong with them. */
export type PoliciesNow = { readonly policies: readonly Policy[] } | { readonly problems: readonly string[] };

export type SchedulerParts = Omit<ScheduleParts, 'refresh'> & {
  /** Those to begin with. */
  readonly policies: readonly Policy[];
  readonly reread: () => Promise<PoliciesNow>;
};

export function createScheduler(parts: SchedulerParts): Scheduler {
  return new Scheduler(parts);
}

/** Each policy on its own schedule and beside the others: none waits for another's run. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  /** One for each name, for as long as the process lives: two could run one policy at the same time. */
  readonly #byName = new Map<string, PolicySchedule>();
  #policies: readonly Policy[];
  #last: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#policies = parts.policies;
  }

  /**
   * Resolves once every policy with a schedule is waiting for its slots; runs that catch up are under way by then.
   * Rejects with RetentionError `state_unusable`, and nothing has begun, when the slots cannot be read.
   */
  async start(): Promise<void> {
    for (const policy of this.#policies.filter(isScheduled)) this.#create(policy);
    this.#sayIfNone();
    const schedules = [...this.#byName.values()];
    await Promise.all(schedules.map((schedule) => schedule.prepare()));
    if (this.#isStopped) return;
    for (const schedule of schedules) schedule.arm();
  }

  /**
   * No run begins any more; resolves when those under way have ended. How fast they end is up to their stop signals: to
   * be given in the same breath, or a run that they interrupted could begin again.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#byName.values()].map((schedule) => schedule.stop()));
  }

  /** Reads the policies again, as each slot does, and looks what is due. Rejects like `start`. */
  async reload(): Promise<void> {
    const problems = await this.#refreshInTurn();
    if (problems.length > 0)
      this.#parts.log.error({ problems }, 'policies or holds cannot be used: nothing runs until they can');
    for (const schedule of this.#byName.values()) schedule.look();
  }

  /** One after the other: an older reading must not undo a newer one. */
  #refreshInTurn(): Promise<readonly string[]> {
    const refreshed = this.#last.then(() => this.#refresh());
    this.#last = refreshed.catch(() => undefined);
    return refreshed;
  }

  async #refresh(): Promise<readonly string[]> {
    const now = await this.#parts.reread();
    if ('problems' in now) return now.problems;
    if (!this.#isStopped) await this.#take(now.policies);
    return [];
  }

  async #take(policies: readonly Policy[]): Promise<void> {
    const before = this.#policies;
    this.#policies = policies;
    const hasChanged = this.#sayChanges(before, policies);
    const scheduled = policies.filter(isScheduled);
    for (const [name, schedule] of this.#byName) {
      if (!scheduled.some((policy) => policy.name === name)) schedule.retire();
    }
    for (const policy of scheduled) {
      const known = this.#byName.get(policy.name);
      if (known !== undefined) await known.replace(policy);
      else await this.#add(policy);
    }
    if (hasChanged) this.#sayIfNone();
  }

  async #add(policy: ScheduledPolicy): Promise<void> {
    const schedule = this.#create(policy);
    try {
      await schedule.prepare();
    } catch (error) {
      // To be tried again by the next reading.
      this.#byName.delete(policy.name);
      throw error;
    }
    schedule.arm();
  }

  #create(policy: ScheduledPolicy): PolicySchedule {
    const schedule = new PolicySchedule(policy, { ...this.#parts, refresh: () => this.#refreshInTurn() });
    this.#byName.set(policy.name, schedule);
    return schedule;
  }

  #sayChanges(before: readonly Policy[], after: readonly Policy[]): boolean {
    const { log } = this.#parts;
    const hashOf = (policies: readonly Policy[], name: string): string | null =>
      policies.find((policy) => policy.name === name)?.hash ?? null;
    const names = [...new Set([...before, ...after].map(({ name }) => name))];
    const changed = names
      .map((policy) => ({ policy, before: hashOf(before, policy), after: hashOf(after, policy) }))
      .filter((change) => change.before !== change.after);
    for (const change of changed) {
      const what = change.before === null ? 'added' : change.after === null ? 'removed' : 'changed';
      log.info(
        { ...change, ...this.#slotsOf(change.policy) },
        `policy ${what}: from here on as its file says`,
      );
    }
    return changed.length > 0;
  }

  #slotsOf(name: string): object {
    const policy = this.#policies.find((one) => one.name === name);
    return policy === undefined ? {} : { schedule: policy.schedule ?? null };
  }

  #sayIfNone(): void {
    if (this.#policies.some(isScheduled)) return;
    this.#parts.log.warn({}, 'no policy has a schedule: nothing will ever run');
  }
}

function isScheduled(policy: Policy): policy is ScheduledPolicy {
  return policy.schedule !== undefined;
}
