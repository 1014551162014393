import { describe, expect, test } from 'vitest';
import type { Conversation } from '../conversation.ts';
import type { Existence } from '../vendor-answers.ts';
import { isAnother, readingOf, withoutName, type Expected } from './reading.ts';

const SHAPES = { shapes: new Set(['known']) };
const PLANNED: Expected = { createdAt: 1000, name: null };

function notFound(shape: string, said = 'no such thing'): Existence {
  return { state: 'not_found', status: 404, words: { shape, said, isDocumented: false }, receivedAt: 5 };
}

function present(createdAt: number | undefined, isReadable = true): Existence {
  const conversation: Conversation = {
    ...{ projectId: 7, sessionId: 'session-1', name: 'n', createdAt, updatedAt: 1, createdBy: '3' },
  };
  return {
    ...{ state: 'present', status: 200, conversation: isReadable ? conversation : undefined },
    ...{ lastMessageAt: undefined, receivedAt: 5 },
  };
}

describe('an answer of its own GET', () => {
  test.each<[string, Existence, Expected, object]>([
    [
      'the calibrated 404 is its absence',
      notFound('known'),
      PLANNED,
      { is: 'absent', status: 404, at: 5, recreatedAt: undefined },
    ],
    [
      'a 404 in other words is unlike',
      notFound('other'),
      PLANNED,
      { is: 'unlike', status: 404, at: 5, said: 'no such thing', shape: 'other' },
    ],
    [
      'no evidence is unknown, with what came',
      { state: 'no_evidence', status: 502, failure: 'HTTP 502', receivedAt: 5 },
      PLANNED,
      { is: 'unknown', status: 502, said: 'HTTP 502' },
    ],
    ['the planned one is there', present(1000), PLANNED, { is: 'there', isPlannedOne: true }],
    ['one without a date is there', present(undefined), PLANNED, { is: 'there', isPlannedOne: false }],
    ['one without a row is there', present(1000, false), PLANNED, { is: 'there', isPlannedOne: false }],
    [
      'one that is planned without a date is there',
      present(1000),
      { createdAt: undefined },
      { is: 'there', isPlannedOne: false },
    ],
    [
      'one created later is a new one, and the old one is no more',
      present(1001),
      PLANNED,
      { is: 'absent', status: 200, at: 5, recreatedAt: 1001 },
    ],
    [
      'one created earlier is another one as well',
      present(999),
      PLANNED,
      { is: 'absent', status: 200, at: 5, recreatedAt: 999 },
    ],
    [
      'one created before the planned one was last seen is the same, told otherwise',
      present(1999),
      { ...PLANNED, thereAt: 2000 },
      { is: 'there', isPlannedOne: false },
    ],
    [
      'one created since is another one',
      present(2000),
      { ...PLANNED, thereAt: 2000 },
      { is: 'absent', status: 200, at: 5, recreatedAt: 2000 },
    ],
    [
      'one born after it was meant is a new one',
      present(3000),
      { createdAt: undefined, bornBefore: 2000 },
      { is: 'absent', status: 200, at: 5, recreatedAt: 3000 },
    ],
  ])('%s', (...[, answer, expected, reading]) => {
    expect(readingOf(answer, expected, SHAPES)).toEqual(reading);
  });
});

test.each<[number | undefined, Pick<Expected, 'createdAt' | 'bornBefore'>, boolean]>([
  [undefined, { createdAt: 1 }, false],
  [1, { createdAt: 1 }, false],
  [2, { createdAt: 1 }, true],
  [2, { createdAt: undefined }, false],
  [2, { createdAt: undefined, bornBefore: 2 }, false],
  [3, { createdAt: undefined, bornBefore: 2 }, true],
])('created at %s is another than %j: %s', (createdAt, expected, answer) => {
  expect(isAnother(createdAt, expected)).toBe(answer);
});

describe('the words of a 404', () => {
  const NOT_REPEATED = '(not repeated here)';

  test.each<[string, string | null | undefined, string, string]>([
    ['are repeated where there is no name', null, 'Jane is gone', 'Jane is gone'],
    ['are repeated where they do not have it', 'Jane Doe', 'no such thing', 'no such thing'],
    ['are not where they have it', 'Jane Doe', 'Chat Jane Doe is gone', NOT_REPEATED],
    ['are not where they have a part of it, in any case', 'Jane Doe', 'JANE is gone', NOT_REPEATED],
    ['are not where they have a short name', ' Bo ', 'chat bo is gone', NOT_REPEATED],
    ['are not where they have a short word of another script', '王芳 <>', '王芳不存在', NOT_REPEATED],
    ['are repeated where a short word of it is anybody’s', 'is it on', 'it is gone', 'it is gone'],
    ['are repeated where the name is a single letter, or none', 'i', 'it is gone', 'it is gone'],
    ['are repeated where the name is empty', '  ', 'it is gone', 'it is gone'],
    ['are not where the name is not known', undefined, 'it is gone', NOT_REPEATED],
  ])('%s', (...[, name, said, expected]) => {
    expect(withoutName(name, said)).toBe(expected);
  });

  test('are left out of a reading', () => {
    const expected = { createdAt: 1000, name: 'Jane' };
    expect(readingOf(notFound('other', 'Jane is gone'), expected, SHAPES)).toMatchObject({
      said: NOT_REPEATED,
      shape: 'other',
    });
  });
});
