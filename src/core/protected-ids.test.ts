import { expect, test } from 'vitest';
import type { Rule } from './policy.ts';
import { MissingIds, protectedIds } from './protected-ids.ts';
import type { Selector } from './selector.ts';

const ids = (...all: readonly string[]): Selector => ({ kind: 'session_ids', ids: new Set(all) });
const rule = (name: string, selector: Selector, action: Rule['action']): Rule => ({
  ...{ name, selector, action, binds: 'every_policy' },
});

test('ids are protected by keep rules, and under not in delete rules, however deep', () => {
  const rules = [
    rule('kept', { kind: 'any', of: [ids('session-1'), { kind: 'everything' }] }, 'keep'),
    rule('spared', { kind: 'all', of: [{ kind: 'not', of: ids('session-2') }, ids('session-3')] }, 'delete'),
    rule('twice', { kind: 'not', of: { kind: 'not', of: ids('session-4') } }, 'keep'),
  ];
  expect(protectedIds(rules)).toEqual([
    { rule: 'kept', sessionId: 'session-1' },
    { rule: 'spared', sessionId: 'session-2' },
    { rule: 'twice', sessionId: 'session-4' },
  ]);
});

test('one that is listed in any spelling is not missing', () => {
  const all = protectedIds([rule('kept', ids('0B1E6F0C-5F0E-4F65-9A52-3A9DF1C3A7D1', 'session-2'), 'keep')]);
  const missing = new MissingIds(all);
  missing.see('0b1e6f0c-5f0e-4f65-9a52-3a9df1c3a7d1');
  expect(missing.missing()).toEqual([{ rule: 'kept', sessionId: 'session-2' }]);
  missing.see('session-2');
  missing.see('session-3');
  expect(missing.missing()).toEqual([]);
});
