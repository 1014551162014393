import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatProblem } from './problems.ts';
import { kindInWords, readYaml, type YamlDocument } from './yaml-document.ts';
import { cpuMs } from '../../test/support/cpu-time.ts';

function read(text: string): YamlDocument {
  const result = readYaml('f', text);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.document;
}
function refused(text: string): string {
  const result = readYaml('f', text);
  return (result.ok ? result.document.problems : result.problems).map(formatProblem).join('\n');
}

describe('what is read', () => {
  it.each([
    ['a: 1', { a: 1 }],
    ['---\na: 1\n...\n', { a: 1 }],
    ['# c\na: 1 # d', { a: 1 }],
    ['a: yes\nb: no\nc: on\nd: true\ne: ~', { a: 'yes', b: 'no', c: 'on', d: true, e: null }],
    [
      'a: 0x1F\nb: 1e3\nc: 007\nd: 1.50\ne: -1\nf: 1.5\ng: .inf\nh: 12345678901234567890',
      { a: '0x1F', b: '1e3', c: '007', d: '1.50', e: -1, f: 1.5, g: '.inf', h: '12345678901234567890' },
    ],
    ['a: 2024-01-01\nb: 1_000\nc: 1:30', { a: '2024-01-01', b: '1_000', c: '1:30' }],
    ['a: {b: [1, "2"]}', { a: { b: [1, '2'] } }],
    ['a: "\\u0000"', { a: '\0' }],
    ['1: a', { '1': 'a' }],
    ['a:\r\n  - b\r\n', { a: ['b'] }],
    ['\uFEFFa: 1', { a: 1 }],
    ["a: '*x'\nb: 'it''s'", { a: '*x', b: "it's" }],
    ['a: |\n  *x\n  &y !z\n', { a: '*x\n&y !z\n' }],
    ['a: |\n  x\nb: >-\n\n  y\n  z\nc:\n  - |\n    u\n  - v', { a: 'x\n', b: '\ny z', c: ['u\n', 'v'] }],
    ['a: |\n\nb: |2\n   x\n# c\nd: 1', { a: '', b: ' x\n', d: 1 }],
    ['a: b *c &d !e', { a: 'b *c &d !e' }],
    ['just text', 'just text'],
    ['version:1', 'version:1'],
    ['[]', []],
    ['null', null],
  ])('%j', (text, data) => {
    expect(JSON.parse(JSON.stringify(read(text).data))).toEqual(data);
    expect(read(text).problems).toEqual([]);
  });

  it('has no prototype to hide a key in', () => {
    const { data } = read('__proto__: {a: 1}\nconstructor: 2');
    expect(Object.keys(data as object)).toEqual(['__proto__', 'constructor']);
  });

  it('is any JSON data that was written as YAML', () => {
    const key = fc.stringMatching(/^[a-z]{1,5}$/);
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text)),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, tree, { minKeys: 1 }), (data) => {
        const back: unknown = JSON.parse(
          JSON.stringify(read(stringify(data, { aliasDuplicateObjects: false })).data),
        );
        expect(back).toEqual(JSON.parse(JSON.stringify(data)));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what is refused', () => {
  it.each([
    ['', 'f:1:1 the file is empty'],
    ['# only a comment\n', 'f:1:1 the file is empty'],
    ['a: 1\nb: 2\na: 3', 'f:3:1 a: is written twice; each key may appear only once'],
    ['a:\n  - {b: 1, b: 2}', 'f:2:12 a[0].b: is written twice; each key may appear only once'],
    ['1: a\n"1": b', 'f:2:1 ["1"]: is written twice; each key may appear only once'],
    ['a: &x 1\nb: *x', 'f:1:4 anchors'],
    ['a: *x', 'f:1:4 aliases'],
    ['a:\n  <<: *x', 'f:2:7 aliases'],
    ['a: !x 1', 'f:1:4 tags'],
    ['a: !!str 1', 'f:1:4 tags'],
    ['!x\na: 1', 'f:1:1 tags'],
    ['%YAML 1.1\n---\na: yes', 'f:1:1 directives'],
    ['a: 1\n---\nb: 2', 'f:2:1 a second document'],
    ['a: 1\n...\nb: 2', 'f:3:1 a second document'],
    ['a: 1\n...\n---\n', 'f:3:1 a second document'],
    ['---\n---\na: 1', 'f:2:1 a second document'],
    ['a:\n\tb: 1', 'f:2:1 this is not valid YAML: Tabs'],
    ['a: "b', 'f:1:6 this is not valid YAML'],
    ['a: [1, 2', 'f:1:9 this is not valid YAML: Flow'],
    ['a: [1\nb: 2', 'f:2:1 '],
    ['a: ]', 'f:1:4 this bracket or brace closes nothing'],
    ['a: [,]', 'f:1:5 there is nothing before this comma'],
    ['a: ["b" "c"]', 'f:1:9 there is nothing between'],
    ['a: b: c', 'f:1:4 this is not valid YAML'],
    [' a: 1\nb: 2', 'f:2:1 this is not valid YAML'],
    ['a: @b', 'f:1:4 this is not valid YAML'],
    ['? [a, b]\n: c', 'f:1:3 this is not valid YAML'],
    ['a: 1\0', 'f:1:5 a control character'],
    ['a: \u001b[31m', 'f:1:4 a control character'],
    ['\uFEFFa: 1\nb: *x', 'f:2:4 aliases'],
    ['\uFEFFa: *x', 'f:1:4 aliases'],
    ['a: 1\r\nb: *x\r\n', 'f:2:4 aliases'],
  ])('%j', (text, expected) => {
    expect(refused(text)).toContain(expected);
  });

  it('tells the first faults only', () => {
    const lines = refused('- @a\n'.repeat(100)).split('\n');
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toMatch(/and 80 more/);
  });
});

