import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { failure, type Answer } from './answers.ts';
import type { Api } from './api.ts';
import { readBody } from './bodies.ts';
import type { Call, World } from './call.ts';
import type { FaultEffect } from './fault-rules.ts';
import type { Journal } from './journal.ts';
import { bend, isReplaced, sendEndless, sendHalf } from './misbehaviour.ts';
import { pageNumber } from './pages.ts';
import { matchRoute, type RouteMatch } from './routes.ts';

export interface DeskOptions {
  readonly world: World;
  readonly api: Api;
  readonly journal: Journal;
  /** False when a DELETE of this conversation breaks the rules of the test. */
  readonly mayDelete: (projectId: number, sessionId: string) => boolean;
  readonly report: (violation: string) => void;
}

/** A call before its body is read. */
type Arrival = Omit<Call, 'fields'>;

/** Takes each request from its arrival to its answer: journal, rules, the API itself, and what is made of its answer. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #closing = new AbortController();

  constructor(options: DeskOptions) {
    this.#options = options;
    // Every answer that is slow listens, and there is no bound on those that is worth a warning.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Lets nobody wait any longer. */
  close(): void {
    this.#closing.abort();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { journal, world } = this.#options;
    const method = request.method ?? 'GET';
    const path = request.url ?? '/';
    const route = matchRoute(method, path);
    const projectId = projectNumber(route);
    const url = urlOf(request, path);
    const { sessionId, name } = route;
    const settle = journal.arrived({ at: world.now(), method, path, route: name, projectId, sessionId });
    // Without a listener a client that hangs up would take the process with it.
    response.on('error', ignore);
    if (name === 'conversations.delete' && !this.#options.mayDelete(projectId ?? 0, sessionId ?? '')) {
      const answer = failure(500, url, 'The sandbox refused: see its violations.');
      this.#send(response, answer, {});
      settle(answer.status, world.now());
      return;
    }
    const query = new URLSearchParams(route.query);
    const page = pageNumber(query.get('page'));
    const effect = world.faults.effectFor({ route: name, method, projectId, sessionId, page });
    let status: number | undefined;
    try {
      const listUrl = urlOf(request, route.path);
      const { authorization, accept } = request.headers;
      const arrival = { method, route, query, url, listUrl, authorization, accept, effect };
      status = await this.#work(arrival, request, response);
    } catch (error) {
      // A client that hangs up in the middle of its own body is no failure of this side; everything else is.
      if (!request.destroyed)
        this.#options.report(`The sandbox failed on ${method} ${path}: ${String(error)}`);
      response.destroy();
    }
    settle(status, world.now());
  }

  /** Resolves with the status sent; undefined when there was none. */
  async #work(
    arrival: Arrival,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<number | undefined> {
    const { effect, url } = arrival;
    const { world } = this.#options;
    const { signal } = this.#closing;
    const latencyMs = world.faults.latencyMs(effect);
    if (latencyMs > 0) await delay(latencyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || effect.cut === 'before') {
      response.destroy();
      return undefined;
    }
    // A client that gave up waiting changes nothing: its request is carried out all the same.
    const isExecuted = !isReplaced(effect) || effect.executed === true || needsHonestStatus(effect);
    const fields = hasBody(arrival.method) ? await readBody(request) : {};
    let honest: Answer | undefined;
    if (fields === undefined) honest = failure(413, url, 'Payload Too Large');
    else if (isExecuted) honest = this.#options.api.answer({ ...arrival, fields });
    if (effect.cut === 'after') response.destroy();
    const answer = bend(effect, honest, { url, nowMs: world.now() });
    if (response.destroyed) return undefined;
    this.#send(response, answer, effect);
    return answer.status;
  }

  #send(response: ServerResponse, answer: Answer, effect: FaultEffect): void {
    response.sendDate = false;
    if (effect.date !== 'absent') {
      const shiftMs = effect.date?.shiftMs ?? 0;
      response.setHeader('date', httpDate(this.#options.world.now() + shiftMs));
    }
    if (effect.endless !== undefined) sendEndless(response, effect, answer);
    else if (effect.cut === 'mid-body') sendHalf(response, answer);
    else {
      response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
      response.end(answer.body, 'latin1');
    }
  }
}

/** A body alone is swapped under the status the honest answer would have had. */
function needsHonestStatus(effect: FaultEffect): boolean {
  return effect.status === undefined && effect.redirectTo === undefined;
}

function ignore(): void {
  // Whatever happened to the connection is the client's affair.
}

function hasBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

function urlOf(request: IncomingMessage, path: string): string {
  return `http://${request.headers.host ?? 'localhost'}${path}`;
}

function projectNumber(route: RouteMatch): number | undefined {
  const { project } = route;
  return project !== undefined && /^\d{1,15}$/u.test(project) ? Number(project) : undefined;
}

let dateSecond = Number.NaN;
let dateText = '';

/** Formatted once a second: it is in every answer. */
function httpDate(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
