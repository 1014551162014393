import { readSettings, type Settings } from '../config/settings.ts';
import { RetentionError } from '../core/errors.ts';
import type { CommandWorld } from './command.ts';

/** Reads the settings once, when they are first asked for. Throws `usage` with all that is wrong with them. */
export function settingsOf({
  surroundings,
  flags,
}: Pick<CommandWorld, 'surroundings' | 'flags'>): () => Settings {
  let settings: Settings | undefined;
  return () => (settings ??= read({ env: surroundings.env, flags }));
}

function read(from: Parameters<typeof readSettings>[0]): Settings {
  const result = readSettings(from);
  if (result.ok) return result.settings;
  throw new RetentionError('usage', `the settings cannot be used\n${result.problems.join('\n')}`);
}
