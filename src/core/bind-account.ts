import { accountText } from './account.ts';
import type { AccountBinding } from './account.ts';
import type { AuditFacts } from './audit-entry.ts';

/** To bind a state to an account, for the first time or anew. */
export interface BindAccount {
  readonly kind: 'bind_account';
  readonly binding: AccountBinding;
  /** How many bindings there were when it was decided on. */
  readonly known: number;
  /** Only while no worker holds a lease. */
  readonly whileIdle: boolean;
  /** `null`: nobody decided it, the API said it. */
  readonly by: string | null;
  readonly reason: string;
}

/** `outdated`: there are other bindings than it was decided on. `under_way`: a worker holds a lease. */
export type BindOutcome = 'written' | 'outdated' | 'under_way';

/** To be stored together with the entry. */
export interface AccountChange {
  readonly kind: 'account_bound';
  readonly binding: AccountBinding;
  /** Its place among the bindings, from 1. */
  readonly number: number;
  readonly before: AccountBinding | undefined;
}

export interface AccountDecided {
  readonly entries: readonly AuditFacts[];
  readonly changes: readonly AccountChange[];
  readonly bound: BindOutcome;
}

/** `bindings`: all that there are by now, oldest first. `isIdle`: no worker holds a lease. */
export function bindAccount(
  { binding, known, whileIdle, by, reason }: BindAccount,
  bindings: readonly AccountBinding[],
  isIdle: boolean,
): AccountDecided {
  if (bindings.length !== known) return { entries: [], changes: [], bound: 'outdated' };
  if (whileIdle && !isIdle) return { entries: [], changes: [], bound: 'under_way' };
  const before = bindings.at(-1);
  const { kind } = binding;
  const from = before === undefined ? null : accountText(before.account);
  const said = { account: accountText(binding.account), kind, by, reason };
  const nobodys = { run_id: null, policy: null, policy_hash: null, rule: null };
  const entry: AuditFacts = {
    event: kind === 'bound' ? 'account.bound' : 'account.rebound',
    ...nobodys,
    project_id: null,
    session_id: null,
    facts: kind === 'bound' ? said : { from, ...said },
  };
  return {
    entries: [entry],
    changes: [{ kind: 'account_bound', binding, number: known + 1, before }],
    bound: 'written',
  };
}
