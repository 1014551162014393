import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { foldCase } from './case-fold.ts';

function everyCharacter(): string[] {
  const all: string[] = [];
  for (let point = 0; point < 0x110000; point += 1) {
    if (point < 0xd800 || point > 0xdfff) all.push(String.fromCodePoint(point));
  }
  return all;
}
const unit = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

describe('foldCase', () => {
  it.each([
    ['VIP', 'vip'],
    ['ÄÖÜ', 'äöü'],
    ['Σίσυφος', 'σίσυφοσ'],
    ['STRASSE', 'strasse'],
    ['ẞ', 'ß'],
    ['\u212A', 'k'],
    ['Iı', 'iı'],
    ['İ', 'İ'],
    ['𐐀', '𐐨'],
    ['\ud83d', '\ud83d'],
  ])('folds %s to %s', (text, folded) => {
    expect(foldCase(text)).toBe(folded);
  });

  it('makes equal what simple case folding makes equal, and nothing else, in all of Unicode', () => {
    const changed = everyCharacter().filter(
      (c) => c.toLowerCase() !== c || c.toUpperCase() !== c || foldCase(c) !== c,
    );
    const text = changed.join('');
    for (const character of changed) {
      const folded = foldCase(character);
      expect(Array.from(folded)).toHaveLength(1);
      expect(foldCase(folded)).toBe(folded);
      // Two pairs of Greek letters are equal to each other before folding: they have one composed form.
      const same = text.match(new RegExp(unit(character), 'giu')) ?? [];
      for (const other of same)
        expect(foldCase(other.normalize('NFC'))).toBe(foldCase(character.normalize('NFC')));
      if (!new RegExp(`^${unit(folded)}$`, 'iu').test(character)) expect.fail(`${character} to ${folded}`);
    }
  });

  it('agrees with the case folding of the regex engine', () => {
    const regexOf = (character: string): RE2JS =>
      RE2JS.compile(RE2JS.quote(character), RE2JS.CASE_INSENSITIVE);
    for (const character of everyCharacter()) {
      const folded = foldCase(character);
      if (folded !== character && !regexOf(folded).testExact(character))
        expect.fail(`${character} to ${folded}`);
    }
  });
});
