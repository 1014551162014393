import { readBaseUrl } from '../core/api-access.ts';
import { ApiError, RetentionError } from '../core/errors.ts';
import { isProjectId, isSessionId, SESSION_ID } from '../core/ids.ts';
import type { ListOrder } from '../core/ports/vendor.ts';

export type Method = 'GET' | 'DELETE';
type Route = 'user' | 'projects' | 'project' | 'settings' | 'conversations' | 'messages' | 'deletion';

const PROJECT = '/api/v1/projects/[1-9][0-9]{0,15}';
const CONVERSATION = `${PROJECT}/conversations/${SESSION_ID.source.slice(1, -1)}`;
const PAGE = '[1-9][0-9]{0,15}';

const ROUTES: Readonly<Record<Route, { readonly method: Method; readonly shape: RegExp }>> = {
  user: { method: 'GET', shape: /^\/api\/v1\/user$/ },
  projects: { method: 'GET', shape: new RegExp(`^/api/v1/projects\\?page=${PAGE}&orderBy=id&order=asc$`) },
  // To look at only: a DELETE of this path is no route here.
  project: { method: 'GET', shape: new RegExp(`^${PROJECT}$`) },
  settings: { method: 'GET', shape: new RegExp(`^${PROJECT}/settings$`) },
  conversations: {
    method: 'GET',
    shape: new RegExp(
      `^${PROJECT}/conversations\\?page=${PAGE}&orderBy=(created_at&order=(asc|desc)|id&order=asc)$`,
    ),
  },
  messages: { method: 'GET', shape: new RegExp(`^${CONVERSATION}/messages\\?page=${PAGE}&order=desc$`) },
  // The only DELETE there is. Without its last two segments the vendor deletes the whole project.
  deletion: { method: 'DELETE', shape: new RegExp(`^${CONVERSATION}$`) },
};

const ORDERS: Readonly<Record<ListOrder, string>> = {
  oldest_first: 'orderBy=created_at&order=asc',
  newest_first: 'orderBy=created_at&order=desc',
  // No two rows have the same id, so that no two of them can change places from one page to the next.
  by_id: 'orderBy=id&order=asc',
};

/** A request line that passed the checks of this module; nothing else can be sent. */
class CheckedTarget {
  readonly #checked = true;
  readonly method: Method;
  /** Path with query, as it goes on the wire. */
  readonly path: string;
  /** What may be broken by itself while the rest works: a list, or a conversation with all that is under it. */
  readonly place: string;

  constructor(method: Method, path: string, place: string) {
    this.method = method;
    this.path = path;
    this.place = place;
    Object.freeze(this);
  }

  static made(value: object): boolean {
    return #checked in value && value.#checked;
  }
}

export type Target = CheckedTarget;

/** False for an object of the same shape that was not built here. */
export function isChecked(target: Target): boolean {
  return CheckedTarget.made(target);
}

/**
 * Every method throws ApiError `bad_request` without a status for an id or page that may not stand in a path.
 * The message does not repeat the id: it is somebody else's text.
 */
export interface Urls {
  readonly origin: string;
  /** Whose key it is. */
  readonly user: () => Target;
  readonly projects: (page: number) => Target;
  readonly project: (projectId: number) => Target;
  readonly settings: (projectId: number) => Target;
  readonly conversations: (projectId: number, page: number, order?: ListOrder) => Target;
  readonly messages: (projectId: number, sessionId: string, page: number) => Target;
  readonly deletion: (projectId: number, sessionId: string) => Target;
}

function originOf(baseUrl: string): string {
  const read = readBaseUrl(baseUrl);
  if ('value' in read) return read.value;
  throw new RetentionError('usage', `CUSTOMGPT_BASE_URL ${read.problem}`);
}

function refusal(route: Route): ApiError {
  const path = `/api/v1/projects${route === 'projects' ? '' : '/(refused)'}`;
  return new ApiError({ failure: 'bad_request', method: ROUTES[route].method, path });
}

/**
 * Builds the text first and then looks at it the way the HTTP client will: were an id to change what the URL
 * means (`..`, `%2e%2e`, `?`, a second slash), its parsed form would differ from the text or miss the pattern.
 */
function checked(origin: string, route: Route, path: string): Target {
  const { method, shape } = ROUTES[route];
  if (!shape.test(path)) throw refusal(route);
  const text = origin + path;
  // Stryker disable next-line ConditionalExpression: a second look; no text is known that only this one stops
  if (new URL(text).href !== text) throw refusal(route);
  const placeEnd = path.indexOf(route === 'messages' ? '/messages?' : '?');
  return new CheckedTarget(method, path, placeEnd === -1 ? path : path.slice(0, placeEnd));
}

function projectPath(projectId: number, route: Route): string {
  if (!isProjectId(projectId)) throw refusal(route);
  return `/api/v1/projects/${projectId}`;
}

function conversationPath(projectId: number, sessionId: string, route: Route): string {
  const project = projectPath(projectId, route);
  if (!isSessionId(sessionId)) throw refusal(route);
  return `${project}/conversations/${sessionId}`;
}

/** The one place that builds request URLs. Throws RetentionError `usage` for a base URL that cannot be used. */
export function createUrls(baseUrl: string): Urls {
  const origin = originOf(baseUrl);
  return {
    origin,
    user: () => checked(origin, 'user', '/api/v1/user'),
    projects: (page) => checked(origin, 'projects', `/api/v1/projects?page=${page}&orderBy=id&order=asc`),
    project: (projectId) => checked(origin, 'project', projectPath(projectId, 'project')),
    settings: (projectId) => checked(origin, 'settings', `${projectPath(projectId, 'settings')}/settings`),
    conversations(projectId, page, order = 'oldest_first') {
      const project = projectPath(projectId, 'conversations');
      const query = `?page=${page}&${ORDERS[order]}`;
      return checked(origin, 'conversations', `${project}/conversations${query}`);
    },
    messages(projectId, sessionId, page) {
      const conversation = conversationPath(projectId, sessionId, 'messages');
      return checked(origin, 'messages', `${conversation}/messages?page=${page}&order=desc`);
    },
    deletion: (projectId, sessionId) =>
      checked(origin, 'deletion', conversationPath(projectId, sessionId, 'deletion')),
  };
}
