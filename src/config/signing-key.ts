import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { causeOf, readFileStart } from './file-start.ts';

/** Bytes. The PEM form of a key has 119. */
const LONGEST_FILE = 16 * 1024;
const HOW = 'make one with: openssl genpkey -algorithm ed25519 -out FILE';

export type SigningKeyResult =
  { readonly ok: true; readonly key: KeyObject } | { readonly ok: false; readonly problem: string };

/** The key that signs checkpoints. A problem, which reads on from the setting's name, repeats nothing of the file. */
export function readSigningKey(file: string): SigningKeyResult {
  let pem: string;
  try {
    pem = readFileStart(file, LONGEST_FILE);
  } catch (error) {
    return refused(`names ${file}, which cannot be read (${causeOf(error)})`);
  }
  const key = privateKeyIn(pem);
  if (key === undefined) return refused(`names ${file}, which holds no private key in PEM form`);
  if (key.asymmetricKeyType === 'ed25519') return { ok: true, key };
  return refused(`names ${file}, which holds a key of another kind than Ed25519`);
}

function privateKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function refused(problem: string): SigningKeyResult {
  return { ok: false, problem: `${problem}: ${HOW}` };
}
