/** Whose conversations a state is about. An id alone says little: each host counts its own teams. */
export interface Account {
  /** Scheme, host and port. */
  readonly origin: string;
  /** `team:ID` or `user:ID`, as the vendor names it; `key:FINGERPRINT` where it names nobody. */
  readonly owner: string;
}

/** What the vendor says of the key in use. */
export interface AccountSight {
  readonly origin: string;
  /** `key:FINGERPRINT`: tells one key from another, and does not give it away. */
  readonly key: string;
  /** `team:ID` or `user:ID`; undefined: nobody was named. */
  readonly named: string | undefined;
  /** Why nobody was named, for people. */
  readonly problem: string | undefined;
}

/** With whose eyes the API is seen. */
export interface Viewer {
  /** As in {@link AccountSight.key}. */
  readonly key: string;
  /** Ids of the users whose keys were in use so far; none: the API did not say. */
  readonly users: ReadonlySet<string>;
}

/**
 * How a state came to belong to an account. `bound`: at its first use. `named`: the same key, whose account the vendor
 * names by now. `moved`: the same account at another origin, by a person's word. `replaced`: another one, by a person's word.
 */
export const BINDING_KINDS = ['bound', 'named', 'moved', 'replaced'] as const;

export interface AccountBinding {
  readonly account: Account;
  readonly kind: (typeof BINDING_KINDS)[number];
}

/** What to do about the account that was just seen. */
export type AccountDecision =
  | { readonly kind: 'same' | 'bind' | 'name'; readonly account: Account }
  /** It may be the one of this state: nobody said. */
  | { readonly kind: 'unnamed'; readonly bound: Account }
  | { readonly kind: 'other'; readonly bound: Account; readonly seen: Account };

/** As it stands in plans, entries and errors. Two are the same account when their texts are. */
export function accountText({ origin, owner }: Account): string {
  return `${origin} ${owner}`;
}

/** Who was seen: by name where there is one, else by the key. */
export function accountSeen({ origin, key, named }: AccountSight): Account {
  return { origin, owner: named ?? key };
}

/** `bindings` are those of the state, oldest first; the last one counts. */
export function decideAccount(bindings: readonly AccountBinding[], seen: AccountSight): AccountDecision {
  const bound = bindings.at(-1)?.account;
  const account = accountSeen(seen);
  if (bound === undefined) return { kind: 'bind', account };
  if (bound.origin !== seen.origin) return { kind: 'other', bound, seen: account };
  if (bound.owner === account.owner) return { kind: 'same', account };
  // The key is the one that the state knows, so whoever is named now is who it was then.
  if (bound.owner === seen.key) return { kind: 'name', account };
  const isKnownByKey = bound.owner.startsWith('key:');
  return seen.named === undefined && !isKnownByKey
    ? { kind: 'unnamed', bound }
    : { kind: 'other', bound, seen: account };
}

/** The account that a state belongs to, and what of its past is of the same one. */
export interface OwnAccount {
  readonly text: string;
  /** Whether a plan may be applied. One of the same team at another origin may not: who moved can plan anew. */
  readonly ownsPlan: (account: string | undefined) => boolean;
  /** Whether an intent may be settled by what this account answers. */
  readonly ownsIntent: (account: string | undefined) => boolean;
}

/** Undefined for a state that belongs to nobody yet. `undefined` in plans and intents is from before there were bindings. */
export function ownAccount(bindings: readonly AccountBinding[]): OwnAccount | undefined {
  const [first] = bindings;
  const last = bindings.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const plans = sameAs(bindings, ['named']);
  const intents = sameAs(bindings, ['named', 'moved']);
  // What a person bound by hand was not shown to be the account of what was there before.
  const eldest = first.kind === 'bound' ? accountText(first.account) : '';
  return {
    text: accountText(last.account),
    ownsPlan: (account) => plans.has(account ?? eldest),
    ownsIntent: (account) => intents.has(account ?? eldest),
  };
}

/** All texts that mean the account of the last binding, by the steps that keep it the same. */
function sameAs(
  bindings: readonly AccountBinding[],
  steps: readonly AccountBinding['kind'][],
): ReadonlySet<string> {
  const same = new Set(bindings.slice(-1).map(({ account }) => accountText(account)));
  for (let known = 0; known < same.size;) {
    known = same.size;
    bindings.forEach(({ account, kind }, index) => {
      const before = bindings[index - 1];
      if (before === undefined || !steps.includes(kind)) return;
      const pair = [accountText(before.account), accountText(account)];
      if (pair.some((text) => same.has(text))) for (const text of pair) same.add(text);
    });
  }
  return same;
}

/** Whether a person's word can mean that the account only moved to another host. */
export function hasMoved(from: Account | undefined, { origin, named }: AccountSight): boolean {
  return from !== undefined && from.origin !== origin && from.owner === named;
}
