import { describe, expect, test } from 'vitest';
import { hasWord, impossibleId } from './impossible-id.ts';

/** Draws these fractions in turn, over and over. */
function chanceOf(...fractions: readonly number[]) {
  let drawn = 0;
  return {
    fraction: () => fractions[drawn++ % fractions.length] ?? 0,
    token: () => '',
  };
}

test.each([
  ['chat-4417', true],
  ['session_20240101', true],
  ['aZ3k9Qx1', false],
  // With so few digits, all of them may be taken.
  ['session-417', false],
  ['12345678', false],
  ['abcdefab-abcd-4abc-9bcd-abcdef123456', false],
])('%s is known by a word: %s', (id, expected) => {
  expect(hasWord(id)).toBe(expected);
});

describe('an id that cannot exist', () => {
  test('has the shape of a UUID, with its version and variant', () => {
    const like = '0B8f6a0e-3c1d-4f5a-9b7e-2d4c6e8f0a1b';
    expect(impossibleId(like, chanceOf(0))).toBe('00000000-0000-4000-9000-000000000000');
    expect(impossibleId(like, chanceOf(0.999))).toBe('fFffffff-ffff-4fff-9fff-ffffffffffff');
    expect(impossibleId(like, chanceOf(0.1, 0.5, 0.7, 0.95))).toMatch(
      /^[0-9a-fA-F]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test.each([
    ['digits', '12345678', '00000000', '99999999'],
    ['small letters', 'abcdefgh', 'aaaaaaaa', 'zzzzzzzz'],
    ['capitals and the rest', 'Chat_01-xY', 'Aaaa_00-aA', 'Zzzz_99-zZ'],
    [
      'what only looks like a UUID',
      '0b8f6a0e-3c1d-4f5a-9b7e',
      '0a0a0a0a-0a0a-0a0a-0a0a',
      '9z9z9z9z-9z9z-9z9z-9z9z',
    ],
    ['signs alone', '--__--__', '--__--__', '--__--__'],
  ])('has the shape of %s', (...[, like, lowest, highest]) => {
    expect(impossibleId(like, chanceOf(0))).toBe(lowest);
    expect(impossibleId(like, chanceOf(0.999))).toBe(highest);
  });

  test('may keep its letters, where they are a word', () => {
    expect(impossibleId('Chat_01-xY', chanceOf(0.999), { keepsLetters: true })).toBe('Chat_99-xY');
  });
});
