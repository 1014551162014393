import { isUtf8 } from 'node:buffer';
import { ApiError, type ApiFailure } from '../core/errors.ts';
import type { Answer, WireResult } from './request.ts';
import type { Target } from './urls.ts';

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON of a body; undefined for anything that is not valid UTF-8 and valid JSON to its last byte. */
export function parseJson(body: Buffer | undefined): unknown {
  if (body === undefined || !isUtf8(body)) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The JSON of a 404, as an object or a list; undefined for every other answer, and for a 404 that is no JSON. */
export function jsonOfNotFound(answer: Answer): unknown {
  if (answer.status !== 404 || answer.bodyFailure !== undefined) return undefined;
  const json = parseJson(answer.body);
  return typeof json === 'object' && json !== null ? json : undefined;
}

/** `data` of a 200, where it is an object. */
export function dataOf({ status, body }: Answer): Readonly<Record<string, unknown>> | undefined {
  const json = status === 200 ? parseJson(body) : undefined;
  const data = isRecord(json) ? json['data'] : undefined;
  return isRecord(data) ? data : undefined;
}

const STATUS_FAILURES: Readonly<Partial<Record<number, ApiFailure>>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  429: 'throttled',
};

function statusFailure(status: number): ApiFailure | undefined {
  if (status >= 500) return 'server_error';
  if (status >= 400) return STATUS_FAILURES[status] ?? 'bad_request';
  return status >= 300 ? 'redirect' : undefined;
}

/** What is wrong with a result before its content is looked at; undefined for a 2xx that came whole. */
export function failureOf(result: WireResult): ApiFailure | undefined {
  if (result.kind === 'silence') return result.failure;
  // What a cache says of things as they were is no answer to what was asked now.
  if (result.isStale && (result.status < 300 || result.status === 404)) return 'stale';
  return statusFailure(result.status) ?? result.bodyFailure;
}

/** What failed, for a caller that can do without an answer. Throws on a refused key, `aborted`, and what is no ApiError. */
export function withoutAnswer(error: unknown): ApiError {
  if (!(error instanceof ApiError)) throw error;
  if (error.failure === 'unauthorized' || error.failure === 'aborted') throw error;
  return error;
}

export function toApiError(target: Target, failure: ApiFailure, result: WireResult): ApiError {
  const { method, path } = target;
  if (result.kind === 'silence') {
    return new ApiError({ failure, method, path, code: result.code, neverSent: result.neverSent });
  }
  return new ApiError({ failure, method, path, status: result.status });
}
