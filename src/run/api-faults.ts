import { ApiError, failureInWords, RetentionError } from '../core/errors.ts';
import type { CustomGptReader } from '../core/ports/vendor.ts';

/** How far the local clock and the server's may be apart. */
export const MAX_SKEW_MS = 60_000;

/** What an answer that ends the whole run means to the person: the key, or the way to the API. Others pass unchanged. */
export function asRunFault(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  switch (error.failure) {
    case 'unauthorized':
      return new RetentionError('credential_refused', `the API refused the key: ${error.message}`, {
        hint: 'Check CUSTOMGPT_API_KEY or CUSTOMGPT_API_KEY_FILE; a revoked key has to be replaced.',
        cause: error,
      });
    case 'aborted':
      return new RetentionError('interrupted', 'stopped on request', { cause: error });
    default:
      return new RetentionError('api_unreachable', `${howItFails(error)}: ${error.message}`, {
        hint: 'Check CUSTOMGPT_BASE_URL and the network between here and there.',
        cause: error,
      });
  }
}

function howItFails({ failure }: ApiError): string {
  if (failure === 'network') return 'the API cannot be reached';
  return failure === 'timeout' ? 'the API does not answer' : 'the API does not answer as it should';
}

/** What went wrong with one page of a list, for a person: `page 2: HTTP 200, not JSON`. */
export function listProblem(error: ApiError): string {
  const page = /[?&]page=(\d+)/.exec(error.path)?.[1];
  return page === undefined ? failureInWords(error) : `page ${page}: ${failureInWords(error)}`;
}

export function isKeyRefused(error: unknown): boolean {
  return error instanceof ApiError && error.failure === 'unauthorized';
}

/** True where an answer means that the run cannot go on with any project. */
export function endsTheRun(error: unknown): boolean {
  return !(error instanceof ApiError) || isKeyRefused(error) || error.failure === 'aborted';
}

/**
 * Every age is measured with the local clock, so it must agree with the server's. Throws `clock_untrusted` when they
 * differ by more than a minute, or when no answer said what time it is there.
 */
export function assertClockTrusted(reader: CustomGptReader): void {
  const skewMs = reader.clockSkewMs();
  if (skewMs === undefined) {
    throw new RetentionError(
      'clock_untrusted',
      'the API sends no Date header, so the local clock cannot be checked',
      {
        hint: 'Look for a proxy that removes it. Nothing was deleted.',
      },
    );
  }
  if (Math.abs(skewMs) > MAX_SKEW_MS) {
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    throw new RetentionError(
      'clock_untrusted',
      `the local clock is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} the API's`,
      { hint: 'Set the clock (NTP) and run again. Nothing was deleted.' },
    );
  }
}
