import type { KeyObject } from 'node:crypto';
import type { Settings } from '../config/settings.ts';
import type { StateHome } from '../core/ports/state-home.ts';
import type { Log } from '../core/ports/surroundings.ts';
import { createNoteSigner, parseVerifierKey } from '../core/signed-note.ts';
import type { NoteSigner, VerifierKey } from '../core/signed-note.ts';

/** Who signs the checkpoints: the key of the settings, else the state directory's own, which is made where there is none. */
export function signerOf(
  { signingKey }: Settings,
  home: StateHome,
  { newSigningKey, log }: { readonly newSigningKey: () => KeyObject; readonly log: Log },
): NoteSigner {
  const known = signingKey ?? home.signingKey();
  if (known !== undefined) return createNoteSigner(known);
  const isFirst = home.heads.checkpoint() === undefined;
  const signer = createNoteSigner(home.keepSigningKey(newSigningKey()));
  log.warn(
    { verifier_key: signer.verifierKey },
    isFirst
      ? 'made a key that signs checkpoints of the audit log: keep its verifier key where this machine cannot write'
      : 'the key that signed checkpoints so far is not here, so a new one was made: audit verify now needs the verifier keys of both',
  );
  return signer;
}

/** The public half of the key that signs here, and where it is from; undefined where there is none. */
export function ownVerifierKey(
  { signingKey }: Settings,
  home: StateHome,
): { readonly key: VerifierKey; readonly from: 'settings' | 'state' } | undefined {
  const privateKey = signingKey ?? home.signingKey();
  if (privateKey === undefined) return undefined;
  const key = parseVerifierKey(createNoteSigner(privateKey).verifierKey);
  return key === undefined ? undefined : { key, from: signingKey === undefined ? 'state' : 'settings' };
}
