import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from './safe-text.ts';
import { columnsFor, fitted, textTable, wrapWords, type Column } from './text-table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'ID', width: 5, breaks: 'anywhere' },
  { title: 'N', width: 4, align: 'right' },
  { title: 'WHY', width: 12 },
  { title: 'NAME', width: 'rest' },
];

describe('textTable', () => {
  it('lines batches up, wraps words, and keeps ids whole', () => {
    const first = textTable(COLUMNS, [['12', '7', 'short', '会议 👍']], { header: true });
    const second = textTable(COLUMNS, [['1234567', '1234', 'because it is long', 'สวัสดี']], { header: false });
    expect(`${first}\n${second}`.split('\n')).toEqual([
      'ID        N  WHY           NAME',
      '12        7  short         会议 👍',
      '12345  1234  because it    สวัสดี',
      '67           is long',
    ]);
  });

  it('lines up wide characters and pictures of several code points', () => {
    const columns: readonly Column[] = [
      { title: 'WHAT', width: 6 },
      { title: 'N', width: 'rest' },
    ];
    const rows = [
      ['会议', '1'],
      ['👨‍👩‍👧 a', '2'],
      ['🇩🇪', '3'],
      ['e\u0301', '4'],
    ];
    expect(textTable(columns, rows, { header: false }).split('\n')).toEqual([
      '会议    1',
      '👨‍👩‍👧 a    2',
      '🇩🇪      3',
      'e\u0301       4',
    ]);
  });

  it('has a title of several lines, and cells that are empty', () => {
    const columns: readonly Column[] = [
      { title: 'A', width: 3 },
      { title: 'B\n(c)', width: 4, align: 'right' },
      { title: 'D', width: 'rest' },
    ];
    const table = textTable(
      columns,
      [
        ['', '', 'x'],
        ['1', '', ''],
        ['', '2', 'y'],
      ],
      { header: true },
    );
    expect(table.split('\n')).toEqual(['A       B  D', '      (c)', '           x', '1', '        2  y']);
  });

  it('has no colour and no space at a line end', () => {
    const table = textTable(COLUMNS, [['1', '2', '', '']], { header: true });
    expect(table).not.toMatch(/\u001b| $/m);
  });

  it('colours what a cell shows, never its title, and nothing moves', () => {
    const paint = (line: string, cell: string): string => `<${line}${cell === line ? '' : '+'}>`;
    const [id, n, why, name] = COLUMNS;
    if (id === undefined || n === undefined || why === undefined || name === undefined)
      throw new Error('four');
    const table = textTable([id, n, { ...why, paint }, name], [['1', '2', 'a bit too long', 'x']], {
      header: true,
    });
    expect(table.split('\n')).toEqual([
      'ID        N  WHY           NAME',
      '1         2  <a bit too+>     x',
      '             <long+>',
    ]);
  });

  it('is empty without header and rows', () => {
    expect(textTable(COLUMNS, [], { header: false })).toBe('');
    expect(textTable(COLUMNS, [], { header: true })).toBe('ID        N  WHY           NAME');
  });
});

describe('wrapWords', () => {
  it.each([
    ['one two three', 13, ['one two three']],
    ['one two three', 8, ['one two', 'three']],
    ['rule anonymous-after-30-days', 22, ['rule anonymous-after-', '30-days']],
    ['a abcdefghij b', 4, ['a', 'abcd', 'efgh', 'ij b']],
    ['abcdefgh-ij', 4, ['abcd', 'efgh', '-ij']],
    ['会议记录', 5, ['会议', '记录']],
    ['👨‍👩‍👧👨‍👩‍👧', 3, ['👨‍👩‍👧', '👨‍👩‍👧']],
    ['', 4, ['']],
  ])('%j in %i columns', (text, width, lines) => {
    expect(wrapWords(text, width)).toEqual(lines);
  });

  it('loses nothing but spaces, passes no width, and breaks no word that fits', () => {
    const words = fc.array(fc.stringMatching(/^[a-z-]{1,12}$/), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(words, fc.integer({ min: 4, max: 30 }), (given, width) => {
        const lines = wrapWords(given.join(' '), width);
        expect(lines.join('').replaceAll(' ', '')).toBe(given.join(''));
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        const shown = lines.flatMap((line) => line.split(' '));
        for (const word of given) if (word.length <= width) expect(shown).toContain(word);
      }),
    );
  });
});

describe('a line on a terminal', () => {
  it.each([
    ['one two', 10, ['one two']],
    ['one two three', 10, ['one two', 'three']],
    ['  one two three', 10, ['  one', '    two', '    three']],
    ['Apply: customgpt-retention apply plan-1', 20, ['Apply: customgpt-retention apply plan-1']],
    ['\u001b[31mok\u001b[39m and so on', 10, ['\u001b[31mok\u001b[39m and so on']],
  ])('%j in %i columns', (line, columns, lines) => {
    expect(fitted(line, columns)).toEqual(lines);
  });
});

it.each([
  [undefined, 80],
  [40, 80],
  [140, 140],
])('a terminal of %j columns has room for %i', (given, columns) => {
  expect(columnsFor(given)).toBe(columns);
});
