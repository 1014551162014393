import { RetentionError } from '../core/errors.ts';

/** What the requests of a client carry; another text once the key was exchanged. */
export interface Credential {
  /** `Bearer …` */
  readonly current: () => string;
  /** Whether there is another one than this, which was refused: already in use, or found by looking for it now. */
  readonly isNewerThan: (refused: string) => boolean;
}

/** @throws RetentionError `usage` for a key that cannot be used */
export function createCredential(apiKey: { reveal(): string; renew?(): boolean }): Credential {
  let current = authorizationOf(apiKey.reveal());
  return {
    current: () => current,
    isNewerThan(refused) {
      if (current === refused && apiKey.renew?.() === true) current = authorizationOf(apiKey.reveal());
      return current !== refused;
    },
  };
}

function authorizationOf(key: string): string {
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new RetentionError('usage', 'The API key is empty or has characters that no key has.', {
      hint: 'Set CUSTOMGPT_API_KEY or CUSTOMGPT_API_KEY_FILE to the key alone.',
    });
  }
  return `Bearer ${key}`;
}
