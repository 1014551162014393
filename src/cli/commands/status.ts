import { isAlarming, statusJson, statusLines } from '../../report/status-text.ts';
import { StandingReader } from '../../run/standing.ts';
import { lookOf } from '../colour.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHistory } from '../history.ts';
import { loadPolicies } from '../policies.ts';

export interface StatusInput {
  readonly paths: readonly string[];
}

/** Whether retention works, by the records of its runs: for people, and by the exit code for a monitor. Sends nothing. */
export const status: Command<StatusInput> = async (world, { paths }) => {
  const { output, surroundings, settings, commandLine } = world;
  const { clock } = surroundings;
  const { policies } = await loadPolicies(world, paths);
  return withHistory(world, async (store) => {
    const reader = new StandingReader({ store, clock, policies: () => Promise.resolve({ policies }) });
    const standing = await reader.standing();
    const how = { commandLine, timeZone: settings().timeZone, look: lookOf(world) };
    await output.lines(...statusLines({ ...standing, ...how }));
    await output.document(statusJson(standing));
    return isAlarming(standing) ? EXIT.attention : EXIT.done;
  });
};
