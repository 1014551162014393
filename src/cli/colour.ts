import { NO_PAINT, TERMINAL_PAINT, type Look, type Paint } from '../report/paint.ts';
import type { CommandWorld } from './command.ts';

type Screened = Parameters<typeof paintFor>[0];

/** How whoever reads stdout sees it. */
export function lookOf(world: Screened): Look {
  return { columns: world.surroundings.stdout.columns, paint: paintFor(world) };
}

/**
 * How what a person reads on stdout is coloured: on a terminal that can, unless NO_COLOR says anything. FORCE_COLOR colours
 * without one, too (`0` and `false` do not). A JSON document never is.
 */
export function paintFor({
  surroundings: { env, stdout },
  output,
}: {
  readonly surroundings: Pick<CommandWorld['surroundings'], 'env' | 'stdout'>;
  readonly output: Pick<CommandWorld['output'], 'json'>;
}): Paint {
  if (output.json || isSet(env['NO_COLOR'])) return NO_PAINT;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return ['0', 'false'].includes(forced) ? NO_PAINT : TERMINAL_PAINT;
  return stdout.isTTY === true && env['TERM'] !== 'dumb' ? TERMINAL_PAINT : NO_PAINT;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
