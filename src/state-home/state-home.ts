import { lstatSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateHome } from '../core/ports/state-home.ts';
import { stateFault } from '../core/state-fault.ts';
import { keptHeadsIn } from './kept-heads.ts';
import { keepSigningKey, stateSigningKey } from './signing-key.ts';

const STOP_FILE = 'STOP';
const HEARTBEAT = 'serve.alive';

/** Looks at nothing, and makes nothing, before it is asked to. */
export function openStateHome(stateDir: string): StateHome {
  return {
    heads: keptHeadsIn(stateDir),
    signingKey: () => stateSigningKey(stateDir),
    keepSigningKey: (key) => keepSigningKey(stateDir, key),
    stopFile() {
      const file = join(stateDir, STOP_FILE);
      // A link that leads nowhere was put there to stop, too.
      return lstatSync(file, { throwIfNoEntry: false }) === undefined ? undefined : file;
    },
    async beat() {
      const file = join(stateDir, HEARTBEAT);
      await writeFile(file, '').catch((error: unknown) => {
        throw stateFault(error, file);
      });
    },
    lastBeat() {
      const file = join(stateDir, HEARTBEAT);
      try {
        return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      } catch (error) {
        throw stateFault(error, file);
      }
    },
  };
}
