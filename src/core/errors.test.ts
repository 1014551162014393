import { describe, expect, test } from 'vitest';
import { ApiError, failureInWords, HeldError, isFault, RetentionError, type ApiFailure } from './errors.ts';

function failed(
  failure: ApiFailure,
  facts: { status?: number; code?: string; detail?: string } = {},
): ApiError {
  return new ApiError({ failure, method: 'GET', path: '/x', ...facts });
}

describe('what went wrong with a request', () => {
  test.each<[ApiError, string, string]>([
    [failed('server_error', { status: 500 }), 'GET /x: HTTP 500', 'HTTP 500'],
    [failed('malformed', { status: 200 }), 'GET /x: HTTP 200, malformed', 'HTTP 200, malformed'],
    [failed('redirect', { status: 302 }), 'GET /x: HTTP 302, redirect', 'HTTP 302, redirect'],
    [
      failed('network', { code: 'ECONNREFUSED 127.0.0.1:4010' }),
      'GET /x: no connection (ECONNREFUSED 127.0.0.1:4010)',
      'no connection (ECONNREFUSED 127.0.0.1:4010)',
    ],
    [
      failed('network', { code: 'ECONNRESET' }),
      'GET /x: the connection was cut (ECONNRESET)',
      'the connection was cut (ECONNRESET)',
    ],
    [
      failed('malformed', { status: 200, detail: 'not JSON' }),
      'GET /x: HTTP 200, not JSON',
      'HTTP 200, not JSON',
    ],
    [
      failed('stale', { status: 404 }),
      'GET /x: HTTP 404, an old answer from a cache',
      'HTTP 404, an old answer from a cache',
    ],
    [failed('timeout'), 'GET /x: no answer in time', 'no answer in time'],
  ])('is told: %s', (error, message, words) => {
    expect(error.message).toBe(message);
    expect(failureInWords(error)).toBe(words);
    expect(error.neverSent).toBe(false);
  });

  test('carries its cause and no stack, and leaves others theirs', () => {
    const cause = new Error('why');
    const error = new ApiError({ failure: 'network', method: 'GET', path: '/x', neverSent: true, cause });
    expect([error.cause, error.neverSent]).toEqual([cause, true]);
    expect(error.stack).not.toContain('    at ');
    expect(new Error('x').stack).toContain('    at ');
  });
});

test('an end of the program is known by its kind', () => {
  const fault = new RetentionError('usage', 'wrong', { hint: 'Do it right.' });
  expect(isFault(fault, 'usage')).toBe(true);
  expect(isFault(fault, 'plan_stale')).toBe(false);
  expect(isFault(new Error('usage'), 'usage')).toBe(false);
  expect([fault.hint, new RetentionError('usage', 'wrong').hint]).toEqual(['Do it right.', undefined]);
});

test('a hold names the matter', () => {
  expect(new HeldError('case 7')).toMatchObject({ matter: 'case 7', message: 'held for case 7' });
});
