import { readSettings, type Settings } from '../config/settings.ts';
import { RetentionError } from '../core/errors.ts';
import type { CommandWorld } from './command.ts';

/** Reads the settings, or throws `usage` with all that is wrong with them. */
export function settingsOf({ surroundings, flags }: CommandWorld): Settings {
  const read = readSettings({
    env: surroundings.env,
    flags: flags.stateDir === undefined ? {} : { stateDir: flags.stateDir },
  });
  if (read.ok) return read.settings;
  throw new RetentionError('usage', `the settings cannot be used\n${read.problems.join('\n')}`);
}
