import type { Store } from '../../src/core/ports/store.ts';
import { openStateHome } from '../../src/state-home/state-home.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';

type Options = Parameters<typeof openSqliteStore>[0];

/** Opens a state directory as the program does, with what it remembers beside the database. */
export function openState(stateDir: string, options: Omit<Options, 'stateDir' | 'heads'>): Promise<Store> {
  return openSqliteStore({ stateDir, heads: openStateHome(stateDir).heads, ...options });
}
