import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, escapeHtml, sentenceSafe, terminalSafe } from './safe-text.ts';

describe('terminalSafe', () => {
  it.each([
    ['plain', 'plain'],
    ['red \u001b[31mtext', 'red \\e[31mtext'],
    ['\u009b31m', '\\x9b31m'],
    ['a\nb\r\tc\u0000\u007f', 'a\\nb\\r\\tc\\x00\\x7f'],
    ['pay\u202egnp.exe', 'pay\\u202egnp.exe'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff'],
    ['lone \ud83d end', 'lone \\ud83d end'],
    ['line\u2028break', 'line\\u2028break'],
    ['no\u00a0break\u3000wide', 'no break wide'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['\u3164filler', '\\u3164filler'],
    ['heart \u2764\ufe0f', 'heart \u2764'],
    ['Zoe\u0308', 'Zoe\u0308'],
    ['\u0301leads', '\\u0301leads'],
    ['会议记录 👍', '会议记录 👍'],
    ['family 👨‍👩‍👧 and flag 🇩🇪', 'family 👨‍👩‍👧 and flag 🇩🇪'],
    ['hand 👍🏽', 'hand 👍🏽'],
    ['no emoji a\u200db', 'no emoji a\\u200db'],
    ['half 👨\u200d', 'half 👨\\u200d'],
    ['key 1\ufe0f\u20e3', 'key 1\u20e3'],
  ])('%j becomes %j', (text, safe) => {
    expect(terminalSafe(text, 80)).toBe(safe);
  });

  it('writes out marks that pile up', () => {
    expect(terminalSafe(`a${'\u0301'.repeat(6)}`, 80)).toBe(`a${'\u0301'.repeat(4)}\\u0301\\u0301`);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['abcdef', 1, '…'],
    ['abcdef', 0, ''],
    ['', 0, ''],
    ['会议记录', 8, '会议记录'],
    ['会议记录', 7, '会议记…'],
    ['会议记录', 6, '会议…'],
    ['👍👍👍', 5, '👍👍…'],
    ['ab\u001b[0m', 5, 'ab\\e…'],
    ['ab\u202ecd', 7, 'ab…'],
    ['Zoe\u0308 Zoe\u0308', 4, 'Zoe\u0308…'],
    ['Zoe\u0308', 3, 'Zoe\u0308'],
    ['abce\u0301', 4, 'abce\u0301'],
    ['a👨‍👩‍👧b', 4, 'a👨‍👩‍👧b'],
    ['a👨‍👩‍👧b', 3, 'a…'],
    ['🇩🇪🇫🇷', 4, '🇩🇪🇫🇷'],
    ['🇩🇪🇫🇷', 3, '🇩🇪…'],
    ['👍🏽👍🏽', 3, '👍🏽…'],
    ['\u1112\u1161\u11abx', 3, '\u1112\u1161\u11abx'],
    ['Zoë’s', 4, 'Zoë…'],
  ])('%j in %i columns is %j', (text, columns, cut) => {
    expect(terminalSafe(text, columns)).toBe(cut);
  });

  it('stops reading a very long name where the column ends', () => {
    expect(terminalSafe('x'.repeat(5_000_000), 20)).toBe(`${'x'.repeat(19)}…`);
  });

  it('never passes the width, never lets a control through', () => {
    const text = fc.string({ unit: fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)) });
    fc.assert(
      fc.property(text, fc.nat(40), (name, columns) => {
        const safe = terminalSafe(name, columns);
        expect(displayWidth(safe)).toBeLessThanOrEqual(columns);
        expect(safe).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('sentenceSafe', () => {
  it.each([
    ['one two three', 13, 'one two three'],
    ['one two three', 12, 'one two …'],
    ['one two three', 9, 'one two …'],
    ['one two three', 8, 'one …'],
    ['one two\u001b three', 11, 'one two\\e …'],
    ['onetwothree', 8, 'onetwot…'],
    ['会议 记录 会议', 9, '会议 …'],
    ['one …', 5, 'one …'],
  ])('%j in %i columns is %j', (text, columns, cut) => {
    expect(sentenceSafe(text, columns)).toBe(cut);
  });

  it('never passes the width, never ends within a word', () => {
    const word = fc.stringMatching(/^[a-z]{1,9}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 12, max: 60 }), (words, columns) => {
        const safe = sentenceSafe(words.join(' '), columns);
        expect(displayWidth(safe)).toBeLessThanOrEqual(columns);
        const shown = safe.split(' ').filter((one) => one !== '…');
        expect(words.slice(0, shown.length)).toEqual(shown);
      }),
    );
  });
});

describe('escapeHtml', () => {
  it('escapes markup and quotes', () => {
    expect(escapeHtml(`<a href="x" title='y'>&`)).toBe('&#60;a href=&#34;x&#34; title=&#39;y&#39;&#62;&#38;');
  });

  it('writes out what reorders or is not allowed', () => {
    expect(escapeHtml('a\u202eb\u0000c\u001b\ud800')).toBe('a\\u202eb\\x00c\\e\\ud800');
    expect(escapeHtml('会议 Zoë\n')).toBe('会议 Zoë\n');
  });
});
