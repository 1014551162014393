import type { Settings } from '../config/settings.ts';
import type { Store } from '../core/ports/store.ts';
import { openStateHome } from '../state-home/state-home.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { CommandWorld } from './command.ts';

/** Opens the state to look at it. Apart from what opens it for writing: who only looks need not read the logger, too. */
export function openHistory(world: CommandWorld, { stateDir }: Settings): Promise<Store> {
  const { heads } = openStateHome(stateDir);
  return openSqliteStore({ stateDir, heads, clock: world.surroundings.clock, readOnly: true });
}
