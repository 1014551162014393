import { schedule as scheduleTask, type Logger, type ScheduledTask } from 'node-cron';
import type { Schedule } from '../core/policy.ts';
import type { Clock, Log } from '../core/ports/surroundings.ts';
import { createGuardWake } from './guard-wake.ts';
import type { Wake } from './wake.ts';

/**
 * The alarm of the daemon: node-cron in the schedule's own zone, and beside it the guard, for node-cron is silent on the
 * day on which the clock jumps over a slot and does not replay what was missed while the process was held up.
 */
export function createCronWake(clock: Pick<Clock, 'now' | 'sleep'>, log: Log): Wake {
  const guard = createGuardWake(clock);
  return (schedule, onWake) => {
    const guarding = guard(schedule, onWake);
    const task = startTask(schedule, onWake, log);
    return {
      stop() {
        guarding.stop();
        // `stop` alone would leave it in node-cron's registry for ever.
        void task?.destroy();
      },
    };
  };
}

/** Undefined where node-cron cannot read what the slot table can: then the guard alone wakes, at the same minutes. */
function startTask(schedule: Schedule, onWake: () => void, log: Log): ScheduledTask | undefined {
  const { cron, timezone } = schedule;
  try {
    const task = scheduleTask(cron, onWake, { timezone, logger: loggerFor(log) });
    // Too late for node-cron is not too late for us; a listener also stands for its warning on each missed slot.
    task.on('execution:missed', onWake);
    return task;
  } catch (error) {
    log.warn({ cron, timezone, problem: messageOf(error) }, 'node-cron cannot wake for this schedule');
    return undefined;
  }
}

/** Without a logger of ours, node-cron prints to the console in colours. */
function loggerFor(log: Log): Logger {
  const facts = { from: 'node-cron' };
  const mention = (message: string | Error) => {
    log.debug(facts, messageOf(message));
  };
  return {
    info: mention,
    debug: mention,
    warn(message) {
      log.warn(facts, message);
    },
    error(message, cause) {
      log.error({ ...facts, problem: messageOf(cause ?? message) }, 'the alarm clock failed');
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
