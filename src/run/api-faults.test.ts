import { describe, expect, test } from 'vitest';
import { ApiError, type ApiFailure } from '../core/errors.ts';
import { asRunFault } from './api-faults.ts';

function failed(failure: ApiFailure, facts: { code?: string; status?: number } = {}): ApiError {
  return new ApiError({ failure, method: 'GET', path: '/api/v1/user', ...facts });
}

describe('what ends a run is told as', () => {
  test.each([
    [
      failed('network', { code: 'ECONNREFUSED 127.0.0.1:4010' }),
      'the API cannot be reached: GET /api/v1/user: no connection (ECONNREFUSED 127.0.0.1:4010)',
    ],
    [failed('timeout'), 'the API does not answer: GET /api/v1/user: no answer in time'],
    [
      failed('server_error', { status: 503 }),
      'the API does not answer as it should: GET /api/v1/user: HTTP 503',
    ],
  ])('%s', (error, message) => {
    expect(asRunFault(error)).toMatchObject({ kind: 'api_unreachable', message });
  });

  test('the key', () => {
    expect(asRunFault(failed('unauthorized', { status: 401 }))).toMatchObject({ kind: 'credential_refused' });
  });

  test('itself, if it is no answer of the API', () => {
    const fault = new Error('disk');
    expect(asRunFault(fault)).toBe(fault);
  });
});
