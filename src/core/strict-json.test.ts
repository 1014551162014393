import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from './strict-json.ts';

describe('strict JSON', () => {
  it.each([
    ['{"a":1,"b":{"a":2}}', { a: 1, b: { a: 2 } }],
    ['[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ['{ "a" : [ {"b": 1}, {"b": 2} ], "b" : "a" }', { a: [{ b: 1 }, { b: 2 }], b: 'a' }],
    ['{"a":"\\"a\\":","b":"{", "c":"]"}', { a: '"a":', b: '{', c: ']' }],
    ['{"a\\\\":1, "a":2}', { 'a\\': 1, a: 2 }],
    ['{"a":"x\\":y"}', { a: 'x":y' }],
    ['"a" ', 'a'],
    [' 7', 7],
  ])('%s is read', (text, value) => {
    expect(parseStrictJson(text)).toEqual(value);
  });

  it.each([
    ['a key twice', '{"a":1,"a":1}'],
    ['a key twice, far apart', '{"a":1,"b":{"c":[1,{"d":2}]},"a":2}'],
    ['a key twice, deep inside', '{"a":[{"b":1,"c":{},"b":2}]}'],
    ['a key twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a key twice, with blanks', '{"a" :1, "a"\t: 2}'],
    ['a key twice, and its form within a text', '{"a":"\\":","a":"b\\" :"}'],
    ['a key twice, once with a line break before the colon', '{"a"\n:1,"a":2}'],
    ['a key of two words twice, once with a blank before the colon', '{"x y" :1,"x y":2}'],
    ['no JSON', '{"a":1'],
    ['nesting without end', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['nothing', ''],
  ])('with %s is not', (_, text) => {
    expect(parseStrictJson(text)).toBeUndefined();
  });

  it('is read as any JSON is, however it is laid out', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('is refused wherever a key is written once more', () => {
    const key = fc.oneof(fc.constantFrom('a', '"', '":', ' :', '\\'), fc.string());
    const blank = fc.constantFrom('', ' ', '\n\t');
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue(), { minKeys: 1 }),
        blank,
        blank,
        (value, before, behind) => {
          const text = JSON.stringify(value);
          const again = JSON.stringify(Object.keys(value)[0]);
          const twice = `${text.slice(0, -1)},${again}${before}:${behind}null}`;
          expect(JSON.parse(twice)).toBeTypeOf('object');
          expect(parseStrictJson(`[${text},${twice}]`)).toBeUndefined();
        },
      ),
    );
  });
});
