import type { RetentionError } from '../core/errors.ts';
import type { Store } from '../core/ports/store.ts';
import { openStateHome } from '../state-home/state-home.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { CommandWorld } from './command.ts';

/** Opens the state to look at it, and closes it again. Apart from what opens it for writing: who only looks need not read the logger, too. */
export async function withHistory<T>(
  { surroundings: { clock }, settings }: CommandWorld,
  look: (store: Store) => Promise<T>,
  onUnlike?: (problem: RetentionError) => void,
): Promise<T> {
  const { stateDir } = settings();
  const { heads } = openStateHome(stateDir);
  const store = await openSqliteStore({ stateDir, heads, clock, readOnly: true, onUnlike });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}
