// The words of answers: the API's own, and those of whatever may stand before it.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Behave, BodyName, Made } from './behave.js';

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const jsonType = 'application/json';

/** PHP's way of writing JSON: slashes are escaped. */
export function json(status: number, value: unknown): Reply {
  const body = JSON.stringify(value).replaceAll('/', String.raw`\/`);
  return { status, headers: { 'content-type': jsonType }, body };
}

export function success(data: unknown, status = 200): Reply {
  return json(status, { data, status: 'success' });
}

export function failure(status: number, url: string, message: string): Reply {
  return json(status, { status: 'error', url, data: { code: status, message } });
}

/** What the API itself says of something that it does not have. */
export function missing(
  what: 'project' | 'conversation',
  id: string,
  asked: { url: string; behave: Behave },
): Reply {
  const { url, behave } = asked;
  const project = /\/projects\/(\d+)/.exec(url)?.[1] ?? '0';
  switch (behave.missing ?? 'documented') {
    case 'framework':
      return json(404, {
        message: `No query results for model [App\\Models\\${what === 'project' ? 'Project' : 'Conversation'}] ${id}`,
      });
    case 'traced':
      return json(404, traced(url, id));
    case 'stamped':
      return json(404, stamped(url, id));
    case 'by_project':
      return failure(404, url, `Agent with id ${project} not found`);
    case 'documented':
      return failure(
        404,
        url,
        what === 'project' ? `Agent with id ${id} not found` : `Conversation with session id ${id} not found`,
      );
  }
}

function traced(url: string, id: string): Record<string, unknown> {
  return {
    message: `No query results for model [App\\Models\\Conversation] ${id}`,
    exception: 'Symfony\\Component\\HttpKernel\\Exception\\NotFoundHttpException',
    request_id: randomUUID(),
    url,
    trace: [
      { file: '/srv/app/Exceptions/Handler.php', line: 391, call: `0x${randomBytes(6).toString('hex')}` },
    ],
  };
}

function stamped(url: string, id: string): Record<string, unknown> {
  const bare = id.replaceAll('-', '').toUpperCase();
  return {
    status: 'error',
    url,
    timestamp: new Date().toISOString(),
    data: {
      code: 404,
      message: `Die Unterhaltung ${bare} wurde nicht gefunden`,
      took_ms: Math.random() * 90,
    },
  };
}

export function made(answer: Made, url: string): Reply {
  const body = answer.body ?? 'envelope';
  const reply = typeof body === 'string' ? named(body, answer.status, url) : json(answer.status, body);
  return { ...reply, headers: { ...reply.headers, ...answer.headers } };
}

function named(body: BodyName, status: number, url: string): Reply {
  const html = { 'content-type': 'text/html; charset=utf-8' };
  switch (body) {
    case 'envelope':
      return status < 300
        ? success({ deleted: true }, status)
        : failure(status, url, `It failed with ${status}`);
    case 'gateway':
      return json(status, { status: 'error', message: 'no Route matched with those values' });
    case 'framework':
      return json(status, { message: 'The route could not be found.' });
    case 'html':
      return { status, headers: html, body: '<!doctype html><html><body><div id="app"></div></body></html>' };
    case 'empty':
      return { status, headers: {}, body: '' };
    case 'text':
      return { status, headers: { 'content-type': 'text/plain' }, body: 'upstream says no' };
    case 'half':
      return {
        status,
        headers: { 'content-type': jsonType },
        body: '{"data":{"current_page":1,"data":[{"id":66',
      };
    case 'list':
      return success([], status);
  }
}
