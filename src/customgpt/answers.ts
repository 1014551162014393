import { isUtf8 } from 'node:buffer';
import { ApiError } from '../core/errors.ts';
import type { ApiFailure } from '../core/errors.ts';
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

/**
 * True for a 404 in the error envelope of the vendor's OpenAPI document,
 * `{"status":"error","url":…,"data":{"code":404,"message":…}}`. Proxies and other services do not speak like that.
 */
export function isVendorsNotFound(answer: Answer): boolean {
  if (answer.status !== 404) return false;
  const envelope = parseJson(answer.body);
  if (!isRecord(envelope) || envelope['status'] !== 'error') return false;
  const { data } = envelope;
  const code = isRecord(data) ? data['code'] : undefined;
  return code === undefined || code === null || code === 404 || code === '404';
}

function statusFailure(status: number): ApiFailure | undefined {
  if (status >= 500) return 'server_error';
  if (status >= 300 && status < 400) return 'redirect';
  switch (status) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'not_found';
    case 408:
      return 'timeout';
    case 429:
      return 'throttled';
    default:
      return status >= 400 ? 'bad_request' : undefined;
  }
}

/** What is wrong with a result before its content is looked at; undefined for a 2xx that came whole. */
export function failureOf(result: WireResult): ApiFailure | undefined {
  if (result.kind === 'silence') return result.failure;
  return statusFailure(result.status) ?? result.bodyFailure;
}

export function toApiError(target: Target, failure: ApiFailure, result: WireResult): ApiError {
  const { method, path } = target;
  if (result.kind === 'silence') {
    const cause = result.code === undefined ? undefined : new Error(result.code);
    return new ApiError({ failure, method, path, cause, neverSent: result.neverSent });
  }
  return new ApiError({
    failure,
    method,
    path,
    status: result.status,
    inVendorsOwnWords: isVendorsNotFound(result),
  });
}
