import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { isSameJson } from './same-json.ts';

const parse = (text: string): unknown => JSON.parse(text);

describe('isSameJson', () => {
  it.each([
    ['texts', '"a"', '"a"'],
    ['members in another order', '{"a":1,"b":[true,null]}', '{"b":[true,null],"a":1}'],
    ['numbers written in another way', '[1.0,-0]', '[1,0]'],
    ['empty ones', '[{},[]]', '[{},[]]'],
  ])('finds %s the same', (_what, a, b) => {
    expect(isSameJson(parse(a), parse(b))).toBe(true);
    expect(canonicalJson(parse(a))).toBe(canonicalJson(parse(b)));
  });

  it.each([
    ['a member more', '{"a":1}', '{"a":1,"b":2}'],
    ['another key', '{"a":1}', '{"b":1}'],
    ['another value far below', '{"a":[{"b":1}]}', '{"a":[{"b":2}]}'],
    ['a list and an object', '[1]', '{"0":1}'],
    ['null and an object', 'null', '{}'],
    ['a number and its text', '1', '"1"'],
    ['a key that every object inherits', '{"__proto__":{}}', '{"x":{}}'],
    ['the order of a list', '[1,2]', '[2,1]'],
  ])('sees %s', (_what, a, b) => {
    expect(isSameJson(parse(a), parse(b))).toBe(false);
    expect(isSameJson(parse(b), parse(a))).toBe(false);
  });

  it('is true exactly where the canonical texts are the same', () => {
    const small = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(isSameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
        expect(isSameJson(a, parse(JSON.stringify(a)))).toBe(true);
      }),
    );
  });
});
