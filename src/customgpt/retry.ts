import { ApiError, type ApiFailure } from '../core/errors.ts';
import type { RequestSeen } from '../core/ports/observer.ts';
import type { Chance, Clock, Log } from '../core/ports/surroundings.ts';
import type { Purpose } from '../core/run.ts';
import { failureOf, jsonOfNotFound, toApiError } from './answers.ts';
import { jittered, type CircuitBreaker, type Lesson, type Patience } from './circuit-breaker.ts';
import { parseRetryAfter } from '../core/http-date.ts';
import type { Credential, Owner } from './credential.ts';
import type { Answer, WireRequest, WireResult } from './request.ts';
import type { Transport } from './transport.ts';
import type { RequestQueue } from './request-queue.ts';
import type { Urls } from './urls.ts';

const MOST_ATTEMPTS = 5;
const FIRST_DELAY_MS = 1000;
/** A host that never answered is more likely mistyped than down: about five seconds, then say so. */
const FIRST_CONTACT_ATTEMPTS = 4;
const FIRST_CONTACT_MS = 12_000;

export interface Call<T> extends WireRequest {
  /** For the request counts. */
  readonly purpose: Purpose;
  /** What may be sent again: a read after anything that may pass, or only what was certainly not carried out. */
  readonly repeat: 'read' | 'if_not_carried_out';
  /** Asked when its turn has come: when not, it is `aborted` instead, and when this throws, so does the call. */
  readonly mayBeSent?: (() => Promise<boolean>) | undefined;
  /** Content of a whole 2xx answer; undefined when it is not what this route answers. */
  read(answer: Answer): T | undefined;
  /** What a 404 with this JSON says, to a caller for whom it is an answer like others. */
  readonly notFound?: (answer: Answer, json: unknown) => T;
  /** What a 401 says by the time the key has been exchanged, for a call that must not be sent twice unseen. */
  readonly refusedBefore?: () => T;
}

/** Sends until there is an answer to keep, or throws ApiError. */
export type Caller = <T>(call: Call<T>) => Promise<T>;

/** What it takes to ask something. */
export interface Asking {
  readonly urls: Urls;
  readonly call: Caller;
}

export interface CallerParts {
  readonly transport: Transport;
  readonly queue: RequestQueue;
  readonly breaker: CircuitBreaker;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly patience: Patience;
  readonly credential: Credential;
  /** Asks whose the key is. */
  readonly whoseCall: Call<Owner>;
  /** A request goes on the wire, the first time or again. */
  readonly onSent: (purpose: Purpose) => void;
  /** The same, once it was answered or given up. */
  readonly onRequest: ((request: RequestSeen) => void) | undefined;
}

/** How a call has fared so far. */
interface CallState {
  readonly startedAt: number;
  attempts: number;
  firstFailureAt: number | undefined;
  /** The key was exchanged for its sake: that is done once. */
  hasRenewed: boolean;
}

type AttemptResult<T> =
  | { readonly value: T }
  | { readonly error: ApiError; readonly result: WireResult; readonly sentWith: string };

/** The one retry layer. Nothing below it repeats a request, and nothing above it need. */
export function createCaller(parts: CallerParts): Caller {
  return async <T>(call: Call<T>): Promise<T> => {
    const state: CallState = {
      startedAt: parts.clock.monotonic(),
      attempts: 0,
      firstFailureAt: undefined,
      hasRenewed: false,
    };
    let last: ApiError | undefined;
    for (;;) {
      const tried = await attempt(parts, call, last);
      if ('value' in tried) return tried.value;
      const isRefused = tried.error.failure === 'unauthorized';
      if (isRefused && !state.hasRenewed && (await renewed(parts, tried.sentWith))) {
        if (call.refusedBefore !== undefined) return call.refusedBefore();
        state.hasRenewed = true;
        continue;
      }
      last = tried.error;
      const waitMs = nextWaitMs(parts, call, { state, ...tried });
      if (waitMs === undefined) throw tried.error;
      parts.log.debug(
        { failure: tried.error.failure, status: tried.error.status, waitMs: Math.round(waitMs) },
        'request will be repeated',
      );
      if (waitMs > 0) await pause(parts.clock, call, waitMs);
    }
  };
}

/** Whether there is another key of the same account by now. */
function renewed(parts: CallerParts, refused: string): Promise<boolean> {
  return parts.credential.renew(refused, async (authorization) => {
    const tried = await attempt(parts, { ...parts.whoseCall, authorization }, undefined);
    return 'value' in tried ? tried.value : undefined;
  });
}

/** `last` is what the attempt before was answered: more to the point than what made the breaker give up. */
async function attempt<T>(
  parts: CallerParts,
  call: Call<T>,
  last: ApiError | undefined,
): Promise<AttemptResult<T>> {
  const { transport, queue, clock } = parts;
  const askedMs = clock.monotonic();
  const admission = await queue.enter(call.target.method === 'GET', call.signal);
  if (admission.kind === 'aborted') throw failed(call, 'aborted');
  if (admission.kind === 'exhausted') throw last ?? failed(call, admission.failure, admission.status);
  const { ticket } = admission;
  if (call.mayBeSent !== undefined) {
    const giveBackTurn = () => {
      queue.leave(ticket, { kind: 'nothing' });
    };
    await assertMayBeSent(call, queue.postpone(), giveBackTurn);
    // The look took its time.
    if (!parts.breaker.admits(ticket, clock.monotonic())) {
      giveBackTurn();
      return attempt(parts, call, last);
    }
  }
  const hadAnswered = transport.hasAnswered();
  const sentWith = parts.credential.current();
  const result = await observed(parts, call, askedMs);
  const isFirstContact = result.kind === 'silence' && !hadAnswered && !transport.hasAnswered();
  queue.leave(ticket, isFirstContact ? { kind: 'nothing' } : lessonOf(call, result, clock.now()));
  return resultOf(call, result, sentWith);
}

