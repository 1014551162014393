import type { Policy } from '../../src/core/policy.ts';
import type { Chance, Clock, Log, Progress } from '../../src/core/ports/surroundings.ts';
import type { Wake } from '../../src/daemon/wake.ts';
import type { Random } from './random.ts';
import type { Sabotage, Stage } from './stage.ts';

/* What a process gets from outside, as the simulation has it. */

export const silentProgress: Progress = {
  begin: () => undefined,
  enter: () => undefined,
  advance: () => undefined,
  end: () => undefined,
};

export function sabotaged(sabotage: Sabotage | undefined): Required<Sabotage> {
  const same = <T>(one: T): T => one;
  return { store: same, api: same, policy: same, holdFile: same, keeps: same, ...sabotage };
}

/** All policies lie in one folder. */
export function othersThan({ policies }: Stage, name: string): readonly Policy[] {
  return policies.filter((policy) => policy.name !== name);
}

/** An alarm may be silent when nothing is due: on the minutes of our schedules, and every fifth to try again. */
export function rarely(wake: Wake, clock: Clock): Wake {
  return (schedule, onWake) =>
    wake(schedule, () => {
      const minute = new Date(clock.now() + 1000).getUTCMinutes();
      if (minute % 5 === 0 || minute === 7 || minute === 37) onWake();
    });
}

export function chanceOf(random: Random): Chance {
  return { fraction: () => random.fraction(), token: (length) => random.token(length) };
}

export function logOf(say: (line: string) => void): Log {
  const at =
    (level: string) =>
    (facts: object, message: string): void => {
      say(`${level}: ${message} ${JSON.stringify(facts)}`);
    };
  return { debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') };
}
