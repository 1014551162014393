import { readSettings, type Settings } from '../config/settings.ts';
import { RetentionError } from '../core/errors.ts';
import type { CommandWorld } from './command.ts';

/** Reads the settings once, when they are first asked for. Throws `usage` with all that is wrong with them. */
export function settingsOf({
  surroundings: { env },
  flags: { stateDir },
}: Pick<CommandWorld, 'surroundings' | 'flags'>): () => Settings {
  let settings: Settings | undefined;
  return () => {
    if (settings !== undefined) return settings;
    const read = readSettings(env, stateDir);
    if (!read.ok)
      throw new RetentionError('usage', `the settings cannot be used\n${read.problems.join('\n')}`);
    settings = read.settings;
    return settings;
  };
}
