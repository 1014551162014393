import { describe, expect, it } from 'vitest';
import type { AccountBinding } from './account.ts';
import { bindAccount } from './bind-account.ts';
import type { BindAccount } from './bind-account.ts';

const HERE = 'https://app.customgpt.ai';
const binding = (owner: string, kind: AccountBinding['kind']): AccountBinding => ({
  account: { origin: HERE, owner },
  kind,
});
const bind = (one: AccountBinding, change: Partial<BindAccount> = {}): BindAccount => ({
  ...{ kind: 'bind_account', binding: one, known: 0, whileIdle: false, by: null, reason: 'first use' },
  ...change,
});

describe('a binding', () => {
  it('is the first, or takes the place of the one before it', () => {
    const first = binding('key:aa', 'bound');
    expect(bindAccount(bind(first), [], false)).toMatchObject({
      bound: 'written',
      entries: [
        {
          event: 'account.bound',
          facts: { account: `${HERE} key:aa`, kind: 'bound', by: null, reason: 'first use' },
        },
      ],
      changes: [{ kind: 'account_bound', binding: first, number: 1, before: undefined }],
    });
    const second = bind(binding('team:7', 'named'), { known: 1, by: 'J. Doe' });
    expect(bindAccount(second, [first], false)).toMatchObject({
      entries: [
        {
          event: 'account.rebound',
          facts: { from: `${HERE} key:aa`, account: `${HERE} team:7`, by: 'J. Doe' },
        },
      ],
      changes: [{ number: 2, before: first }],
    });
  });

  it('that names something else than the first use, and is the first, takes the place of nothing', () => {
    const { entries } = bindAccount(bind(binding('team:7', 'replaced')), [], true);
    expect(entries).toMatchObject([{ event: 'account.rebound', facts: { from: null } }]);
  });

  it.each([
    ['outdated', { known: 1 }, true],
    ['under_way', { whileIdle: true }, false],
    ['written', { whileIdle: true }, true],
  ] as const)('is %s with %j', (expected, change, isIdle) => {
    const { bound, entries, changes } = bindAccount(bind(binding('team:7', 'bound'), change), [], isIdle);
    expect(bound).toBe(expected);
    expect(entries).toHaveLength(expected === 'written' ? 1 : 0);
    expect(changes).toHaveLength(expected === 'written' ? 1 : 0);
  });
});
