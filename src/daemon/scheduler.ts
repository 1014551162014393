import type { Policy } from '../core/policy.ts';
import { PolicySchedule, type ScheduledPolicy, type ScheduleParts } from './policy-schedule.ts';

export interface Scheduler {
  /**
   * Resolves once every policy with a schedule is waiting for its slots; runs that catch up are under way by then.
   * Rejects with RetentionError `state_unusable`, and nothing has begun, when the slots cannot be read.
   */
  start(): Promise<void>;
  /**
   * No run begins any more; resolves when those under way have ended. How fast they end is up to their stop signals: to
   * be given in the same breath, or a run that they interrupted could begin again.
   */
  stop(): Promise<void>;
}

/** Each policy on its own schedule and beside the others: none waits for another's run. */
export function createScheduler(parts: ScheduleParts & { readonly policies: readonly Policy[] }): Scheduler {
  const schedules = parts.policies.filter(isScheduled).map((policy) => new PolicySchedule(policy, parts));
  let isStopped = false;
  return {
    async start() {
      if (schedules.length === 0) parts.log.warn({}, 'no policy has a schedule: nothing will ever run');
      await Promise.all(schedules.map((schedule) => schedule.prepare()));
      if (isStopped) return;
      for (const schedule of schedules) schedule.arm();
    },
    async stop() {
      isStopped = true;
      await Promise.all(schedules.map((schedule) => schedule.stop()));
    },
  };
}

function isScheduled(policy: Policy): policy is ScheduledPolicy {
  return policy.schedule !== undefined;
}
