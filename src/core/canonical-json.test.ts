import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

describe('canonicalJson', () => {
  it('writes the example of RFC 8785, section 3.2.2', () => {
    const value = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts keys by UTF-16 code units (RFC 8785, section 3.2.3)', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    const keys = [...canonicalJson(value).matchAll(/:(\d)/g)].map(([, digit]) => digit);
    expect(keys.join('')).toBe('2467153');
  });

  it('sorts objects of many kinds, whatever came before them', () => {
    const kinds = Array.from({ length: 40 }, (_, kind) => [`b${kind}`, 'a', `c${kind % 7}`]);
    for (const [first = '', second = '', third = ''] of [
      ...kinds,
      ...kinds.toReversed(),
      ...kinds.slice(0, 3),
    ]) {
      const text = `{"${second}":2,"${first}":1,"${third}":3}`;
      expect(canonicalJson({ [first]: 1, [second]: 2, [third]: 3 })).toBe(text);
      expect(canonicalJson({ [third]: 3, [first]: 1 })).toBe(`{"${first}":1,"${third}":3}`);
      expect(canonicalJson({ [third]: 3, [first]: 1, a: 2 })).toBe(`{"a":2,"${first}":1,"${third}":3}`);
      expect(canonicalJson({ [third]: 3 })).toBe(`{"${third}":3}`);
    }
  });

  it.each([
    ['minus zero', -0, '0'],
    ['a large number', 1e21, '1e+21'],
    ['whole numbers', 9007199254740991, '9007199254740991'],
    ['keys like numbers', { b: 1, '10': 1, '9': 1 }, '{"10":1,"9":1,"b":1}'],
    ['a key called __proto__', JSON.parse('{"b":1,"__proto__":{"a":1}}'), '{"__proto__":{"a":1},"b":1}'],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    ['members that are undefined', { a: undefined, b: [], c: undefined, d: {} }, '{"b":[],"d":{}}'],
    ['DEL and line separators', '\u007f\u2028', '"\u007f\u2028"'],
  ])('writes %s', (_what, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it.each([
    ['NaN', { a: Number.NaN }, 'NaN'],
    ['an infinity', [-Infinity], '-Infinity'],
    ['a lone surrogate', 'a\ud800', 'a lone surrogate'],
    ['a lone surrogate in a key', { '\udc00': 1 }, 'a lone surrogate'],
    ['undefined', undefined, 'undefined'],
    ['undefined in a list', [undefined], 'undefined'],
    ['a function', () => 1, 'function'],
    ['a symbol', Symbol('s'), 'symbol'],
    ['a big integer', 1n, 'bigint'],
    ['a date', new Date(0), 'an object of a class'],
    ['a map', { a: new Map() }, 'an object of a class'],
  ])('refuses %s', (_what, value, name) => {
    expect(() => canonicalJson(value)).toThrow(new Error(`${name} has no canonical JSON form`));
  });

  it('writes what an implementation by others writes', () => {
    const key = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', '0', '10', '9', 'a"'));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true })),
        fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.constantFrom('\ud83d\ude00', '\u001f"\\')),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        // Theirs throws for a lone surrogate, as ours does.
        let theirs: string | undefined;
        try {
          theirs = canonicalize(value);
        } catch {
          expect(() => canonicalJson(value)).toThrow();
          return;
        }
        expect(canonicalJson(value)).toBe(theirs);
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 2_000 },
    );
  });
});
