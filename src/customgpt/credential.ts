import { RetentionError } from '../core/errors.ts';

/** What the requests of a client carry; another text once the key was exchanged. */
export interface Credential {
  /** `Bearer …` */
  readonly current: () => string;
  /** Whose the key in use was seen to be: `team:ID`, `user:ID`, or its own fingerprint. */
  readonly belongsTo: (owner: string) => void;
  /**
   * Whether there is another one than this, which was refused: already in use, or found by looking for it now. One that is
   * found is used only once `whose` has named the same owner; undefined: it is not known whose it is. Throws RetentionError
   * `other_account`.
   */
  readonly renew: (
    refused: string,
    whose: (authorization: string) => Promise<string | undefined>,
  ) => Promise<boolean>;
}

/** @throws RetentionError `usage` for a key that cannot be used */
export function createCredential(apiKey: { reveal(): string; renew?(): boolean }): Credential {
  let current = authorizationOf(apiKey.reveal());
  let owner: string | undefined;
  let looking: Promise<void> | undefined;
  const look = async (whose: (authorization: string) => Promise<string | undefined>): Promise<void> => {
    apiKey.renew?.();
    // One that could not be taken before is asked about again.
    const found = authorizationOf(apiKey.reveal());
    if (found === current) return;
    const foundOwner = owner === undefined ? undefined : await whose(found);
    if (owner === foundOwner) current = found;
    else if (foundOwner !== undefined) throw ofAnother(foundOwner, owner);
  };
  return {
    current: () => current,
    belongsTo(seen) {
      owner = seen;
    },
    async renew(refused, whose) {
      if (current === refused) {
        looking ??= look(whose).finally(() => (looking = undefined));
        await looking;
      }
      return current !== refused;
    },
  };
}

function ofAnother(found: string, owner: string | undefined): RetentionError {
  return new RetentionError(
    'other_account',
    `the key was exchanged for one of ${found}, and this program works for ${String(owner)}`,
    {
      hint: 'Nothing was sent with it. Put a key of the same account in its place, or start again with another --state-dir.',
    },
  );
}

function authorizationOf(key: string): string {
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new RetentionError('usage', 'The API key is empty or has characters that no key has.', {
      hint: 'Set CUSTOMGPT_API_KEY or CUSTOMGPT_API_KEY_FILE to the key alone.',
    });
  }
  return `Bearer ${key}`;
}