/** Sends it, and tells who wants to know. `askedMs`: when it asked for its turn. */
async function observed(
  { transport, clock, onSent, onRequest }: CallerParts,
  call: Call<unknown>,
  askedMs: number,
): Promise<WireResult> {
  const { purpose } = call;
  const [startedAt, startMs] = [clock.now(), clock.monotonic()];
  let wasSent = false;
  const result = await transport.send(call, () => {
    wasSent = true;
    onSent(purpose);
  });
  const status = result.kind === 'answer' ? result.status : undefined;
  const [tookMs, waitedMs] = [clock.monotonic() - startMs, startMs - askedMs];
  onRequest?.({ purpose, status, wasSent, startedAt, tookMs, waitedMs });
  return result;
}

async function assertMayBeSent(
  call: Call<unknown>,
  goOn: () => void,
  giveBackTurn: () => void,
): Promise<void> {
  let mayBeSent: boolean | undefined;
  try {
    mayBeSent = await call.mayBeSent?.();
  } finally {
    goOn();
    if (mayBeSent !== true) giveBackTurn();
  }
  if (mayBeSent !== true) throw failed(call, 'aborted');
}

function resultOf<T>(call: Call<T>, result: WireResult, sentWith: string): AttemptResult<T> {
  const failure = failureOf(result);
  if (call.notFound !== undefined && result.kind === 'answer' && failure === 'not_found') {
    const json = jsonOfNotFound(result);
    if (json !== undefined) return { value: call.notFound(result, json) };
  }
  const value = failure === undefined && result.kind === 'answer' ? call.read(result) : undefined;
  if (value !== undefined) return { value };
  return { error: toApiError(call.target, failure ?? 'malformed', result), result, sentWith };
}

/** What to tell the breaker. Any whole answer below 500 but 429 means that the service is there. */
function lessonOf(call: WireRequest, result: WireResult, now: number): Lesson {
  if (result.kind === 'silence') {
    const isOurDoing = result.failure === 'aborted' || call.signal?.aborted === true;
    if (isOurDoing) return { kind: 'nothing' };
    return { kind: 'trouble', failure: result.failure, status: undefined, place: call.target.place };
  }
  const { status, bodyFailure } = result;
  if (status === 429) return { kind: 'throttled', status, retryAfterMs: retryAfterMs(result, now) };
  const isCutShort = status < 300 && (bodyFailure === 'network' || bodyFailure === 'timeout');
  if (status < 500 && !isCutShort) return { kind: 'answered' };
  const failure = isCutShort ? bodyFailure : 'server_error';
  const { place } = call.target;
  return { kind: 'trouble', failure, status, place, retryAfterMs: retryAfterMs(result, now) };
}

function retryAfterMs(result: WireResult, now: number): number | undefined {
  if (result.kind === 'silence') return undefined;
  return parseRetryAfter(result.retryAfter, { date: result.date, now });
}

/** Milliseconds until the next attempt, zero when only the breaker need be asked, undefined to give up. */
function nextWaitMs(
  parts: CallerParts,
  call: Call<unknown>,
  last: { readonly state: CallState; readonly error: ApiError; readonly result: WireResult },
): number | undefined {
  const { breaker, clock, chance, transport } = parts;
  const { state, error, result } = last;
  const now = clock.monotonic();
  state.firstFailureAt ??= now;
  if (error.failure === 'throttled') return breaker.exhausted(now) === undefined ? 0 : undefined;
  if (!MAY_PASS[error.failure] || (call.repeat !== 'read' && !error.neverSent)) return undefined;
  const delayMs = jittered(FIRST_DELAY_MS * 2 ** state.attempts, chance);
  if (!transport.hasAnswered()) {
    state.attempts += 1;
    const isHopeless = now - state.startedAt >= FIRST_CONTACT_MS;
    return isHopeless || state.attempts >= FIRST_CONTACT_ATTEMPTS ? undefined : delayMs;
  }
  if (breaker.isPaused) return breaker.exhausted(now) === undefined ? 0 : undefined;
  state.attempts += 1;
  const waitMs = Math.max(delayMs, retryAfterMs(result, clock.now()) ?? 0);
  const isTooLong = now + waitMs - state.firstFailureAt > parts.patience.troubleMs;
  return isTooLong || state.attempts >= MOST_ATTEMPTS ? undefined : waitMs;
}

const MAY_PASS: Readonly<Record<ApiFailure, boolean>> = {
  server_error: true,
  network: true,
  timeout: true,
  malformed: true,
  stale: true,
  unauthorized: false,
  forbidden: false,
  not_found: false,
  throttled: false,
  too_large: false,
  redirect: false,
  bad_request: false,
  aborted: false,
};

async function pause(clock: Clock, call: WireRequest, ms: number): Promise<void> {
  try {
    await clock.sleep(ms, call.signal);
  } catch {
    throw failed(call, 'aborted');
  }
}

/** Ended outside of an attempt. `status` is what others were answered last, for the person who reads it. */
function failed(call: WireRequest, failure: ApiFailure, status?: number): ApiError {
  const { method, path } = call.target;
  return new ApiError({ failure, method, path, status, neverSent: true });
}
