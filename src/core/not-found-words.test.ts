import { describe, expect, test } from 'vitest';
import { wordsOfNotFound } from './not-found-words.ts';
import { cpuMs } from '../../test/support/cpu-time.ts';

const ID = '0b8f6a0e-3c1d-4f5a-9b7e-2d4c6e8f0a1b';
const OTHER = '9e7d5c3b-1a2f-4e6d-8c4b-0f1e2d3c4b5a';

function words(body: unknown, id = ID) {
  return wordsOfNotFound(body, ['7', id]);
}

/** One service about two ids. */
function isAlike(body: (id: string, round: number) => unknown, ids: readonly [string, string] = [ID, OTHER]) {
  return words(body(ids[0], 1), ids[0]).shape === words(body(ids[1], 2), ids[1]).shape;
}

describe('two 404s of one service are equal, though they differ in', () => {
  test.each<[string, (id: string, round: number) => unknown]>([
    ['nothing', () => ({ message: 'Not Found' })],
    ['the id', (id) => ({ message: `No query results for model [App\\Chat] ${id}` })],
    ['the id in capitals', (id) => ({ message: `no ${id.toUpperCase()} here` })],
    ['the id without its dashes', (id) => ({ message: `no ${id.replaceAll('-', '')} here` })],
    [
      'the id as a path',
      (id) => ({ path: `/api/v1/projects/7/conversations/${id}/messages?page=1&order=desc` }),
    ],
    ['the id as a key', (id) => ({ errors: { [id]: ['unknown'] } })],
    ['the address', (id) => ({ url: `https://app.customgpt.ai/api/v1/projects/7/conversations/${id}` })],
    ['a time stamp', (_, round) => ({ time: `2026-03-0${round}T12:00:0${round}.123Z`, message: 'gone' })],
    ['a time in the text', (_, round) => ({ message: `gone at 2026-03-0${round} 12:00:0${round}` })],
    ['an HTTP date', (_, round) => ({ message: `gone at Sun, 0${round} Mar 2026 12:00:0${round} GMT` })],
    ['epoch seconds', (_, round) => ({ at: 1_772_366_400 + round, took: 0.5 * round })],
    [
      'a request id',
      (_, round) => ({ request_id: round === 1 ? 'kqzvexampleone' : 'mwrtanother', error: 'x' }),
    ],
    ['a request id in camel case', (_, round) => ({ requestId: round === 1 ? 'kqzvone' : 'mwrtanother' })],
    ['a trace', (_, round) => ({ trace: ['Kernel.php', 'Router.php'].slice(0, round), message: 'x' })],
    ['a trace of lists', (_, round) => ({ trace: [[`frame ${'a'.repeat(round)}`]], message: 'x' })],
    ['a trace id', (_, round) => ({ 'x-trace': `${round}-abcdef0123456789abcdef0123456789` })],
    ['a long token', (_, round) => ({ message: `ref ${(round === 1 ? 'abcdef' : 'fedcba').repeat(6)}` })],
    [
      'hex without a digit',
      (_, round) => ({ message: `ref ${(round === 1 ? 'abcdef' : 'fedcba').repeat(3)}` }),
    ],
    ['numbers', (_, round) => ({ message: `tried ${round} times`, attempt: round })],
    ['the order of its keys', (_, round) => (round === 1 ? { a: 'x', b: 'y' } : { b: 'y', a: 'x' })],
    ['how often it repeats itself', (_, round) => ({ errors: Array.from({ length: round }, () => 'x') })],
    ['the node that answers', (_, round) => ({ hostname: round === 1 ? 'blue' : 'green', error: 'x' })],
    [
      'an e-mail address',
      (_, round) => ({ message: `not found by ${round === 1 ? 'anna.example' : 'bob'}@example.com` }),
    ],
    ['localized words around the id', (id) => ({ message: `Unterhaltung „${id}“ wurde nicht gefunden` })],
  ])('%s', (_, body) => {
    expect(isAlike(body)).toBe(true);
  });

  test('an id that is no UUID', () => {
    expect(isAlike((id) => ({ message: `no ${id}` }), ['visitor-abcdefgh', 'visitor-zyxwvuts'])).toBe(true);
    expect(isAlike((id) => ({ message: `no ${id}` }), ['12345678', '87654321'])).toBe(true);
  });
});

