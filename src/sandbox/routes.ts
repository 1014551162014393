export type RouteName =
  | 'user'
  | 'limits'
  | 'projects.list'
  | 'projects.get'
  | 'projects.settings'
  | 'projects.delete'
  | 'conversations.list'
  | 'conversations.create'
  | 'conversations.rename'
  | 'conversations.delete'
  | 'messages.list'
  | 'messages.post'
  | 'other';

export interface RouteMatch {
  readonly name: RouteName;
  /** Without the query, dot segments resolved. */
  readonly path: string;
  readonly query: string;
  /** As written in the path; not yet known to be an integer. */
  readonly project: string | undefined;
  readonly sessionId: string | undefined;
  /** For 'other': the methods the path would take; empty when there is no such path. */
  readonly allowed: readonly string[];
}

type Methods = Readonly<Partial<Record<string, RouteName>>>;

const PREFIX = '/api/v1/';

/** By path; a star stands for an id. */
const PATHS: ReadonlyMap<string, Methods> = new Map<string, Methods>([
  ['user', { GET: 'user' }],
  ['limits/usage', { GET: 'limits' }],
  ['projects', { GET: 'projects.list' }],
  ['projects/*', { GET: 'projects.get', DELETE: 'projects.delete' }],
  ['projects/*/settings', { GET: 'projects.settings' }],
  ['projects/*/conversations', { GET: 'conversations.list', POST: 'conversations.create' }],
  ['projects/*/conversations/*', { PUT: 'conversations.rename', DELETE: 'conversations.delete' }],
  ['projects/*/conversations/*/messages', { GET: 'messages.list', POST: 'messages.post' }],
]);
const NOWHERE: Methods = {};

/** Which route a request line means. HEAD is answered wherever GET is, as the vendor's framework does. */
export function matchRoute(method: string, target: string): RouteMatch {
  const { path, query } = splitTarget(target);
  const isApi = path.startsWith(PREFIX);
  const segments = isApi ? path.slice(PREFIX.length).split('/') : [];
  const methods = methodsOf(segments);
  const [resource, project, , session] = segments;
  const name = methods[method === 'HEAD' ? 'GET' : method];
  const isProjectPath = resource === 'projects' && methods !== NOWHERE;
  return {
    name: name ?? 'other',
    path,
    query,
    project: isProjectPath ? project : undefined,
    sessionId: isProjectPath && session !== undefined ? decode(session) : undefined,
    allowed: name === undefined ? allowedBy(methods) : [],
  };
}

function methodsOf(segments: readonly string[]): Methods {
  const isId = (index: number): boolean => segments[0] === 'projects' && (index === 1 || index === 3);
  // An id that is empty is none.
  const path = segments.map((segment, index) => (segment !== '' && isId(index) ? '*' : segment));
  return PATHS.get(path.join('/')) ?? NOWHERE;
}

function allowedBy(methods: Methods): readonly string[] {
  return Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

/**
 * Dot segments are resolved and a slash at the end is dropped, as web servers in front of such services do: a client
 * that lets `..` through as a session id must find its project deleted here, not out there.
 */
function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  const query = mark === -1 ? '' : target.slice(mark + 1);
  let path = mark === -1 ? target : target.slice(0, mark);
  if (path.includes('.') || path.includes('%') || !path.startsWith('/')) {
    path = URL.canParse(path, 'http://sandbox') ? new URL(path, 'http://sandbox').pathname : '/';
  }
  return { path: path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path, query };
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
