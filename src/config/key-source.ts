import { statSync } from 'node:fs';
import type { Log } from '../core/ports/surroundings.ts';
import { readApiKey } from './api-key.ts';
import type { Secret } from './secret.ts';

/** A key that may be another one by the time it is refused. */
export interface KeySource {
  /** The one in use. */
  reveal(): string;
  /** Looks for a newer one, and says whether there is: then `reveal` gives that. */
  renew(): boolean;
}

/**
 * Secrets are exchanged in their file while the program runs, so the file is read again when the API refuses the key. What
 * came in the environment never changes. A file that is being exchanged, or is wrong, leaves the key as it is.
 */
export function createKeySource(
  first: Secret,
  { env, log }: { readonly env: Readonly<Record<string, string | undefined>>; readonly log: Log },
): KeySource {
  let key = first;
  return {
    reveal: () => key.reveal(),
    renew() {
      // What comes through a pipe comes once, and whoever opens it again waits for ever.
      const file = env['CUSTOMGPT_API_KEY_FILE'] ?? '';
      if (file === '' || statSync(file, { throwIfNoEntry: false })?.isFile() === false) return false;
      const read = readApiKey(env);
      if (!read.ok)
        log.warn({ problem: read.problem }, 'the key was refused, and its file cannot be read again');
      if (!read.ok || read.key === undefined || read.key.reveal() === key.reveal()) return false;
      key = read.key;
      log.info({}, 'the key was refused, and its file holds another one: going on with that');
      return true;
    },
  };
}
