import { holdJson, holdLines } from '../../report/hold-text.ts';
import { lookOf } from '../colour.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHistory } from '../history.ts';

/** Every hold there ever was: oldest first for scripts, those in force first for people. */
export const holdList: Command<object> = async (world) => {
  const settings = world.settings();
  return withHistory(world, async (store) => {
    const holds = await store.holds.holds();
    const now = world.surroundings.clock.now();
    await world.output.lines(...holdLines(holds, { now, timeZone: settings.timeZone, look: lookOf(world) }));
    await world.output.document({ holds: holds.map((hold) => holdJson(hold, now)) });
    return EXIT.done;
  });
};
