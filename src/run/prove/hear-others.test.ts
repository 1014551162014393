import { expect, test } from 'vitest';
import type { EarlierAnswer } from '../../core/deletion/earlier.ts';
import type { Answered } from '../../core/deletion/evidence.ts';
import { NEW_LIFE } from '../../core/deletion/life.ts';
import type { OpenIntent } from '../../core/open-intent.ts';
import { hearOthers } from './hear-others.ts';
import type { Passing } from './passing.ts';

const ABOUT = { projectId: 7, sessionId: 'session-1' };

/** What the strongest answer is after the log was asked, and how often it was. */
async function heard(
  own: Answered,
  others: readonly (Partial<OpenIntent> & { answered: Answered })[],
  verified: readonly string[] = [],
) {
  let asked = 0;
  const open = others.map((one) => ({ ...ABOUT, createdAt: 1000, runId: 'other', ...one }) as OpenIntent);
  const audit = {
    openIntents: () => {
      asked += 1;
      return Promise.resolve(open);
    },
    undoneAnswers: () => Promise.resolve([] as readonly EarlierAnswer[]),
    verifiedSessions: async function* () {
      await Promise.resolve();
      yield verified;
    },
  };
  const passing = {
    run: { runId: 'own' },
    about: { ...ABOUT, rule: 'r' },
    createdAt: 1000,
    life: { ...NEW_LIFE, strongest: own },
  };
  const undecided = await hearOthers({ audit, runId: 'own' }, 7, [passing as unknown as Passing]);
  return { strongest: passing.life.strongest, asked, isUndecided: undecided.size > 0 };
}

test.each<Answered>(['never_sent', 'not_found'])(
  'a DELETE of another run that was accepted is stronger than %s',
  async (own) => {
    expect(await heard(own, [{ answered: 'accepted' }])).toEqual({
      strongest: 'accepted',
      asked: 1,
      isUndecided: false,
    });
  },
);

test.each<[string, Partial<OpenIntent> & { answered: Answered }]>([
  ['has no answer on record', { answered: 'ambiguous' }],
  ['is of this run', { answered: 'accepted', runId: 'own' }],
  ['was for one created at another time', { answered: 'accepted', createdAt: 2000 }],
])('one that %s says nothing', async (_, other) => {
  expect((await heard('not_found', [other])).strongest).toBe('not_found');
});

test('whose own DELETE may have ended it needs no other word', async () => {
  expect(await heard('ambiguous', [{ answered: 'accepted' }])).toMatchObject({
    strongest: 'ambiguous',
    asked: 0,
  });
});

test('one that another run has verified since is gone by us', async () => {
  expect((await heard('not_found', [], ['session-1'])).strongest).toBe('accepted');
  expect((await heard('not_found', [], ['session-2'])).strongest).toBe('not_found');
});

test('while one of another run has no answer on record, nobody can tell', async () => {
  expect(await heard('not_found', [{ answered: 'ambiguous' }])).toMatchObject({ isUndecided: true });
  expect(await heard('not_found', [{ answered: 'ambiguous', runId: 'own' }])).toMatchObject({
    isUndecided: false,
  });
});
