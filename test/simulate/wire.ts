import type { Dispatcher } from 'undici';
import type { Wire } from '../../src/customgpt/transport.ts';
import type { Account, Talk } from './account.ts';
import { answer, failure, routeOf, type Reply, type Route } from './api.ts';
import type { Random } from './random.ts';
import type { SentDelete } from './referee.ts';
import type { Actor, Timeline } from './timeline.ts';
import type { Tally, Trace } from './trace.ts';
import type { Fate, Weather } from './weather.ts';

/** What the wire tells of one worker's requests. */
export interface Traveller {
  readonly actor: Actor;
  /** As it is handed over; with how long it will have to wait for a connection. */
  onHandedOver(route: Route, connectMs: number): void;
  /** As it leaves. */
  onSent(route: Route): SentDelete | undefined;
  /** As the answer is there, before the worker has read it. */
  onDelivered(delivery: Delivery): void;
}

export interface Delivery {
  readonly sent: SentDelete | undefined;
  readonly route: Route;
  readonly reply: Reply;
  readonly headers: Readonly<Record<string, string>>;
}

interface Trip {
  readonly sent: SentDelete | undefined;
  readonly traveller: Traveller;
  readonly route: Route;
  readonly fate: Fate;
  readonly handler: Dispatcher.DispatchHandler;
  readonly controller: { aborted: boolean };
}

const HEADERS_TIMEOUT_MS = 30_000;
const LONGEST_WAY_MS = 15_000;

/** Between workers and the simulated API: time, loss, and answers that are not what they should be. */
export class SimWire {
  readonly #timeline: Timeline;
  readonly #account: Account;
  readonly #weather: Weather;
  readonly #trace: Trace;
  readonly #tally: Tally;
  readonly #random: Random;
  readonly #api: Actor;
  readonly #verifyTimeoutMs: number;
  readonly #onDeleted: (talk: Talk) => void;

  constructor(parts: {
    timeline: Timeline;
    account: Account;
    weather: Weather;
    trace: Trace;
    tally: Tally;
    random: Random;
    api: Actor;
    verifyTimeoutMs: number;
    onDeleted: (talk: Talk) => void;
  }) {
    this.#timeline = parts.timeline;
    this.#account = parts.account;
    this.#weather = parts.weather;
    this.#trace = parts.trace;
    this.#tally = parts.tally;
    this.#random = parts.random;
    this.#api = parts.api;
    this.#verifyTimeoutMs = parts.verifyTimeoutMs;
    this.#onDeleted = parts.onDeleted;
  }

  of(traveller: Traveller): Wire {
    return {
      startDeadline: this.#timeline.deadlinesOf(traveller.actor),
      dispatcher: {
        dispatch: ({ method, path }, handler) => {
          this.#send(traveller, { method, path }, handler);
          return true;
        },
        destroy: () => Promise.resolve(),
      },
    };
  }

