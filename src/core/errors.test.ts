import { describe, expect, test } from 'vitest';
import { ApiError, failureInWords, HeldError, isFault, RetentionError, type ApiFailure } from './errors.ts';

function failed(failure: ApiFailure, facts: { status?: number; code?: string } = {}): ApiError {
  return new ApiError({ failure, method: 'GET', path: '/x', ...facts });
}

describe('what went wrong with a request', () => {
  test.each<[ApiError, string, string]>([
    [failed('server_error', { status: 500 }), 'GET /x: server_error (500)', 'HTTP 500'],
    [failed('malformed', { status: 200 }), 'GET /x: malformed (200)', 'HTTP 200, malformed'],
    [failed('redirect', { status: 302 }), 'GET /x: redirect (302)', 'HTTP 302, redirect'],
    [
      failed('network', { code: 'ECONNREFUSED 127.0.0.1:4010' }),
      'GET /x: network (ECONNREFUSED 127.0.0.1:4010)',
      'ECONNREFUSED 127.0.0.1:4010',
    ],
    [failed('timeout'), 'GET /x: timeout', 'timeout'],
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