describe('a 404 of somebody else is another', () => {
  const OWN = {
    status: 'error',
    url: `https://x.test/${ID}`,
    data: { code: 404, message: 'Agent with id 7 not found' },
  };

  test.each<[string, unknown]>([
    ['of a gateway', { status: 'error', message: 'no Route matched with those values' }],
    ['with the same keys', { ...OWN, data: { code: 404, message: 'Not Found' } }],
    ['with the same words elsewhere', { ...OWN, data: { code: 404, text: 'Agent with id 7 not found' } }],
    ['with a key more', { ...OWN, help: 'see the manual' }],
    ['with a key less', { status: 'error', data: OWN.data }],
    ['with another type', { ...OWN, data: { code: '404', message: 'Agent with id 7 not found' } }],
    ['with null', { ...OWN, data: null }],
    ['with a list', [OWN]],
    ['with nothing in it', {}],
  ])('%s', (_, body) => {
    expect(words(body).shape).not.toBe(words(OWN).shape);
  });
});

describe('what it says', () => {
  test('is its words, without ids, in one short line', () => {
    const body = {
      status: 'error',
      url: `https://x.test/${ID}`,
      data: { code: 404, message: `no ${ID}\n\u202ehere` },
    };
    expect(words(body).said).toBe('error, no <> here');
    const long = words({ message: 'word '.repeat(60) }).said;
    expect(Array.from(long)).toHaveLength(120);
    expect(long.endsWith('…')).toBe(true);
  });

  test('is told without any id to look for, too', () => {
    for (const asked of [[], ['7'], ['…………']])
      expect(wordsOfNotFound({ message: 'no chat here' }, asked).said).toBe('no chat here');
  });

  test('is nothing where it says nothing', () => {
    expect(words({ id: 'abc', code: 404, ok: false, data: null }).said).toBe('');
  });
});

describe('the documented envelope', () => {
  test.each<[unknown, boolean]>([
    [{ status: 'error', url: 'x', data: { code: 404, message: 'm' } }, true],
    [{ status: 'error', data: { code: '404', message: 'm' } }, true],
    [{ status: 'error', data: { code: 403, message: 'm' } }, false],
    [{ status: 'error', data: { code: 404 } }, false],
    [{ status: 'error', data: [404] }, false],
    [{ status: 'error', message: 'no Route matched' }, false],
    [{ status: 'success', data: { code: 404, message: 'm' } }, false],
    [[{ status: 'error' }], false],
    [null, false],
    ['error', false],
  ])('is %j: %s', (body, expected) => {
    expect(words(body).isDocumented).toBe(expected);
  });
});

describe('a body without end costs next to nothing:', () => {
  const MEGABYTE = 1_000_000;
  const nested = (depth: number): unknown => {
    let value: unknown = 'x';
    for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
    return value;
  };

  test.each<[string, unknown]>([
    ['a word', { m: 'a'.repeat(MEGABYTE) }],
    ['dotted words', { m: 'a.'.repeat(MEGABYTE / 2) }],
    ['a path', { m: '/a'.repeat(MEGABYTE / 2) }],
    ['a scheme', { m: `${'a+'.repeat(MEGABYTE / 2)}://` }],
    ['what looks masked', { m: '<> '.repeat(MEGABYTE / 3) }],
    ['dates', { m: '2026-01-0'.repeat(MEGABYTE / 9) }],
    ['hex', { m: 'abcdef'.repeat(MEGABYTE / 6) }],
    [
      'a key',
      { ['k'.repeat(MEGABYTE)]: Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`x${i}`, i])) },
    ],
    ['a list', Array.from({ length: MEGABYTE }, () => 'x')],
    [
      'many keys',
      Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key of ${'a'.repeat(i % 90)}`, i])),
    ],
    ['nesting', nested(5000)],
  ])('%s', (_, body) => {
    const { shape, said } = words(body);
    expect(cpuMs(() => words(body))).toBeLessThan(3000);
    expect(shape.length).toBeLessThan(5_000_000);
    expect(said.length).toBeLessThanOrEqual(240);
  });
});
