/** A complete answer, before faults get at it. `body` is ASCII: everything else is escaped, as PHP does. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is wrong with an answer's body, when it is not the API's. */
export type BodyKind = 'api-json' | 'html' | 'empty' | 'not-json' | 'foreign-json' | 'gateway-json';

const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-cache, private' } as const;
const HTML_HEADERS = { 'content-type': 'text/html; charset=UTF-8' } as const;

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'API Token is either missing or invalid',
  403: 'You are not authorized to access this agent',
  404: 'Not Found',
  429: 'Too Many Attempts.',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Time-out',
};

export function json(status: number, value: unknown): Answer {
  return { status, body: encode(value), headers: JSON_HEADERS };
}

export function success(data: unknown, status = 200): Answer {
  return json(status, { data, status: 'success' });
}

/** The documented shape of an error. */
export function failure(status: number, url: string, message = reasonOf(status)): Answer {
  return json(status, { status: 'error', url, data: { code: status, message } });
}

/** The only 404 documented under a project, whatever was missing there. */
export function projectNotFound(url: string, project: string): Answer {
  return failure(404, url, `Agent with id ${project} not found`);
}

/** A page as a web server shows it. */
export function page(status: number): Answer {
  return htmlPage(status, `${status} ${reasonOf(status)}`);
}

/** An answer of any status in one of the disguises seen in the wild. */
export function disguised(status: number, kind: BodyKind, url: string): Answer {
  switch (kind) {
    case 'api-json':
      return status < 400 ? success({ deleted: true }, status) : failure(status, url);
    case 'html':
      return page(status);
    case 'empty':
      return { status, body: '', headers: {} };
    case 'not-json':
      return { status, body: '{"data":{"current_page":1,"data":[{"id":', headers: JSON_HEADERS };
    case 'foreign-json':
      return json(status, { message: reasonOf(status) });
    // Looks like the API's own error, and is a gateway's before it.
    case 'gateway-json':
      return json(status, { status: 'error', message: 'no Route matched with those values' });
  }
}

/** What the vendor's framework says to a path or method it does not know: JSON only to those who ask for it. */
export function frameworkError(status: 404 | 405, message: string, accept: string | undefined): Answer {
  if (accept?.includes('json') === true) return json(status, { message });
  return htmlPage(status, status === 404 ? 'Not Found' : 'Method Not Allowed');
}

/** JSON as PHP writes it by default: slashes and everything beyond ASCII escaped. */
export function encode(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[^\u0000-\u007f]+/gu, escapeUnits);
}

function escapeUnits(text: string): string {
  let escaped = '';
  for (let index = 0; index < text.length; index += 1) {
    escaped += `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}

function htmlPage(status: number, title: string): Answer {
  const body = `<!DOCTYPE html><html lang="en"><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
  return { status, body, headers: HTML_HEADERS };
}

function reasonOf(status: number): string {
  return REASONS[status] ?? 'OK';
}