describe('places', () => {
  const document = read('a:\n  b: [1, {c: 2}]\n  empty:\nd: 3');
  it.each([
    [['a', 'b', 1, 'c'], '2:14'],
    [['a', 'b', 0], '2:7'],
    [['a', 'b'], '2:6'],
    [['a', 'empty'], '3:3'],
    [['d'], '4:4'],
    [['a', 'missing'], '1:1'],
    [['a', 'b', 1, 'missing'], '2:10'],
    [['missing'], '1:1'],
    [[], '1:1'],
  ])('%j is at %s', (path, place) => {
    expect(formatProblem(document.problemAt(path, 'x'))).toContain(`f:${place} `);
  });
  it('is the key when asked for', () => {
    expect(document.problemAt(['a', 'b'], 'x', { at: 'key', suggestion: 'y' })).toEqual({
      file: 'f',
      line: 2,
      column: 3,
      path: 'a.b',
      message: 'x',
      suggestion: 'y',
    });
  });
});

it('says what a value is', () => {
  expect([null, undefined, [], 'a', 1, true, {}].map(kindInWords)).toEqual([
    'nothing',
    'nothing',
    'a list',
    'the text "a"',
    'the number 1',
    'the word true',
    'a block of keys',
  ]);
});

describe('hostile texts', () => {
  const lol = [
    'a: &a [x, x]',
    ...'bcdefghi'.split('').map((c, i) => `${c}: &${c} [${`*${'abcdefgh'.charAt(i)}, `.repeat(9)}]`),
  ];
  it.each([
    ['a bomb of aliases', lol.join('\n')],
    ['100,000 levels of lists', '['.repeat(100_000)],
    ['100,000 levels of lists, closed', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['100,000 levels of blocks', 'a: '.repeat(1) + '{a: '.repeat(60_000)],
    ['100,000 levels in a line', '- '.repeat(100_000)],
    ['100,000 explicit keys', '? '.repeat(100_000)],
    ['600 levels by indentation', Array.from({ length: 600 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['100,000 commas', `a: [${','.repeat(100_000)}]`],
    ['100,000 values in a row', `a: [${'"b"'.repeat(80_000)}]`],
    ['100,000 closings', ']'.repeat(100_000)],
    ['100,000 keys', Array.from({ length: 25_000 }, (_, i) => `k${i}: 1`).join('\n')],
    ['100,000 documents', '---\n'.repeat(60_000)],
    ['100,000 anchors', '&a '.repeat(80_000)],
    ['100,000 tags', '!!a '.repeat(60_000)],
    ['100,000 comments', '#\n'.repeat(100_000)],
    ['100,000 tabs', '\t'.repeat(200_000)],
    ['100,000 NULs', '\0'.repeat(200_000)],
    ['100,000 quotes', '"'.repeat(200_000)],
    ['one long word', 'a'.repeat(250_000)],
    ['one long key', `${'a'.repeat(250_000)}: 1`],
    ['one long text', `a: "${'\\n'.repeat(120_000)}"`],
  ])('%s', (_, text) => {
    const result = readYaml('f', text);
    expect(cpuMs(() => readYaml('f', text))).toBeLessThan(200);
    if (!result.ok) expect(result.problems.length).toBeLessThanOrEqual(21);
  });

  it('never throws', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '|',
      '>',
      '#',
      '&a ',
      '*a',
      '!b ',
      '? ',
      '---\n',
      '...\n',
      '%',
      '@',
      '\t',
      '\r\n',
      '1',
      '\\',
      '\u2028',
      '😀',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const result = readYaml('f', pieces.join(''));
        if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 5_000 },
    );
  });
});
