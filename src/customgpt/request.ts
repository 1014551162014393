import { isIP } from 'node:net';
import type { Dispatcher } from 'undici';
import { codeOf } from '../core/error-code.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import type { StartDeadline } from './deadlines.ts';
import { onAbort } from './on-abort.ts';
import type { Target } from './urls.ts';

export interface Timeouts {
  readonly connectMs: number;
  /** Until the status line and headers are there. */
  readonly headersMs: number;
  /** Longest silence inside a body. */
  readonly bodyIdleMs: number;
  /** From the hand-over to the last byte; lists are long. */
  readonly listTotalMs: number;
  readonly totalMs: number;
  /** How long a DELETE on the wire may still be answered after the caller has given up. */
  readonly deleteGraceMs: number;
}

/** How much may come back. */
export type AnswerSize = 'list' | 'messages' | 'small';

const BODY_LIMIT_BYTES: Readonly<Record<AnswerSize, number>> = {
  list: 32 * 1024 * 1024,
  messages: 8 * 1024 * 1024,
  small: 1024 * 1024,
};

export interface WireRequest {
  readonly target: Target;
  readonly size: AnswerSize;
  readonly signal: AbortSignal | undefined;
  /** Asked in the instant in which it would be written, however long it had to wait for a connection. */
  readonly mayStillBeSent?: (() => boolean) | undefined;
  /** Instead of the key in use: another one, of which it is to be found out whose it is. */
  readonly authorization?: string | undefined;
}

/** The server said something: at least a status. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Undefined when it was not read to its end; `bodyFailure` says why. */
  readonly body: Buffer | undefined;
  readonly bodyFailure: 'too_large' | 'timeout' | 'network' | 'malformed' | undefined;
  readonly retryAfter: string | undefined;
  readonly date: string | undefined;
  /** Older than its request by its `Age`: a cache said it, not the service. */
  readonly isStale: boolean;
  readonly receivedAt: number;
}

/** No status came. `aborted` only where nothing was changed: before a DELETE was sent, or on any GET. */
export interface Silence {
  readonly kind: 'silence';
  readonly failure: 'network' | 'timeout' | 'aborted';
  /** Such as `ECONNREFUSED 127.0.0.1:4010`. */
  readonly code: string | undefined;
  /** Not a byte of the request was written, so nobody can have carried it out. */
  readonly neverSent: boolean;
  readonly receivedAt: number;
}

export type WireResult = Answer | Silence;

/** What the requests of one client have in common. */
export interface Line {
  readonly clock: Clock;
  readonly timeouts: Timeouts;
  readonly startDeadline: StartDeadline;
  onAnswered(date: string | undefined, middleAt: number): void;
}

const TIMEOUT_CODES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

/** Only the code: messages and properties of network errors may quote what the server sent. */
function plainCodeOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && /^[A-Z0-9_]{1,64}$/.test(code) ? code : undefined;
}