  #send(
    traveller: Traveller,
    ask: { method: string; path: string },
    handler: Dispatcher.DispatchHandler,
  ): void {
    const route = routeOf(ask);
    const fate = this.#weather.fate(route, this.#timeline.now);
    const connectMs = this.#weather.connectMs();
    traveller.onHandedOver(route, connectMs);
    const start = (): void => {
      this.#trace.say(traveller.actor.name, `→ ${ask.method} ${ask.path}${wordsOf(fate)}`);
      if (fate.kind === 'refused')
        handler.onResponseError?.(createController(), networkError('ECONNREFUSED'));
      else this.#write({ traveller, route, fate, handler });
    };
    // What failed at once would be told before whoever asked has heard that it was handed over.
    if (connectMs === 0 && fate.kind !== 'refused') start();
    else this.#timeline.after(traveller.actor, connectMs, start);
  }

  #write({ traveller, route, fate, handler }: Omit<Trip, 'sent' | 'controller'>): void {
    const controller = createController();
    handler.onRequestStart?.(controller, undefined);
    if (controller.aborted) {
      this.#trace.say(traveller.actor.name, `not written: ${shortOf(route)}`);
      return;
    }
    this.#tally.add(`request: ${route.kind}`);
    const sent = traveller.onSent(route);
    const trip: Trip = { sent, traveller, route, fate, handler, controller };
    if (fate.kind === 'lost') this.#lose(trip);
    else
      this.#timeline.after(this.#api, this.#weather.latencyMs(), () => {
        this.#arrive(trip);
      });
  }

  #lose({ traveller, route, fate, handler, controller }: Trip): void {
    if (fate.kind !== 'lost') return;
    const upMs = this.#weather.latencyMs();
    if (fate.arrives) this.#timeline.after(this.#api, upMs, () => void this.#carryOut(route));
    const [delayMs, code] = fate.hang
      ? [HEADERS_TIMEOUT_MS, 'UND_ERR_HEADERS_TIMEOUT']
      : [upMs + this.#weather.latencyMs(), this.#random.pick(['ECONNRESET', 'UND_ERR_SOCKET'])];
    this.#timeline.after(traveller.actor, delayMs, () => {
      if (!controller.aborted) handler.onResponseError?.(createController(), networkError(code));
    });
  }

  #arrive(trip: Trip): void {
    const { route, fate, traveller } = trip;
    const reply = this.#reply(route, fate);
    const date = this.#weather.dateHeader(this.#timeline.now);
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      ...(date === undefined ? {} : { date }),
      ...(fate.kind === 'status' && fate.retryAfter !== undefined ? { 'retry-after': fate.retryAfter } : {}),
    };
    this.#timeline.after(traveller.actor, this.#weather.latencyMs(), () => {
      if (!trip.controller.aborted) this.#deliver(trip, reply, headers);
    });
  }

  #carryOut(route: Route): Reply {
    const { now } = this.#timeline;
    return answer(this.#account, route, {
      now,
      onDelete: (talk) => {
        this.#delete(talk);
      },
    });
  }

  #delete(talk: Talk): void {
    if (talk.goneAt !== undefined) return;
    const stale = this.#weather.staleMs();
    if (stale.answersForMs > this.#verifyTimeoutMs) talk.isBeyondProof = true;
    this.#account.remove(talk, 'us', { at: this.#timeline.now, ...stale });
    this.#trace.say('api', `deleted ${talk.row.session_id}`);
    this.#onDeleted(talk);
  }

  #reply(route: Route, fate: Fate): Reply {
    switch (fate.kind) {
      case 'answered':
      case 'refused':
      case 'lost':
        return this.#carryOut(route);
      case 'status':
        if (fate.executed) this.#carryOut(route);
        return failure(fate.status, 'trouble');
      case 'garbled':
        return this.#garble(route, fate.how);
      case 'listing':
        return damageList(this.#carryOut(route), fate.how);
      case 'accepted':
        return this.#accept(route, fate.afterMs);
    }
  }

  #accept(route: Route, afterMs: number): Reply {
    if (route.kind !== 'delete') return this.#carryOut(route);
    const { now } = this.#timeline;
    return answer(this.#account, route, {
      now,
      onDelete: (talk) => {
        if (afterMs > this.#verifyTimeoutMs - LONGEST_WAY_MS) talk.isBeyondProof = true;
        this.#timeline.after(this.#api, afterMs, () => {
          this.#delete(talk);
        });
      },
    });
  }

  #garble(route: Route, how: Extract<Fate, { kind: 'garbled' }>['how']): Reply {
    const reply = this.#carryOut(route);
    switch (how) {
      case 'html':
        return { status: 200, body: '<html>Please wait</html>', shown: [] };
      case 'html-404':
        return { status: 404, body: '<html>Not here</html>', shown: [] };
      case 'empty':
        return { status: 200, body: '', shown: [] };
      case 'cut':
        return { ...reply, body: JSON.stringify(reply.body).slice(0, 40), shown: [], isCut: true };
      case 'other-page':
        return damageList(reply, 'other-page');
    }
  }

  #deliver(
    { sent, traveller, route, handler, controller }: Trip,
    reply: Reply,
    headers: Record<string, string>,
  ): void {
    this.#trace.say(traveller.actor.name, `← ${reply.status} ${shortOf(route)}`);
    traveller.onDelivered({ route, reply, headers, sent });
    const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    handler.onResponseStart?.(createController(controller), reply.status, headers);
    if (controller.aborted) return;
    handler.onResponseData?.(createController(controller), Buffer.from(body));
    if (reply.isCut === true)
      handler.onResponseError?.(createController(controller), networkError('ECONNRESET'));
    else handler.onResponseEnd?.(createController(controller), {});
  }
}

function damageList(reply: Reply, how: Extract<Fate, { kind: 'listing' }>['how'] | 'other-page'): Reply {
  const list = (reply.body as { data?: { data?: unknown[]; current_page?: number; last_page?: number } })
    .data;
  if (list?.data === undefined) return reply;
  const { data, current_page = 1, last_page = 1 } = list;
  const put = (change: object, shown = reply.shown): Reply => ({
    ...reply,
    shown,
    body: { ...(reply.body as object), data: { ...list, ...change } },
  });
  switch (how) {
    case 'short':
      return put({ data: data.slice(0, -1) }, reply.shown.slice(0, -1));
    case 'empty':
      return put({ data: [] }, []);
    case 'repeated':
      return put({ data: [...data.slice(0, -1), data[0]] }, reply.shown.slice(0, -1));
    case 'row-missing':
      return put({ data: data.slice(1), total: Math.max(0, data.length - 1) }, reply.shown.slice(1));
    case 'no-ids':
      return put({ data: data.map((row) => ({ ...(row as object), session_id: null })) }, []);
    case 'other-page':
      return put({ current_page: current_page + 1, last_page: last_page + 1 });
  }
}

type Controller = Dispatcher.DispatchController & { aborted: boolean };

/** What an answer's reader may use to cut it off; `shared` is the one of the request. */
function createController(shared: { aborted: boolean } = { aborted: false }): Controller {
  return {
    get aborted() {
      return shared.aborted;
    },
    set aborted(value) {
      shared.aborted = value;
    },
    paused: false,
    reason: null,
    abort() {
      shared.aborted = true;
    },
    pause: () => undefined,
    resume: () => undefined,
  };
}

function networkError(code: string): Error {
  return Object.assign(new Error('simulated'), { code });
}

function wordsOf(fate: Fate): string {
  return fate.kind === 'answered' ? '' : `  [${JSON.stringify(fate)}]`;
}

function shortOf(route: Route): string {
  if (route.kind === 'user') return 'user';
  if (route.kind === 'projects') return `projects ${route.page}`;
  if (route.kind === 'conversations') return `conversations of ${route.projectId}, page ${route.page}`;
  return `${route.kind} ${route.sessionId}`;
}
