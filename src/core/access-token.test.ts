import { expect, test } from 'vitest';
import { digestOf } from './access-token.ts';
import { hostInUrl, isLoopback } from './api-access.ts';

test('a token is kept as its SHA-256', () => {
  expect(digestOf('abc').toString('hex')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('an address is written as URLs have it', () => {
  expect(['::1', '127.0.0.1', 'a.example'].map(hostInUrl)).toEqual(['[::1]', '127.0.0.1', 'a.example']);
  expect(isLoopback(hostInUrl('::1'))).toBe(true);
  expect(isLoopback(hostInUrl('::'))).toBe(false);
});