/** Where no connection could be had: the address is the machine's own finding, not the server's word. */
function addressOf(error: object): string {
  if (!('address' in error) || !('port' in error)) return '';
  const { address, port } = error;
  if (typeof address !== 'string' || !isIP(address) || typeof port !== 'number') return '';
  return ` ${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function only(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** One request on its way, as the HTTP client reports it. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: WireRequest;
  readonly #line: Line;
  readonly #onSent: () => void;
  readonly #resolve: (result: WireResult) => void;
  readonly #chunks: Buffer[] = [];
  readonly #takeBack: (() => void)[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #sentAt = 0;
  #byteCount = 0;
  #head: Pick<Answer, 'status' | 'retryAfter' | 'date' | 'isStale'> | undefined;

  constructor(
    request: WireRequest,
    line: Line,
    on: { readonly sent: () => void; readonly settled: (result: WireResult) => void },
  ) {
    this.#request = request;
    this.#line = line;
    this.#onSent = on.sent;
    this.#resolve = on.settled;
    const { listTotalMs, totalMs } = line.timeouts;
    const limitMs = request.size === 'list' ? listTotalMs : totalMs;
    this.#takeBack.push(
      line.startDeadline(limitMs, () => {
        this.#cut('timeout');
      }),
      onAbort(request.signal, () => {
        this.#giveUp();
      }),
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Called again only if the HTTP client wanted to repeat by itself: a DELETE is never repeated blindly.
    if (this.#settled || this.#controller !== undefined) {
      controller.abort(new Error('not to be sent'));
      return;
    }
    // It is written in this very turn: a process that is stopped anywhere before asks when it goes on.
    if (this.#request.mayStillBeSent?.() === false) {
      this.#settle(this.#silence('aborted'));
      controller.abort(new Error('not to be sent any more'));
      return;
    }
    this.#controller = controller;
    this.#sentAt = this.#line.clock.monotonic();
    this.#onSent();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (this.#settled || status < 200) return;
    const date = only(headers['date']);
    const { clock } = this.#line;
    this.#line.onAnswered(date, clock.now() - (clock.monotonic() - this.#sentAt) / 2);
    const ageMs = Number(only(headers['age']) ?? 0) * 1000;
    const isStale = ageMs > clock.monotonic() - this.#sentAt;
    this.#head = { status, date, isStale, retryAfter: only(headers['retry-after']) };
    const isRedirect = status >= 300 && status < 400;
    const encoding = only(headers['content-encoding']) ?? 'identity';
    if (isRedirect || encoding.trim().toLowerCase() !== 'identity') this.#cut('malformed');
    else if (Number(only(headers['content-length'])) > this.#bodyLimit()) this.#cut('too_large');
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#byteCount += chunk.length;
    if (this.#byteCount > this.#bodyLimit()) this.#cut('too_large');
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#settled || this.#head === undefined) return;
    const [first] = this.#chunks;
    const body =
      this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#byteCount);
    const receivedAt = this.#line.clock.now();
    this.#settle({ kind: 'answer', ...this.#head, body, bodyFailure: undefined, receivedAt });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const code = plainCodeOf(error);
    const isTimeout = code !== undefined && TIMEOUT_CODES.has(code);
    this.#cut(isTimeout ? 'timeout' : 'network', code === undefined ? undefined : code + addressOf(error));
  }

  #bodyLimit(): number {
    return BODY_LIMIT_BYTES[this.#request.size];
  }

  /** The caller's abort. A DELETE that was sent is waited for a little: its answer is worth more than the time. */
  #giveUp(): void {
    if (this.#request.target.method === 'DELETE' && this.#controller !== undefined) {
      const cut = () => {
        this.#cut('timeout', 'ABORTED_AFTER_SENDING');
      };
      this.#takeBack.push(this.#line.startDeadline(this.#line.timeouts.deleteGraceMs, cut));
      return;
    }
    this.#settle(this.#silence('aborted'));
    this.#controller?.abort(new Error('aborted'));
  }

  #cut(failure: NonNullable<Answer['bodyFailure']>, code?: string): void {
    if (this.#settled) return;
    if (this.#head !== undefined) {
      const receivedAt = this.#line.clock.now();
      this.#settle({ kind: 'answer', ...this.#head, body: undefined, bodyFailure: failure, receivedAt });
    } else {
      this.#settle(this.#silence(failure === 'timeout' ? 'timeout' : 'network', code));
    }
    this.#controller?.abort(new Error('cut off'));
  }

  #silence(failure: Silence['failure'], code?: string): Silence {
    const neverSent = this.#controller === undefined;
    return { kind: 'silence', failure, code, neverSent, receivedAt: this.#line.clock.now() };
  }

  #settle(result: WireResult): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#chunks.length = 0;
    for (const takeBack of this.#takeBack) takeBack();
    this.#resolve(result);
  }
}
