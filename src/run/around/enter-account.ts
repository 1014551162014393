import {
  accountSeen,
  accountText,
  decideAccount,
  ownAccount,
  type Account,
  type AccountSight,
  type OwnAccount,
} from '../../core/account.ts';
import { RetentionError } from '../../core/errors.ts';
import type { PlanSummary } from '../../core/plan.ts';
import type { AccountStore } from '../../core/ports/store.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';
import { asRunFault } from '../api-faults.ts';

export interface AccountParts {
  readonly reader: Pick<CustomGptReader, 'account' | 'projectPages'>;
  readonly accounts: AccountStore;
  readonly signal: AbortSignal | undefined;
}

type AppliedPlan = Pick<PlanSummary, 'planId' | 'policy' | 'account'>;

/**
 * Whose key it is, asked before anything else is sent, and whether the state is that account's; one that is nobody's yet
 * becomes its own. A `plan` must be of the same account, too. Throws RetentionError (`other_account`, `plan_stale`,
 * `credential_refused`, `api_unreachable`, `state_unusable`).
 */
export async function enterAccount(parts: AccountParts, plan?: AppliedPlan): Promise<OwnAccount> {
  const seen = await askWhose(parts);
  const own = await settleBinding(parts, seen, plan);
  if (plan !== undefined && !own.ownsPlan(plan.account)) throw planOfAnother(plan, own.text);
  return own;
}

export async function askWhose({ reader, signal }: AccountParts): Promise<AccountSight> {
  try {
    return await reader.account(signal);
  } catch (error) {
    throw asRunFault(error);
  }
}

async function settleBinding(
  parts: AccountParts,
  seen: AccountSight,
  plan: AppliedPlan | undefined,
): Promise<OwnAccount> {
  // Another process may bind it in between: then its word counts, and is looked at anew.
  for (;;) {
    const bindings = await parts.accounts.accountBindings();
    const decision = decideAccount(bindings, seen);
    const own = ownAccount(bindings);
    switch (decision.kind) {
      case 'same':
        if (own !== undefined) return own;
        break;
      case 'bind':
        await bindAtFirstUse(parts, seen, decision.account);
        break;
      case 'name':
        await parts.accounts.bindAccount(
          { account: decision.account, kind: 'named' },
          { known: bindings.length, by: null, reason: 'the API names the account of the same key by now' },
        );
        break;
      case 'unnamed':
        throw unnamed(seen, decision.bound);
      case 'other':
        if (plan !== undefined && plan.account !== accountText(decision.seen))
          throw planOfAnother(plan, accountText(decision.seen));
        throw ofAnother(decision.bound, decision.seen);
    }
  }
}

/** A state with a past is bound to an account that sees a part of it, and to a key alone only once the API has answered. */
async function bindAtFirstUse(parts: AccountParts, seen: AccountSight, account: Account): Promise<void> {
  const known = await parts.accounts.projectsOnRecord();
  if ((known.size > 0 || seen.named === undefined) && !(await seesSome(parts, known)))
    throw seesNone(known.size, accountSeen(seen));
  await parts.accounts.bindAccount({ account, kind: 'bound' }, { known: 0, by: null, reason: 'first use' });
}

/** Whether the key sees one of these projects; of none at all, whether it may list. */
export async function seesSome(
  { reader, signal }: AccountParts,
  known: ReadonlySet<number>,
): Promise<boolean> {
  try {
    for await (const { projects } of reader.projectPages(signal)) {
      if (known.size === 0 || projects.some(({ id }) => known.has(id))) return true;
    }
    return false;
  } catch (error) {
    throw asRunFault(error);
  }
}

function ofAnother(bound: Account, seen: Account): RetentionError {
  return new RetentionError(
    'other_account',
    `this state belongs to ${accountText(bound)}, and the key is of ${accountText(seen)}`,
    {
      hint: 'Use the key and the CUSTOMGPT_BASE_URL of that account, or another --state-dir. If the account moved: customgpt-retention state rebind --by WHO --reason TEXT',
    },
  );
}

function seesNone(count: number, seen: Account): RetentionError {
  const projects = count === 1 ? 'a project' : `${count} projects`;
  return new RetentionError(
    'other_account',
    `this state has records of ${projects}, and the key of ${accountText(seen)} sees none of them`,
    {
      hint: 'Use the key and the CUSTOMGPT_BASE_URL that it was used with, or another --state-dir. If it is the same account after all: customgpt-retention state rebind --by WHO --reason TEXT',
    },
  );
}

function unnamed({ problem }: AccountSight, bound: Account): RetentionError {
  return new RetentionError(
    'api_unreachable',
    `the API does not say whose key it is (${problem ?? 'no answer'}), and this state belongs to ${accountText(bound)}`,
    {
      hint: 'Nothing was deleted. Run again later; if it will never say so again: customgpt-retention state rebind --by WHO --reason TEXT',
    },
  );
}

function planOfAnother({ planId, policy, account }: AppliedPlan, now: string): RetentionError {
  const of = account ?? 'another account';
  return new RetentionError('plan_stale', `plan ${planId}: it was made for ${of}, and the key is of ${now}`, {
    hint: `Make a new one: customgpt-retention plan --policy ${policy}`,
  });
}
