import { failureInWords, type ApiError } from '../core/errors.ts';
import type { RequestSeen } from '../core/ports/observer.ts';
import type { Chance, Clock, Log } from '../core/ports/surroundings.ts';
import type { CustomGptDeleter, CustomGptReader } from '../core/ports/vendor.ts';
import type { DeleteAnswer } from '../core/vendor-answers.ts';
import type { PlaceReader } from '../core/place.ts';
import { PURPOSES, type Purpose } from '../core/run.ts';
import { askAccount, keyFingerprint, whoseCall } from './account.ts';
import { isRecord, parseJson, withoutAnswer } from './answers.ts';
import { createCredential } from './credential.ts';
import { askExistence } from './existence.ts';
import { CircuitBreaker, type Patience } from './circuit-breaker.ts';
import { createPace } from './pace.ts';
import { conversationPage, conversationPages, fetchPage, projectPages } from './pages.ts';
import { askNativeRetention, askProject } from './place.ts';
import type { Answer, Timeouts } from './request.ts';
import { createCaller, type Asking, type CallerParts } from './retry.ts';
import { createTransport, type Wire } from './transport.ts';
import { RequestQueue } from './request-queue.ts';
import { createUrls, type Urls } from './urls.ts';

const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 10_000,
  headersMs: 30_000,
  bodyIdleMs: 30_000,
  listTotalMs: 60_000,
  totalMs: 30_000,
  deleteGraceMs: 5_000,
};
const DEFAULT_PATIENCE: Patience = { troubleMs: 5 * 60_000, throttledMs: 15 * 60_000 };
const DEFAULT_CONNECTIONS = 32;

export interface CustomGptClientOptions {
  /** Scheme, host and port. */
  readonly baseUrl: string;
  /** `renew`, asked once the API refused the key: whether there is a newer one by now. Without it there never is. */
  readonly apiKey: { reveal(): string; renew?(): boolean };
  readonly requestsPerMinute: number | 'unlimited';
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Most connections at once. */
  readonly connections?: number;
  readonly timeouts?: Partial<Timeouts>;
  readonly patience?: Partial<Patience>;
  /** Instead of sockets and real timers: the simulator's. */
  readonly wire?: Wire;
}

/** One pair counts its own requests. */
export interface CustomGptView {
  /** For whoever may only look: no delete method exists on it. */
  readonly reader: CustomGptReader;
  readonly deleter: CustomGptDeleter;
  readonly places: PlaceReader;
}

export interface CustomGptClient extends CustomGptView {
  /**
   * Another pair, with request counts that start at zero; connections, pace and pauses are those of the client. `onRequest` is
   * told of each of its requests.
   */
  view(onRequest?: (request: RequestSeen) => void): CustomGptView;
  /** Ends everything at once: calls that wait are `aborted`, requests on the wire are cut. */
  close(): Promise<void>;
}

/**
 * One key's way to the vendor, with one pace and one pause for all its calls. Ids that may not stand in a path are
 * refused before anything is sent: ApiError `bad_request` without a status, from `existence` `no_evidence`.
 * Throws RetentionError `usage` for a base URL or a key that cannot be used.
 */
export function createCustomGptClient(options: CustomGptClientOptions): CustomGptClient {
  const { clock, chance, log } = options;
  const urls = createUrls(options.baseUrl);
  const patience = { ...DEFAULT_PATIENCE, ...options.patience };
  const credential = createCredential(options.apiKey);
  const transport = createTransport({
    origin: urls.origin,
    authorization: credential.current,
    connections: options.connections ?? DEFAULT_CONNECTIONS,
    timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    clock,
    wire: options.wire,
  });
  const breaker = new CircuitBreaker({ clock, chance, log, patience });
  const queue = new RequestQueue({ clock, breaker, pace: createPace(options.requestsPerMinute) });
  const view: CustomGptClient['view'] = (onRequest) =>
    createView({ urls, transport, queue, breaker, clock, chance, log, patience, credential, onRequest });
  return {
    ...view(),
    view,
    close() {
      queue.close();
      return transport.close();
    },
  };
}

type ViewParts = Omit<CallerParts, 'onSent' | 'whoseCall'> & { readonly urls: Urls };

function createView(parts: ViewParts): CustomGptView {
  const { urls } = parts;
  const counts = Object.fromEntries(PURPOSES.map((purpose) => [purpose, 0])) as Record<Purpose, number>;
  const onSent = (purpose: Purpose) => {
    counts[purpose] += 1;
  };
  const call = createCaller({ ...parts, whoseCall: whoseCall(urls), onSent });
  const requestCounts = () => ({ ...counts });
  const reader = createReader({ ...parts, call, requestCounts });
  return {
    reader,
    places: Object.freeze<PlaceReader>({
      project: (projectId, signal) => askProject({ urls, call }, projectId, signal),
      nativeRetention: (projectId, signal) => askNativeRetention({ urls, call }, projectId, signal),
    }),
    deleter: Object.freeze({
      ...reader,
      deleteConversation: (
        ...[projectId, sessionId, options]: Parameters<CustomGptDeleter['deleteConversation']>
      ) => deleteConversation({ urls, call }, { projectId, sessionId }, options ?? {}),
    }),
  };
}

