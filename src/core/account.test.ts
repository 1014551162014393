import { describe, expect, test } from 'vitest';
import { accountText, decideAccount, hasMoved, ownAccount } from './account.ts';
import type { AccountBinding, AccountSight } from './account.ts';

const HERE = 'https://app.customgpt.ai';
const THERE = 'https://eu.customgpt.ai';
const SEEN: AccountSight = { origin: HERE, key: 'key:aa', named: 'team:7', problem: undefined };
const UNNAMED: AccountSight = { ...SEEN, named: undefined, problem: 'HTTP 404' };

function binding(owner: string, change: Partial<AccountBinding> & { origin?: string } = {}): AccountBinding {
  const { origin = HERE, kind = 'bound' } = change;
  return { account: { origin, owner }, kind };
}

describe('whose a state is', () => {
  test('at its first use it is bound to who is named, else to the key', () => {
    expect(decideAccount([], SEEN)).toEqual({ kind: 'bind', account: { origin: HERE, owner: 'team:7' } });
    expect(decideAccount([], UNNAMED)).toEqual({ kind: 'bind', account: { origin: HERE, owner: 'key:aa' } });
  });

  test('a new key of the same team is welcome', () => {
    const seen = { ...SEEN, key: 'key:bb' };
    expect(decideAccount([binding('team:7')], seen).kind).toBe('same');
  });

  test('the same key without a name stays the same', () => {
    expect(decideAccount([binding('key:aa')], UNNAMED).kind).toBe('same');
  });

  test('the same key is named by now', () => {
    const account = { origin: HERE, owner: 'team:7' };
    expect(decideAccount([binding('key:aa')], SEEN)).toEqual({ kind: 'name', account });
  });

  test('where nobody is named any more, nothing is known', () => {
    const { account: bound } = binding('team:7');
    expect(decideAccount([binding('team:7')], UNNAMED)).toEqual({ kind: 'unnamed', bound });
  });

  test.each([
    ['another team', 'team:8', SEEN],
    ['a user of the same number', 'user:7', SEEN],
    ['another key, and nobody named', 'key:bb', UNNAMED],
    ['another key, and somebody named', 'key:bb', SEEN],
    ['another origin', 'team:7', { ...SEEN, origin: THERE }],
    ['another origin, and nobody named', 'team:7', { ...UNNAMED, origin: THERE }],
    ['another port', 'team:7', { ...SEEN, origin: `${HERE}:8443` }],
  ])('%s is another account', (_, owner, seen) => {
    expect(decideAccount([binding(owner)], seen).kind).toBe('other');
  });

  test('the last binding counts', () => {
    const bindings = [binding('team:7'), binding('team:8', { kind: 'replaced' })];
    expect(decideAccount(bindings, SEEN).kind).toBe('other');
    expect(decideAccount(bindings, { ...SEEN, named: 'team:8' }).kind).toBe('same');
  });
});

describe('what is of the same account', () => {
  const text = (owner: string, origin = HERE): string => accountText({ origin, owner });

  test('nothing belongs to nobody', () => {
    expect(ownAccount([])).toBeUndefined();
  });

  test('plans and intents of its own text, and those from before there were bindings', () => {
    const own = ownAccount([binding('team:7')]);
    expect(own?.text).toBe('https://app.customgpt.ai team:7');
    for (const account of [undefined, text('team:7')]) {
      expect(own?.ownsPlan(account)).toBe(true);
      expect(own?.ownsIntent(account)).toBe(true);
    }
    expect(own?.ownsPlan(text('team:8'))).toBe(false);
    expect(own?.ownsIntent(text('team:7', THERE))).toBe(false);
  });

  test('what was bound to the key before it had a name', () => {
    const own = ownAccount([binding('key:aa'), binding('team:7', { kind: 'named' })]);
    for (const account of [undefined, text('key:aa'), text('team:7')]) {
      expect(own?.ownsPlan(account)).toBe(true);
      expect(own?.ownsIntent(account)).toBe(true);
    }
  });

  test('intents of before the host moved, but no plans', () => {
    const own = ownAccount([binding('team:7'), binding('team:7', { kind: 'moved', origin: THERE })]);
    for (const account of [undefined, text('team:7')]) {
      expect(own?.ownsIntent(account)).toBe(true);
      expect(own?.ownsPlan(account)).toBe(false);
    }
    expect(own?.ownsPlan(text('team:7', THERE))).toBe(true);
  });

  test('nothing of an account that was replaced, until it is there again', () => {
    const other = [binding('key:aa'), binding('team:7', { kind: 'named' })];
    const replaced = [...other, binding('team:8', { kind: 'replaced' })];
    for (const account of [undefined, text('key:aa'), text('team:7')]) {
      expect(ownAccount(replaced)?.ownsIntent(account)).toBe(false);
      expect(ownAccount(replaced)?.ownsPlan(account)).toBe(false);
      const back = ownAccount([...replaced, binding('team:7', { kind: 'replaced' })]);
      expect(back?.ownsIntent(account)).toBe(true);
      expect(back?.ownsIntent(text('team:8'))).toBe(false);
    }
  });

  test('nothing old of a state that was bound by hand', () => {
    const own = ownAccount([binding('team:7', { kind: 'replaced' })]);
    expect(own?.ownsIntent(undefined)).toBe(false);
    expect(own?.ownsPlan(undefined)).toBe(false);
    expect(own?.ownsIntent(text('team:7'))).toBe(true);
  });
});

describe('a move', () => {
  test('is the same name at another origin', () => {
    const from = { origin: THERE, owner: 'team:7' };
    expect(hasMoved(from, SEEN)).toBe(true);
    expect(hasMoved({ ...from, owner: 'team:8' }, SEEN)).toBe(false);
    expect(hasMoved({ ...from, origin: HERE }, SEEN)).toBe(false);
    expect(hasMoved({ ...from, owner: 'key:aa' }, UNNAMED)).toBe(false);
    expect(hasMoved(undefined, SEEN)).toBe(false);
  });
});
