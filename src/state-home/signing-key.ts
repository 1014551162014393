import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../core/error-code.ts';
import { RetentionError } from '../core/errors.ts';
import { createNoteSigner } from '../core/signed-note.ts';
import { stateFault } from '../core/state-fault.ts';
import { contentOf } from './small-files.ts';

/** The state directory's own key, where the user gives none. */
const SIGNING_KEY = 'signing-key.pem';

/** Undefined where there is none yet. @throws RetentionError `state_unusable` when it cannot be read, or is no such key */
export function stateSigningKey(stateDir: string): KeyObject | undefined {
  const path = join(stateDir, SIGNING_KEY);
  if (!existsSync(path)) return undefined;
  const key = keyIn(contentOf(path));
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new RetentionError('state_unusable', `${path} is damaged, or not an Ed25519 key`, {
    hint: 'Restore it from a backup. Or remove it: a new one is made, and `audit verify` then needs the verifier keys of both.',
  });
}

/** Keeps a new key in the state directory, for this user's eyes only; gives back the one that was quicker, if there was one. */
export function keepSigningKey(stateDir: string, key: KeyObject): KeyObject {
  const path = join(stateDir, SIGNING_KEY);
  const id = createNoteSigner(key).verifierKey.split('+')[1] ?? '';
  const fresh = `${path}.${id}`;
  attempt(path, () => {
    try {
      const file = openSync(fresh, 'wx', 0o600);
      try {
        writeSync(file, key.export({ format: 'pem', type: 'pkcs8' }).toString());
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      // Unlike a rename, it never takes the place of a key that is there.
      linkSync(fresh, path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    } finally {
      rmSync(fresh, { force: true });
    }
  });
  return stateSigningKey(stateDir) ?? key;
}

function keyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw stateFault(error, path);
  }
}
