import { accountSeen, accountText, decideAccount, hasMoved, ownAccount } from '../../core/account.ts';
import type { Account, AccountBinding, AccountSight } from '../../core/account.ts';
import { RetentionError } from '../../core/errors.ts';
import type { AuditLog } from '../../core/ports/audit-log.ts';
import { askWhose, seesSome, type AccountParts } from './enter-account.ts';

/** A person's word that the state belongs to the account of the key from now on. */
export interface RebindRequest {
  readonly by: string;
  readonly reason: string;
}

export interface Rebound {
  /** Undefined: the state belonged to nobody yet. */
  readonly from: string | undefined;
  readonly to: string;
  /** Undefined: it was the account of the state already, and nothing was written. */
  readonly kind: AccountBinding['kind'] | undefined;
  /** Open deletions that only the key of another account can settle. */
  readonly leftOpen: number;
}

/**
 * Gives the state to the account that the key is of. One that only moved to another host keeps what it left open; it is
 * taken for the same where it has the same name and sees a project that the state tells of. Throws RetentionError
 * (`lease_held` while a run is under way, `credential_refused`, `api_unreachable`, `state_unusable`).
 */
export async function rebindAccount(
  parts: AccountParts & { readonly audit: AuditLog },
  request: RebindRequest,
): Promise<Rebound> {
  const seen = await askWhose(parts);
  const to = accountSeen(seen);
  // An answer to nothing but GET /user, or to nothing at all, is no account to give a state to.
  if (seen.named === undefined) await seesSome(parts, new Set());
  for (;;) {
    const bindings = await parts.accounts.accountBindings();
    const from = bindings.at(-1)?.account;
    const kind = await kindOf(parts, bindings, seen);
    if (
      kind !== undefined &&
      !(await isWritten(parts, { account: to, kind }, { ...request, known: bindings.length }))
    )
      continue;
    return {
      from: from === undefined ? undefined : accountText(from),
      to: accountText(to),
      kind,
      leftOpen: await leftOpen(parts),
    };
  }
}

async function kindOf(
  parts: AccountParts,
  bindings: readonly AccountBinding[],
  seen: AccountSight,
): Promise<AccountBinding['kind'] | undefined> {
  const decision = decideAccount(bindings, seen);
  if (decision.kind === 'same') return undefined;
  if (decision.kind === 'name') return 'named';
  return (await isSameElsewhere(parts, bindings.at(-1)?.account, seen)) ? 'moved' : 'replaced';
}

/** Small numbers name somebody at every host: one that is the same must also see what was there. */
async function isSameElsewhere(
  parts: AccountParts,
  from: Account | undefined,
  seen: AccountSight,
): Promise<boolean> {
  if (!hasMoved(from, seen)) return false;
  const known = await parts.accounts.projectsOnRecord();
  return known.size > 0 && seesSome(parts, known);
}

/** False: another one came in between, and it has to be looked at anew. */
async function isWritten(
  { accounts }: AccountParts,
  binding: AccountBinding,
  how: RebindRequest & { readonly known: number },
): Promise<boolean> {
  const outcome = await accounts.bindAccount(binding, { ...how, whileIdle: true });
  if (outcome === 'under_way') {
    throw new RetentionError('lease_held', 'a run is under way on this state', {
      hint: 'Stop the workers, or wait for the run to end. Nothing was changed.',
    });
  }
  return outcome === 'written';
}

async function leftOpen({
  accounts,
  audit,
}: Pick<AccountParts, 'accounts'> & { readonly audit: AuditLog }): Promise<number> {
  const own = ownAccount(await accounts.accountBindings());
  const open = await audit.openIntents();
  return open.filter(({ account }) => own?.ownsIntent(account) !== true).length;
}
