import { createHmac } from 'node:crypto';
import type { AccountSight } from '../core/account.ts';
import { ApiError } from '../core/errors.ts';
import { dataOf } from './answers.ts';
import type { Answer } from './request.ts';
import type { Credential, Owner } from './credential.ts';
import type { Asking, Call } from './retry.ts';
import type { Urls } from './urls.ts';

/** Enough to tell two keys apart, and far from enough to find one by trying. */
const FINGERPRINT_DIGITS = 16;

/** Another one at each origin, so that what one state holds says nothing about another. */
export function keyFingerprint(origin: string, key: string): string {
  const hash = createHmac('sha256', `customgpt-retention account ${origin}`).update(key);
  return `key:${hash.digest('hex').slice(0, FINGERPRINT_DIGITS)}`;
}

/**
 * Whose key it is. The vendor documents `current_team_id`; `team_id`, as its projects have it, is taken too. Throws
 * ApiError where the API did not answer at all, refuses the key, or only asks to come later.
 */
export async function askAccount(
  parts: Asking & { readonly credential: Pick<Credential, 'belongsTo' | 'key'> },
  signal: AbortSignal | undefined,
): Promise<AccountSight> {
  const { named, user, problem } = await askNamed(parts, signal);
  const { origin } = parts.urls;
  const key = keyFingerprint(origin, parts.credential.key());
  parts.credential.belongsTo({ owner: named ?? key, user });
  return { origin, key, named, problem };
}

async function askNamed(
  { urls, call }: Asking,
  signal: AbortSignal | undefined,
): Promise<Who & Pick<AccountSight, 'problem'>> {
  try {
    const { named, user } = await call({ ...userCall(urls), signal, read: whoIn });
    const problem = named === undefined ? 'GET /api/v1/user: it names neither team nor user' : undefined;
    return { named, user, problem };
  } catch (error) {
    if (!(error instanceof ApiError) || !saysNobody(error)) throw error;
    return { named: undefined, user: undefined, problem: error.message };
  }
}

/** Whose a key is, where the API names somebody. */
export function whoseCall(urls: Urls): Call<Owner> {
  const read = (answer: Answer): Owner | undefined => {
    const { named: owner, user } = whoIn(answer) ?? {};
    return owner === undefined ? undefined : { owner, user };
  };
  return { ...userCall(urls), signal: undefined, read };
}

function userCall(urls: Urls): Pick<Call<unknown>, 'target' | 'purpose' | 'size' | 'repeat'> {
  return { target: urls.user(), purpose: 'account', size: 'small', repeat: 'read' };
}

/** An answer is there, it only names nobody. */
function saysNobody({ failure, status }: ApiError): boolean {
  return status !== undefined && !['unauthorized', 'throttled', 'aborted'].includes(failure);
}

type Who = Pick<AccountSight, 'named'> & Pick<Owner, 'user'>;

/** Undefined where it is not the API that speaks, which may pass. */
function whoIn(answer: Answer): Who | undefined {
  const data = dataOf(answer);
  if (data === undefined) return undefined;
  const user = idIn(data['id']);
  const team = idIn(data['team_id']) ?? idIn(data['current_team_id']);
  if (team !== undefined) return { named: `team:${team}`, user };
  return { named: user === undefined ? undefined : `user:${user}`, user };
}

/** A number, or its text, or a name made like one. An address is none of these: it could be somebody's. */
function idIn(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : undefined;
  return typeof value === 'string' && /^(?!0+$)[A-Za-z0-9_-]{1,64}$/.test(value) ? value : undefined;
}
