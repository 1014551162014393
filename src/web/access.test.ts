import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Access } from './access.ts';
import { isOwnHost } from './own-host.ts';

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
const HOUR = 3_600_000;

function accessOf(...tokens: readonly string[]) {
  const time = { now: 0 };
  let number = 0;
  const access = new Access(
    tokens.map((token) => ({ role: 'approver', holder: token, digest: digest(token) })),
    { clock: { now: () => time.now }, chance: { token: () => `random-${(number += 1)}` } },
  );
  return { access, time };
}

describe('who is who', () => {
  test('by a token in the header', () => {
    const { access } = accessOf('one', 'two');
    expect(access.visitor('Bearer two', undefined)).toEqual({
      role: 'approver',
      holder: 'two',
      csrf: undefined,
    });
    for (const wrong of ['Bearer three', 'Bearer', 'Basic two', 'two', 'Bearer two x', ''])
      expect(access.visitor(wrong, undefined), wrong).toBeUndefined();
  });

  test('one token cannot take the sessions of another', () => {
    const { access } = accessOf('one', 'two');
    const first = access.open('one');
    for (let times = 0; times < 200; times += 1) access.open('two');
    expect(access.visitor(undefined, first)).toMatchObject({ holder: 'one' });
  });

  test('a header of another scheme hides no session', () => {
    const { access } = accessOf('one');
    expect(access.visitor('Basic abc', access.open('one'))).toMatchObject({ holder: 'one' });
  });

  test('a wrong header is not made good by a session', () => {
    const { access } = accessOf('one');
    const session = access.open('one');
    expect(access.visitor(undefined, session)).toMatchObject({ holder: 'one' });
    expect(access.visitor('Bearer wrong', session)).toBeUndefined();
  });

  test('by a session, until it is closed or half a day is over', () => {
    const { access, time } = accessOf('one');
    expect(access.open('wrong')).toBeUndefined();
    const [first, second] = [access.open('one'), access.open('one')];
    access.close(first ?? '');
    expect(access.visitor(undefined, first)).toBeUndefined();
    time.now = 12 * HOUR - 1;
    expect(access.visitor(undefined, second)).toMatchObject({ role: 'approver' });
    time.now = 12 * HOUR;
    expect(access.visitor(undefined, second)).toBeUndefined();
    expect(access.visitor(undefined, undefined)).toBeUndefined();
  });

  test('the oldest session gives way when there are too many', () => {
    const { access } = accessOf('one');
    const sessions = Array.from({ length: 101 }, () => access.open('one'));
    expect(access.visitor(undefined, sessions[0])).toBeUndefined();
    expect(access.visitor(undefined, sessions[1])).toBeDefined();
  });

  test('without tokens everybody may look, and no more', () => {
    expect(accessOf().access.visitor(undefined, undefined)).toEqual({
      role: 'viewer',
      holder: undefined,
      csrf: undefined,
    });
  });
});

describe('a host of its own', () => {
  test.each([
    'localhost',
    'LOCALHOST:8080',
    '127.0.0.1',
    '10.0.0.7:80',
    '[::1]',
    '[fe80::1]:80',
    'a.example',
    'A.example:1',
  ])('is %s', (host) => {
    expect(isOwnHost(host, ['a.example'])).toBe(true);
  });
  test.each([
    undefined,
    '',
    'b.example',
    'a.example.b',
    'a.example@b',
    '127.0.0.1.b',
    'localhost.',
    '::1',
    '[b]',
    '127.0.0.1:x',
    '1',
  ])('is not %j', (host) => {
    expect(isOwnHost(host, ['a.example'])).toBe(false);
  });
});
