import { expect, test } from 'vitest';
import { Witnesses } from './witnesses.ts';

test('a row speaks for its kind in other projects, for a minute before and after', () => {
  const witnesses = new Witnesses();
  witnesses.note(7, 'named', { sessionId: 'session-1', at: 100_000 });
  expect(witnesses.elsewhere(8, ['named'], 100_000)).toBe('7/session-1');
  expect(witnesses.elsewhere(8, ['named'], 160_000)).toBe('7/session-1');
  expect(witnesses.elsewhere(8, ['named'], 40_000)).toBe('7/session-1');
  expect(witnesses.elsewhere(8, ['named'], 160_001)).toBeUndefined();
  expect(witnesses.elsewhere(8, ['named'], 39_999)).toBeUndefined();
});

test('a row speaks for no other kind, and not for its own project', () => {
  const witnesses = new Witnesses();
  witnesses.note(7, 'named', { sessionId: 'session-1', at: 0 });
  expect(witnesses.elsewhere(8, ['anonymous'], 0)).toBeUndefined();
  expect(witnesses.elsewhere(7, ['named'], 0)).toBeUndefined();
});

test('the latest row of a project takes the place of the one before, and each kind has its own', () => {
  const witnesses = new Witnesses();
  witnesses.note(7, 'named', { sessionId: 'session-1', at: 0 });
  witnesses.note(7, 'anonymous', { sessionId: 'session-2', at: 0 });
  witnesses.note(7, 'named', { sessionId: 'session-3', at: 200_000 });
  expect(witnesses.elsewhere(8, ['named'], 0)).toBeUndefined();
  expect(witnesses.elsewhere(8, ['named'], 200_000)).toBe('7/session-3');
  expect(witnesses.elsewhere(8, ['anonymous'], 0)).toBe('7/session-2');
});

test('where several kinds speak, any of them does', () => {
  const witnesses = new Witnesses();
  witnesses.note(7, 'anonymous', { sessionId: 'session-1', at: 0 });
  witnesses.note(9, 'named', { sessionId: 'session-2', at: 0 });
  expect(witnesses.elsewhere(8, ['own', 'named'], 0)).toBe('9/session-2');
  expect(witnesses.elsewhere(9, ['own', 'named'], 0)).toBeUndefined();
});
