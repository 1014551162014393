import type { Account, SimProject, Talk } from './account.ts';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** What it shows of conversations, for whoever checks what the worker could know. */
  readonly shown: readonly Shown[];
  /** The connection breaks in the middle of the body. */
  readonly isCut?: boolean;
}

export interface Shown {
  readonly talk: Talk;
  readonly row: Talk['row'];
  /** As far as the page shows them; `unread` in a list. */
  readonly messages: readonly unknown[] | 'unread';
}

export interface Ask {
  readonly method: string;
  readonly path: string;
}

export type Route =
  | { readonly kind: 'user' }
  | { readonly kind: 'projects'; readonly page: number }
  | { readonly kind: 'conversations'; readonly projectId: number; readonly page: number }
  | {
      readonly kind: 'messages';
      readonly projectId: number;
      readonly sessionId: string;
      readonly page: number;
    }
  | { readonly kind: 'delete'; readonly projectId: number; readonly sessionId: string };

export function routeOf({ method, path }: Ask): Route {
  if (method === 'GET' && path === '/api/v1/user') return { kind: 'user' };
  const [, project, session, isMessages, query = ''] =
    /^\/api\/v1\/projects(?:\/(\d+)\/conversations(?:\/([A-Za-z0-9_-]+)(\/messages)?)?)?(\?.*)?$/.exec(
      path,
    ) ?? [];
  const page = Number(new URLSearchParams(query).get('page') ?? 1);
  const projectId = Number(project);
  if (method === 'GET' && project === undefined) return { kind: 'projects', page };
  if (method === 'GET' && session === undefined) return { kind: 'conversations', projectId, page };
  if (session === undefined) throw new Error(`${method} ${path} is nothing that this program may send`);
  if (method === 'GET' && isMessages !== undefined)
    return { kind: 'messages', projectId, sessionId: session, page };
  if (method === 'DELETE' && isMessages === undefined)
    return { kind: 'delete', projectId, sessionId: session };
  throw new Error(`${method} ${path} is nothing that this program may send`);
}

/** What the vendor answers when nothing is wrong with it. `onDelete` ends a conversation. */
export function answer(
  account: Account,
  route: Route,
  at: { readonly now: number; readonly onDelete: (talk: Talk) => void },
): Reply {
  if (!account.keyWorks) return failure(401, 'Unauthenticated');
  if (route.kind === 'user') return user(account);
  if (route.kind === 'projects') return projects(account, route.page);
  const project = account.project(route.projectId);
  if (project === undefined || project.state === 'gone') return failure(404, 'Agent not found');
  if (project.state === 'forbidden') return failure(403, 'Forbidden');
  switch (route.kind) {
    case 'conversations':
      return conversations(account, project, { page: route.page, now: at.now });
    case 'messages':
      return messages(account, project, { ...route, now: at.now });
    case 'delete':
      return remove(account, route, at);
  }
}

function user({ owner }: Account): Reply {
  if (owner === 'nobody') return failure(403, 'Forbidden');
  const data = { id: 9, current_team_id: owner === 'team' ? '7' : null };
  return { status: 200, body: { data, status: 'success' }, shown: [] };
}

function projects(account: Account, page: number): Reply {
  const visible = account.projects.filter(({ state }) => state !== 'gone');
  const rows = visible.map(({ id, name }) => ({ id, project_name: name }));
  const { data } = paged(rows, page, account.habits.projectPageSize);
  return { status: 200, body: success(account, data), shown: [] };
}

function conversations(account: Account, project: SimProject, of: { page: number; now: number }): Reply {
  const { pageSize, sortsAsAsked } = account.habits;
  const there = project.talks.filter((talk) => talk.goneAt === undefined || of.now < talk.listedUntil);
  const sorted = [...there].sort(
    sortsAsAsked ? (a, b) => a.bornAt - b.bornAt || a.id - b.id : (a, b) => b.id - a.id,
  );
  const { data, items } = paged(sorted, of.page, pageSize);
  const shown = items.map((talk) => ({ talk, row: { ...talk.row }, messages: 'unread' as const }));
  const body = success(account, {
    ...data,
    data: shown.map(({ talk, row }) => ({ id: talk.id, ended_at: null, ...row })),
  });
  return { status: 200, body, shown };
}

function messages(
  account: Account,
  project: SimProject,
  of: { sessionId: string; page: number; now: number },
): Reply {
  const { messagePageSize, sortsMessagesAsAsked } = account.habits;
  const same = project.talks.filter(({ row }) => row.session_id === of.sessionId);
  const talk =
    same.find(({ goneAt }) => goneAt === undefined) ??
    same.findLast(({ answersUntil }) => of.now < answersUntil);
  if (talk === undefined) return failure(404, 'Conversation not found');
  const order = sortsMessagesAsAsked ? [...talk.messages].reverse() : [...talk.messages];
  const { data, items } = paged(order, of.page, messagePageSize);
  const before = (of.page - 1) * messagePageSize;
  const list = { ...data, data: items.map((created_at, index) => ({ id: before + index + 1, created_at })) };
  const row = { ...talk.row };
  const body = { data: { conversation: { id: talk.id, ...row }, messages: list }, status: 'success' };
  return { status: 200, body, shown: [{ talk, row, messages: [...talk.messages] }] };
}

function remove(
  account: Account,
  { projectId, sessionId }: Extract<Route, { kind: 'delete' }>,
  { onDelete }: { readonly onDelete: (talk: Talk) => void },
): Reply {
  const talk = account.living(projectId, sessionId);
  if (talk === undefined && account.habits.secondDeleteAnswers === 404)
    return failure(404, 'Conversation not found');
  if (talk !== undefined) onDelete(talk);
  return { status: 200, body: { data: { deleted: true }, status: 'success' }, shown: [] };
}

export function failure(status: number, message: string): Reply {
  const body = { status: 'error', url: 'https://app.customgpt.ai/', data: { code: status, message } };
  return { status, body, shown: [] };
}

function paged<T>(
  all: readonly T[],
  page: number,
  size: number,
): { data: Record<string, unknown>; items: readonly T[] } {
  const items = all.slice((page - 1) * size, page * size);
  const last_page = Math.max(1, Math.ceil(all.length / size));
  return { data: { current_page: page, data: items, last_page, per_page: size, total: all.length }, items };
}

function success(account: Account, data: Record<string, unknown>): unknown {
  const { total, ...rest } = data;
  return { data: account.habits.saysTotal ? { ...rest, total } : rest, status: 'success' };
}
