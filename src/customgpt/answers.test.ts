import { describe, expect, it } from 'vitest';
import { ApiError, type ApiFailure } from '../core/errors.ts';
import {
  dataOf,
  failureOf,
  isRecord,
  jsonOfNotFound,
  parseJson,
  toApiError,
  withoutAnswer,
} from './answers.ts';
import type { Answer, Silence } from './request.ts';
import { createUrls } from './urls.ts';

const TARGET = createUrls('https://app.customgpt.ai').deletion(7, '0b8f6a0e-3c1d');

function answer(status: number, change: Partial<Answer> = {}): Answer {
  return {
    ...{ kind: 'answer', status, body: Buffer.from('{}'), bodyFailure: undefined },
    ...{ retryAfter: undefined, date: undefined, isStale: false, receivedAt: 0, ...change },
  };
}

function silence(failure: Silence['failure'], code?: string): Silence {
  return { kind: 'silence', failure, code, neverSent: false, receivedAt: 0 };
}

function saying(status: number, body: unknown): Answer {
  return answer(status, { body: Buffer.from(JSON.stringify(body)) });
}

describe('a record', () => {
  it.each([
    [{}, true],
    [{ a: 1 }, true],
    [[], false],
    [null, false],
    ['{}', false],
    [undefined, false],
  ])('is %j: %s', (value, expected) => {
    expect(isRecord(value)).toBe(expected);
  });
});

describe('the JSON of a body', () => {
  it('is read as it stands', () => {
    expect(parseJson(Buffer.from('{"name":"Ärger"}'))).toEqual({ name: 'Ärger' });
    expect(parseJson(Buffer.from('null'))).toBeNull();
  });

  it.each([
    ['no body', undefined],
    ['an empty one', Buffer.from('')],
    ['half of one', Buffer.from('{"a":')],
    ['more than one', Buffer.from('{} {}')],
    ['text that is not UTF-8', Buffer.from('{"a":"\xff"}', 'latin1')],
  ])('is not in %s', (_, body) => {
    expect(parseJson(body)).toBeUndefined();
  });
});

describe('the JSON of a 404', () => {
  it.each([{ status: 'error', data: { code: 404 } }, { message: 'no Route matched' }, {}, []])(
    'is read, whosever it is: %j',
    (body) => {
      expect(jsonOfNotFound(saying(404, body))).toEqual(body);
      expect(jsonOfNotFound(saying(403, body))).toBeUndefined();
      expect(jsonOfNotFound(saying(200, body))).toBeUndefined();
    },
  );

  it.each(['error', null, 404, true])('is none where it is no object: %j', (body) => {
    expect(jsonOfNotFound(saying(404, body))).toBeUndefined();
  });

  it('is none where nothing can be read', () => {
    expect(jsonOfNotFound(answer(404, { body: undefined }))).toBeUndefined();
    expect(jsonOfNotFound(answer(404, { body: Buffer.from('<html>') }))).toBeUndefined();
    expect(jsonOfNotFound(answer(404, { bodyFailure: 'network' }))).toBeUndefined();
  });
});

describe('the data of an answer', () => {
  it('are those of a 200', () => {
    expect(dataOf(saying(200, { data: { id: 7 } }))).toEqual({ id: 7 });
    expect(dataOf(saying(201, { data: { id: 7 } }))).toBeUndefined();
    expect(dataOf(saying(404, { data: { id: 7 } }))).toBeUndefined();
  });

  it.each([{}, { data: null }, { data: [] }, { data: 'text' }, [], null])('are none in %j', (body) => {
    expect(dataOf(saying(200, body))).toBeUndefined();
  });
});

describe('a failure instead of an answer', () => {
  const failed = (failure: ApiFailure) => new ApiError({ failure, method: 'GET', path: '/' });

  it.each<ApiFailure>(['not_found', 'forbidden', 'throttled', 'network'])(
    'can be lived with: %s',
    (failure) => {
      const error = failed(failure);
      expect(withoutAnswer(error)).toBe(error);
    },
  );

  it.each([failed('unauthorized'), failed('aborted'), new Error('a fault of our own')])(
    'goes on: %s',
    (error) => {
      expect(() => withoutAnswer(error)).toThrow(error);
    },
  );
});

describe('what is wrong with an answer', () => {
  it.each<[number, ApiFailure | undefined]>([
    [200, undefined],
    [204, undefined],
    [299, undefined],
    [300, 'redirect'],
    [302, 'redirect'],
    [399, 'redirect'],
    [400, 'bad_request'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [405, 'bad_request'],
    [408, 'timeout'],
    [429, 'throttled'],
    [499, 'bad_request'],
    [500, 'server_error'],
    [503, 'server_error'],
    [599, 'server_error'],
  ])('with %i is %s', (status, failure) => {
    expect(failureOf(answer(status))).toBe(failure);
  });

  it('is its body where the status is good, and else the status', () => {
    expect(failureOf(answer(200, { bodyFailure: 'too_large' }))).toBe('too_large');
    expect(failureOf(answer(500, { bodyFailure: 'too_large' }))).toBe('server_error');
  });

  it('is its age where it claims something', () => {
    const stale = (status: number) => failureOf(answer(status, { isStale: true }));
    expect([200, 204, 404].map(stale)).toEqual(['stale', 'stale', 'stale']);
    expect([302, 403, 500].map(stale)).toEqual(['redirect', 'forbidden', 'server_error']);
  });

  it.each(['network', 'timeout', 'aborted'] as const)('is that there was none: %s', (failure) => {
    expect(failureOf(silence(failure))).toBe(failure);
  });
});

describe('the error for an answer', () => {
  const path = '/api/v1/projects/7/conversations/0b8f6a0e-3c1d';

  it('says what was asked and what came', () => {
    const error = toApiError(TARGET, 'not_found', saying(404, { status: 'error' }));
    expect(error).toMatchObject({ failure: 'not_found', method: 'DELETE', path, status: 404 });
    expect(error.message).toBe(`DELETE ${path}: HTTP 404`);
    expect(error.code).toBeUndefined();
  });

  it('for none has no status, and the code for its cause', () => {
    const code = 'ECONNREFUSED 127.0.0.1:4010';
    const error = toApiError(TARGET, 'network', silence('network', code));
    expect(error).toMatchObject({ failure: 'network', method: 'DELETE', path, code, neverSent: false });
    expect(error.status).toBeUndefined();
    expect(error.message).toBe(`DELETE ${path}: no connection (${code})`);
    expect(toApiError(TARGET, 'timeout', silence('timeout')).message).toBe(
      `DELETE ${path}: no answer in time`,
    );
  });
});
