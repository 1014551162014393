// What the account says by itself, route by route.
import type { Account, Conversation, Project } from './account.js';
import { type Behave, type Route, inProject } from './behave.js';
import { type Reply, failure, missing, success } from './bodies.js';
import { iso, listed, paginate, rowOf, sorted } from './pages.js';
import { talkOf } from './talk.js';

export interface Place {
  route: Route;
  project: number | null;
  session: string | null;
}

const one = '/api/v1/projects/([^/]+)';
const routes: [Route, string, RegExp][] = [
  ['user', 'GET', /^\/api\/v1\/user$/],
  ['projects', 'GET', /^\/api\/v1\/projects$/],
  ['project', 'GET', new RegExp(`^${one}$`)],
  ['settings', 'GET', new RegExp(`^${one}/settings$`)],
  ['list', 'GET', new RegExp(`^${one}/conversations$`)],
  ['messages', 'GET', new RegExp(`^${one}/conversations/([^/]+)/messages$`)],
  ['delete', 'DELETE', new RegExp(`^${one}/conversations/([^/]+)$`)],
];

/** Reads method and path; what the vendor's document does not have is `none`. */
export function placeOf(method: string, path: string): Place {
  for (const [route, wanted, shape] of routes) {
    const found = method === wanted ? shape.exec(path) : null;
    if (found === null) continue;
    const [, project, session] = found;
    return {
      route,
      project: project === undefined ? null : /^\d+$/.test(project) ? Number(project) : -1,
      session: session === undefined ? null : decodeURIComponent(session),
    };
  }
  return { route: 'none', project: null, session: null };
}

export interface Question {
  account: Account;
  behave: Behave;
  place: Place;
  url: URL;
}

export function answer(question: Question): Reply {
  const { account, place, url } = question;
  const behave = inProject(question.behave, place.project);
  if (place.route === 'none') return missing('project', '0', { url: url.href, behave });
  if (place.route === 'user') return success({ name: 'J', email: 'j@example.org', ...account.user });
  if (place.route === 'projects') return projects(question);
  const id = place.project ?? -1;
  const project = account.unseen.has(id) ? undefined : account.project(id);
  if (project === undefined) return missing('project', String(id), { url: url.href, behave });
  if (place.route === 'project') return success(projectRow(account, id));
  if (place.route === 'settings')
    return success({ conversation_retention_period: 'never', conversation_retention_days: 0 });
  if (place.route === 'list') return list({ ...question, behave }, project);
  return ofConversation({ ...question, behave }, account.find(id, place.session ?? ''));
}

function list({ account, behave, url }: Question, project: Project): Reply {
  const paging = behave.paging ?? {};
  if (paging.deepest !== undefined && Number(url.searchParams.get('page') ?? '1') > paging.deepest)
    return failure(422, url.href, 'The page is too deep');
  const userFilter = url.searchParams.get('userFilter') ?? 'all';
  const rows = sorted(listed(account, project, { behave, userFilter }), url.searchParams, paging);
  const pages = paginate(rows, url, paging);
  return success({ ...pages, data: pages.data.map((row) => rowOf(row, behave)) });
}

function projects({ account, behave, url }: Question): Reply {
  const seen = account.projects.filter((one) => !one.removed && !account.unseen.has(one.id));
  const wanted = url.searchParams.get('order') === 'asc' ? seen : [...seen].reverse();
  const pages = paginate(wanted, url, { size: 10, as_text: behave.paging?.as_text ?? false });
  return success({ ...pages, data: pages.data.map((one) => projectRow(account, one.id)) });
}

function projectRow(account: Account, id: number): Record<string, unknown> {
  const created = iso(account.born - 900 * 86_400_000);
  return {
    id,
    project_name: account.project(id)?.name,
    user_id: account.user.id,
    team_id: account.user.team_id ?? null,
    created_at: created,
    updated_at: created,
    deleted_at: null,
    type: 'SITEMAP',
    is_shared: 0,
    is_chat_active: true,
  };
}

function ofConversation(question: Question, one: Conversation | undefined): Reply {
  const { account, behave, place, url } = question;
  const id = place.session ?? '';
  const asked = { url: url.href, behave };
  if (behave.shape?.test(id) === false) return failure(400, url.href, 'The session id is malformed');
  const deleting = place.route === 'delete';
  if (one !== undefined && !account.rights[deleting ? 'delete' : 'read'].has(one.kind))
    return behave.forbidden === 403
      ? failure(403, url.href, 'This action is unauthorized.')
      : missing('conversation', id, asked);
  if (one === undefined || !readable(one, behave, deleting)) return missing('conversation', id, asked);
  if (deleting) return success({ deleted: true });
  return success({ conversation: rowOf(one, behave), messages: talkOf(one, url, behave.messages ?? {}) });
}

/** Reads may be stale after a DELETE; a DELETE never is. */
function readable(one: Conversation, behave: Behave, deleting: boolean): boolean {
  if (one.goneAt === null) return true;
  return !deleting && Date.now() < one.goneAt + (behave.stale?.read_ms ?? 0);
}
