import type { Dispatcher } from 'undici';
// Not from 'undici' itself, which brings fetch, caches, mocks and proxies along: reading them took a tenth of the CPU time
// of a small run. The version is pinned, and undici lets its files be imported one by one.
import Pool from 'undici/lib/dispatcher/pool.js';
import type { Clock } from '../core/ports/surroundings.ts';
import { startDeadline, type StartDeadline } from './deadlines.ts';
import { parseHttpDate } from '../core/http-date.ts';
import { Exchange, type Line, type Timeouts, type WireRequest, type WireResult } from './request.ts';
import { isChecked } from './urls.ts';

export interface Transport {
  /** One request, one result; never rejects. `onSent` is called when, and only if, it goes on the wire. */
  send(request: WireRequest, onSent: () => void): Promise<WireResult>;
  clockSkewMs(): number | undefined;
  /** True once any status line has come back. */
  hasAnswered(): boolean;
  close(): Promise<void>;
}

/** What carries the requests and what counts their time: sockets and timers, or a simulation of both. */
export interface Wire {
  readonly dispatcher: { dispatch: Dispatcher['dispatch']; destroy(): Promise<void> };
  readonly startDeadline: StartDeadline;
}

const OTHER_HEADERS = [
  ...['accept', 'application/json'],
  ...['accept-encoding', 'identity'],
  // What a 404 says is compared word for word, and must not come from a cache.
  ...['accept-language', 'en'],
  ...['cache-control', 'no-cache'],
  ...['user-agent', 'customgpt-retention'],
];

/**
 * The wire: keep-alive connections to one origin, one request at a time on each, and no redirects, since the
 * dispatcher follows none unless told to. Compression is not asked for and not accepted, so no body can grow
 * while it is unpacked.
 */
export function createTransport(options: {
  readonly origin: string;
  /** `Bearer …`, asked for each request; stays inside this function. */
  readonly authorization: () => string;
  readonly connections: number;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly wire?: Wire | undefined;
}): Transport {
  const { clock, timeouts, authorization } = options;
  const wire = options.wire ?? openWire(options);
  let skewMs: number | undefined;
  let answered = false;
  let closed = false;
  const line: Line = {
    clock,
    timeouts,
    startDeadline: wire.startDeadline,
    onAnswered(date, middleAt) {
      answered = true;
      const serverAt = date === undefined ? undefined : parseHttpDate(date);
      // The header has whole seconds, cut off: on average the server's clock was half a second further.
      skewMs = serverAt === undefined ? undefined : serverAt + 500 - middleAt;
    },
  };
  return {
    send(request, onSent) {
      const { target } = request;
      if (!isChecked(target)) throw new TypeError('request target was not built by urls.ts');
      return new Promise((settled) => {
        if (request.signal?.aborted === true || closed) {
          settled({
            kind: 'silence',
            failure: 'aborted',
            code: undefined,
            neverSent: true,
            receivedAt: clock.now(),
          });
        } else {
          const { method, path } = target;
          const headers = ['authorization', request.authorization ?? authorization(), ...OTHER_HEADERS];
          wire.dispatcher.dispatch(
            { method, path, headers },
            new Exchange(request, line, { sent: onSent, settled }),
          );
        }
      });
    },
    clockSkewMs: () => skewMs,
    hasAnswered: () => answered,
    close() {
      closed = true;
      return wire.dispatcher.destroy();
    },
  };
}

function openWire(options: {
  readonly origin: string;
  readonly connections: number;
  readonly timeouts: Timeouts;
}): Wire {
  const { origin, connections, timeouts } = options;
  const dispatcher = new Pool(origin, {
    connections,
    pipelining: 1,
    connectTimeout: timeouts.connectMs,
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.bodyIdleMs,
  });
  return { dispatcher, startDeadline };
}
