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
    ['no JSON', '{"a":1'],
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
});
