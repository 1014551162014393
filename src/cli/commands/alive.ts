import { formatInstant } from '../../core/instant.ts';
import { durationOf } from '../../report/quantities.ts';
import { openStateHome } from '../../state-home/state-home.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

/** `serve` gives a sign of life every 30 seconds: after six that are missing it hangs. */
const SILENT_MS = 3 * 60_000;

/** Whether `serve` turns, by its sign of life: for probes that have no shell. It says nothing about how its runs go. */
export const alive: Command<object> = async ({ output, settings, surroundings }) => {
  const { stateDir } = settings();
  const lastAt = openStateHome(stateDir).lastBeat();
  const silentMs = lastAt === undefined ? undefined : surroundings.clock.now() - lastAt;
  const isAlive = silentMs !== undefined && silentMs < SILENT_MS;
  const ago = silentMs === undefined ? '' : durationOf(silentMs / 1000);
  await output.lines(
    silentMs === undefined
      ? `serve has never run with ${stateDir}.`
      : isAlive
        ? `serve is alive: its last sign of life was ${ago} ago.`
        : `serve is not alive: its last sign of life was ${ago} ago. Start it again, and look at its log.`,
  );
  await output.document({ alive: isAlive, last_at: lastAt === undefined ? null : formatInstant(lastAt) });
  return isAlive ? EXIT.done : EXIT.attention;
};
