import { isApiKey } from '../core/api-access.ts';
import { RetentionError } from '../core/errors.ts';

const SCHEME = 'Bearer ';

/** Whose a key was seen to be. */
export interface Owner {
  /** `team:ID`, `user:ID`, or the key's own fingerprint. */
  readonly owner: string;
  /** Id of its user, where the API says it. */
  readonly user: string | undefined;
}

/** What the requests of a client carry; another text once the key was exchanged. */
export interface Credential {
  /** `Bearer …` */
  readonly current: () => string;
  /** The key in use. */
  readonly key: () => string;
  readonly belongsTo: (owner: Owner) => void;
  /** Users whose keys were in use so far. */
  readonly users: ReadonlySet<string>;
  /**
   * Whether there is another one than this, which was refused: already in use, or found by looking for it now. One that is
   * found is used only once `whose` has named the same owner; undefined: it is not known whose it is. Throws RetentionError
   * `other_account`.
   */
  readonly renew: (
    refused: string,
    whose: (authorization: string) => Promise<Owner | undefined>,
  ) => Promise<boolean>;
}

/** @throws RetentionError `usage` for a key that cannot be used */
export function createCredential(apiKey: { reveal(): string; renew?(): boolean }): Credential {
  let current = authorizationOf(apiKey.reveal());
  let owner: string | undefined;
  const users = new Set<string>();
  let looking: Promise<void> | undefined;
  const belongsTo = (seen: Owner): void => {
    owner = seen.owner;
    if (seen.user !== undefined) users.add(seen.user);
  };
  const look = async (whose: (authorization: string) => Promise<Owner | undefined>): Promise<void> => {
    apiKey.renew?.();
    // One that could not be taken before is asked about again.
    const found = authorizationOf(apiKey.reveal());
    if (found === current) return;
    if (owner !== undefined) {
      const seen = await whose(found);
      if (seen === undefined) return;
      if (seen.owner !== owner) throw ofAnother(seen.owner, owner);
      belongsTo(seen);
    }
    current = found;
  };
  return {
    current: () => current,
    key: () => current.slice(SCHEME.length),
    belongsTo,
    users,
    async renew(refused, whose) {
      if (current === refused) {
        looking ??= look(whose).finally(() => (looking = undefined));
        await looking;
      }
      return current !== refused;
    },
  };
}

function ofAnother(found: string, owner: string): RetentionError {
  return new RetentionError(
    'other_account',
    `the key was exchanged for one of ${found}, and this program works for ${owner}`,
    {
      hint: 'Nothing was sent with it. Put a key of the same account in its place, or start again with another --state-dir.',
    },
  );
}

function authorizationOf(key: string): string {
  if (!isApiKey(key)) {
    throw new RetentionError('usage', 'The API key is empty or has characters that no key has.', {
      hint: 'Set CUSTOMGPT_API_KEY or CUSTOMGPT_API_KEY_FILE to the key alone.',
    });
  }
  return `${SCHEME}${key}`;
}
