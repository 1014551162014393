/**
 * The few errors the program knows how to answer. Each carries facts; `cli/exit-codes.ts` is the one place that
 * turns a kind into an exit code.
 */
export type FaultKind =
  | 'usage'
  /** The key is of another account than the state, or the plan. */
  | 'other_account'
  | 'limit_refused'
  | 'plan_stale'
  | 'state_unusable'
  | 'lease_held'
  | 'credential_refused'
  | 'clock_untrusted'
  | 'api_unreachable'
  | 'interrupted';

/** An end of the program that the user can act on: what happened, and what to do next. */
export class RetentionError extends Error {
  readonly kind: FaultKind;
  /** One imperative sentence for the person at the terminal. */
  readonly hint: string | undefined;

  constructor(kind: FaultKind, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'RetentionError';
    this.kind = kind;
    this.hint = options.hint;
  }
}

/** The intent of a deletion met a hold: nothing was written, so nothing may be sent. */
export class HeldError extends Error {
  readonly matter: string;

  constructor(matter: string) {
    super(`held for ${matter}`);
    this.name = 'HeldError';
    this.matter = matter;
  }
}

/** The intent of a deletion met that of another run, which is at work on it: nothing was written, so nothing may be sent. */
export class ClaimedError extends Error {
  constructor() {
    super('another run is deleting it');
    this.name = 'ClaimedError';
  }
}

/** What went wrong with one request, after every retry. */
export type ApiFailure =
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'throttled'
  | 'server_error'
  | 'network'
  | 'timeout'
  | 'too_large'
  | 'malformed'
  | 'redirect'
  | 'bad_request'
  /** From a cache: older than the request that asked for it. */
  | 'stale'
  | 'aborted';

/** An answer of the vendor (or the lack of one) that is not what was asked for. Never carries a body. */
export class ApiError extends Error {
  readonly failure: ApiFailure;
  readonly method: string;
  /** Path with query, without origin and without any credential. */
  readonly path: string;
  readonly status: number | undefined;
  /** What the network said, such as `ECONNREFUSED 127.0.0.1:4010`. */
  readonly code: string | undefined;
  /** What was wrong with an answer that is not what it should be, in a few words: `not JSON`. */
  readonly detail: string | undefined;
  /** True when nothing of this attempt went on the wire: given up while it waited for its turn, or for a connection. */
  readonly neverSent: boolean;

  constructor(
    facts: FailureFacts & Pick<ApiError, 'method' | 'path'> & { neverSent?: boolean; cause?: unknown },
  ) {
    // A 404 is the good end of every deletion: a stack trace for each, which nobody ever sees, is not worth its time.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${facts.method} ${facts.path}: ${failureInWords(facts)}`, { cause: facts.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'ApiError';
    this.failure = facts.failure;
    this.method = facts.method;
    this.path = facts.path;
    this.status = facts.status;
    this.code = facts.code;
    this.neverSent = facts.neverSent ?? false;
    this.detail = facts.detail;
  }
}

/** What is known of a request that failed. */
type FailureFacts = Pick<ApiError, 'failure'> & Partial<Pick<ApiError, 'status' | 'code' | 'detail'>>;

/** For failures that no status says. */
const FAILURE_WORDS: Readonly<Record<ApiFailure, string>> = {
  unauthorized: 'the key is refused',
  forbidden: 'forbidden',
  not_found: 'not found',
  throttled: 'too many requests',
  server_error: 'an error of the server',
  network: 'no connection',
  timeout: 'no answer in time',
  too_large: 'the answer is too large',
  malformed: 'malformed',
  redirect: 'redirect',
  bad_request: 'not a request that may be sent',
  stale: 'an old answer from a cache',
  aborted: 'stopped',
};

/** What a connection says that stood and was cut. */
const CUT = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)/;

/**
 * What went wrong with a request, wherever a person reads it: `HTTP 500`, `HTTP 200, not JSON`,
 * `no connection (ECONNREFUSED 127.0.0.1:4010)`.
 */
export function failureInWords({ failure, status, code, detail }: FailureFacts): string {
  if (status !== undefined && status >= 400 && failure !== 'stale') return `HTTP ${status}`;
  const words = detail ?? FAILURE_WORDS[failure];
  if (status !== undefined) return `HTTP ${status}, ${words}`;
  if (code === undefined) return words;
  return `${failure === 'network' && CUT.test(code) ? 'the connection was cut' : words} (${code})`;
}

/** True when `error` is the given kind of {@link RetentionError}. */
export function isFault(error: unknown, kind: FaultKind): error is RetentionError {
  return error instanceof RetentionError && error.kind === kind;
}
