import { describe, expect, test } from 'vitest';
import type { OpenIntent } from '../open-intent.ts';
import { EarlierAnswers, type EarlierAnswer } from './earlier.ts';
import type { Answered } from './evidence.ts';

const ABOUT = { projectId: 7, sessionId: 'session-1', createdAt: 1000 };

function undone(answered: Answered, change: Partial<EarlierAnswer> = {}): EarlierAnswer {
  return { ...ABOUT, answered, ...change };
}

/** Of an open intent only these are read. */
function open(answered: Answered, change: Partial<EarlierAnswer> = {}): OpenIntent {
  return undone(answered, change) as OpenIntent;
}

describe('the strongest answer on record', () => {
  test('is that none was sent where nothing is', () => {
    expect(new EarlierAnswers([], []).of(ABOUT)).toBe('never_sent');
  });

  test('is looked for among what failed and what is open', () => {
    expect(new EarlierAnswers([undone('not_found')], [open('ambiguous')]).of(ABOUT)).toBe('ambiguous');
    expect(new EarlierAnswers([undone('accepted'), undone('not_found')], []).of(ABOUT)).toBe('accepted');
    expect(new EarlierAnswers([], [open('not_found'), open('never_sent')]).of(ABOUT)).toBe('not_found');
  });

  test.each<[string, Partial<EarlierAnswer>, Answered]>([
    ['another session', { sessionId: 'session-2' }, 'never_sent'],
    ['another project', { projectId: 8 }, 'never_sent'],
    ['one created at another time', { createdAt: 1001 }, 'never_sent'],
    ['one whose creation is not on record', { createdAt: undefined }, 'accepted'],
  ])('of %s', (_, change, expected) => {
    expect(new EarlierAnswers([undone('accepted', change)], []).of(ABOUT)).toBe(expected);
  });

  test('of one whose creation is not known now is any on record', () => {
    const answers = new EarlierAnswers([undone('accepted')], []);
    expect(answers.of({ ...ABOUT, createdAt: undefined })).toBe('accepted');
  });
});