function createReader(parts: ViewParts & Asking & Pick<CustomGptReader, 'requestCounts'>): CustomGptReader {
  return Object.freeze<CustomGptReader>({
    account: (signal) => askAccount(parts, signal),
    viewer: () => {
      const { urls, credential } = parts;
      return { key: keyFingerprint(urls.origin, credential.key()), users: credential.users };
    },
    projectPages: (signal) => projectPages(parts, signal),
    conversationPages: (projectId, signal, order) => conversationPages(parts, projectId, { signal, order }),
    conversationPage: (projectId, page, signal) => conversationPage(parts, projectId, { page, signal }),
    existence: (projectId, sessionId, options) => askExistence(parts, { projectId, sessionId, ...options }),
    control: (projectId, signal) => control(parts, projectId, signal),
    pausedMs: () => parts.breaker.pausedMs(parts.clock.monotonic()),
    requestCounts: parts.requestCounts,
    clockSkewMs: () => parts.transport.clockSkewMs(),
  });
}

async function control(
  parts: Asking,
  projectId: number,
  signal: AbortSignal | undefined,
): ReturnType<CustomGptReader['control']> {
  const target = parts.urls.conversations(projectId, 1);
  const { receivedAt } = await fetchPage(parts.call, target, { page: 1, purpose: 'control', signal });
  return { request: `${target.method} ${target.path}`, status: 200, receivedAt };
}

async function deleteConversation(
  parts: Asking,
  conversation: { readonly projectId: number; readonly sessionId: string },
  { signal, mayBeSent, mayStillBeSent }: NonNullable<Parameters<CustomGptDeleter['deleteConversation']>[2]>,
): Promise<DeleteAnswer> {
  const target = parts.urls.deletion(conversation.projectId, conversation.sessionId);
  try {
    return await parts.call<DeleteAnswer>({
      target,
      purpose: 'delete',
      size: 'small',
      signal,
      mayBeSent,
      mayStillBeSent,
      repeat: 'if_not_carried_out',
      read: readDeleted,
      notFound: () => ({ kind: 'not_found', status: 404 }),
      refusedBefore: () => ({
        kind: 'ambiguous',
        status: 401,
        failure: 'HTTP 401, before the key was exchanged',
      }),
    });
  } catch (error) {
    return toDeleteAnswer(withoutAnswer(error));
  }
}

/** Recorded is 200 with `{"data":{"deleted":true}}`. An answer that cannot be read, or says no, leaves it open. */
function readDeleted({ status, body }: Answer): DeleteAnswer {
  if (status === 204 || (status === 200 && body?.length === 0)) return { kind: 'accepted', status };
  const json = parseJson(body);
  if (status !== 200 || !isRecord(json))
    return { kind: 'ambiguous', status, failure: `HTTP ${status}, unreadable` };
  const { data } = json;
  const deleted = isRecord(data) && 'deleted' in data ? data['deleted'] : json['deleted'];
  if (deleted === undefined ? !saysSuccess(json) : !YES.includes(deleted))
    return { kind: 'ambiguous', status, failure: `HTTP ${status}, and not that it is deleted` };
  return { kind: 'accepted', status };
}

/** `deleted` as recorded, and as an API writes it that has strings or numbers for it. */
const YES: readonly unknown[] = [true, 1, 'true', '1'];

/** Without a word on `deleted`: nothing in it may say that something went wrong. */
function saysSuccess({ status, success, error, data }: Readonly<Record<string, unknown>>): boolean {
  const isGood = status === undefined || status === 'success' || status === 'ok';
  const isBad = success === false || (error !== undefined && error !== null && error !== false);
  return isGood && !isBad && data !== false && !(Array.isArray(data) && data.length > 0);
}

/** Statuses by which a request was turned away before anything was done. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([400, 405, 409, 422]);

function toDeleteAnswer(error: ApiError): DeleteAnswer {
  const { failure, status } = error;
  if (error.neverSent) return { kind: 'not_sent', failure: failureInWords(error) };
  // One that is no JSON is somebody else's word, perhaps about an answer that was lost.
  if (failure === 'not_found') return { kind: 'ambiguous', status, failure: '404 without JSON' };
  const isTurnedAway = failure === 'forbidden' || failure === 'throttled';
  const isRefused = isTurnedAway || (failure === 'bad_request' && REFUSALS.has(status));
  return isRefused && status !== undefined
    ? { kind: 'refused', status, failure }
    : { kind: 'ambiguous', status, failure: failureInWords(error) };
}
