import { expect, test } from 'vitest';
import type { Conversation } from './conversation.ts';
import type { AskedRule, Judged, OtherPolicy } from './foreign-keeps.ts';
import { KeepTally } from './keep-tally.ts';
import type { Rule } from './policy.ts';

const keep = (name: string): Rule => ({
  ...{ name, action: 'keep', binds: 'every_policy' },
  selector: { kind: 'session_ids', ids: new Set(['session-1']) },
});
const other = (rule: string): OtherPolicy => ({ name: 'b', rules: [keep(rule)] }) as unknown as OtherPolicy;

function judged(asked: readonly AskedRule[]): Judged {
  const own = { verdict: 'delete', rule: 'old', reason: '' };
  return { conversation: {} as Conversation, own, answer: { kind: 'free', asked } } as unknown as Judged;
}

test('rules that a tally does not know are not counted in it', () => {
  const tally = new KeepTally({ rules: [] }, [other('vip')]);
  const asked = { policy: 'b', truth: 'yes' } as const;
  tally.note(
    judged([
      { ...asked, rule: 'vip' },
      { ...asked, rule: 'nobody' },
    ]),
  );
  const elsewhere = new KeepTally({ rules: [] }, [other('key')]);
  elsewhere.add(tally);
  expect(tally.counts()).toMatchObject([{ name: 'vip of policy b', asked: 1, matched: 1 }]);
  expect(elsewhere.counts()).toMatchObject([{ name: 'key of policy b', asked: 0, matched: 0 }]);
});
