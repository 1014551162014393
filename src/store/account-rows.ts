import type { AccountBinding } from '../core/account.ts';

export interface BindingRow {
  readonly number: number;
  readonly origin: string;
  readonly owner: string;
  readonly kind: AccountBinding['kind'];
}

/** SQL: the account that the state belongs to, as `accountText` writes it; '' while it belongs to nobody. */
export const BOUND_ACCOUNT =
  "COALESCE((SELECT origin || ' ' || owner FROM account_bindings ORDER BY number DESC LIMIT 1), '')";

export function bindingOf({ origin, owner, kind }: BindingRow): AccountBinding {
  return { account: { origin, owner }, kind };
}
