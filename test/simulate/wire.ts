import type { Dispatcher } from 'undici';
import type { Wire } from '../../src/customgpt/transport.ts';
import type { Account, Talk } from './account.ts';
import { answer, DELETED, failure, NO_ROUTE, routeOf, unknownTo, type Reply, type Route } from './api.ts';
import { createdLater, damageList } from './damage.ts';
import type { Fate } from './fate.ts';
import type { Random } from './random.ts';
import type { SentDelete } from './referee.ts';
import type { Actor, Timeline } from './timeline.ts';
import type { Tally, Trace } from './trace.ts';
import type { Weather } from './weather.ts';

/** What the wire tells of one worker's requests. */
export interface Traveller {
  readonly actor: Actor;
  /** Whose key it has. */
  readonly account: Account;
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
  readonly #weather: Weather;
  readonly #trace: Trace;
  readonly #tally: Tally;
  readonly #random: Random;
  readonly #api: Actor;
  readonly #verifyTimeoutMs: number;
  readonly #onDeleted: (talk: Talk) => void;

  constructor(parts: {
    timeline: Timeline;
    weather: Weather;
    trace: Trace;
    tally: Tally;
    random: Random;
    api: Actor;
    verifyTimeoutMs: number;
    onDeleted: (talk: Talk) => void;
  }) {
    this.#timeline = parts.timeline;
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
    if (fate.arrives)
      this.#timeline.after(this.#api, upMs, () => void this.#carryOut(traveller.account, route));
    const [delayMs, code] = fate.hang
      ? [HEADERS_TIMEOUT_MS, 'UND_ERR_HEADERS_TIMEOUT']
      : [upMs + this.#weather.latencyMs(), this.#random.pick(['ECONNRESET', 'UND_ERR_SOCKET'])];
    this.#timeline.after(traveller.actor, delayMs, () => {
      if (!controller.aborted) handler.onResponseError?.(createController(), networkError(code));
    });
  }

  #arrive(trip: Trip): void {
    const { route, fate, traveller } = trip;
    const laterMs = this.#weather.createdLaterMs(this.#timeline.now);
    const reply = createdLater(this.#reply(traveller.account, route, fate), laterMs);
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

  #carryOut(account: Account, route: Route, onDelete = this.#deleteIn(account)): Reply {
    return answer(account, route, {
      now: this.#timeline.now,
      chance: () => this.#random.fraction(),
      onDelete,
    });
  }

  #deleteIn(account: Account): (talk: Talk) => void {
    return (talk) => {
      if (talk.goneAt !== undefined) return;
      const stale = this.#weather.staleMs();
      if (stale.answersForMs > this.#verifyTimeoutMs) talk.isBeyondProof = true;
      account.remove(talk, 'us', { at: this.#timeline.now, ...stale });
      this.#trace.say('api', `deleted ${talk.row.session_id}`);
      this.#onDeleted(talk);
    };
  }

  #reply(account: Account, route: Route, fate: Fate): Reply {
    const { now } = this.#timeline;
    switch (fate.kind) {
      case 'answered':
      case 'refused':
      case 'lost':
        return this.#carryOut(account, route);
      case 'status':
        if (fate.executed) this.#carryOut(account, route);
        return failure(fate.status, 'trouble');
      case 'garbled':
        return this.#garble(this.#carryOut(account, route), fate.how);
      case 'listing':
        return this.#omit(this.#carryOut(account, route), fate.how);
      case 'accepted':
        return this.#accept(account, route, fate.afterMs);
      case 'no-route':
        return NO_ROUTE;
      case 'blind':
        return route.kind === 'delete' ? unknownTo(account, { ...route, now }) : NO_ROUTE;
      case 'hollow':
        return this.#hollow(account, route);
    }
  }

  /** Who is left out is remembered: where its own GET is wrong, too, nobody can tell. */
  #omit(whole: Reply, how: Extract<Fate, { kind: 'listing' }>['how']): Reply {
    const damaged = damageList(whole, how);
    const left = new Set(damaged.shown.map(({ talk }) => talk));
    for (const { talk } of whole.shown) if (!left.has(talk)) talk.omittedAt = this.#timeline.now;
    return damaged;
  }

  #hollow(account: Account, route: Route): Reply {
    const reply = this.#carryOut(account, route, (talk) => {
      // One that its own row calls deleted, too, is gone for all that anybody can see.
      if (talk.row.deleted_at === undefined) talk.isHollow = true;
    });
    return reply.status === 200 ? DELETED : reply;
  }

  #accept(account: Account, route: Route, afterMs: number): Reply {
    return this.#carryOut(account, route, (talk) => {
      if (afterMs > this.#verifyTimeoutMs - LONGEST_WAY_MS) talk.isBeyondProof = true;
      this.#timeline.after(this.#api, afterMs, () => {
        this.#deleteIn(account)(talk);
      });
    });
  }

  #garble(reply: Reply, how: Extract<Fate, { kind: 'garbled' }>['how']): Reply {
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
