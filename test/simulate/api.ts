import { type Account, type SimProject, type Talk, type Words } from './account.ts';

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

type Order = 'oldest' | 'newest' | 'id';

export type Route =
  | { readonly kind: 'user' }
  | { readonly kind: 'projects'; readonly page: number }
  | {
      readonly kind: 'conversations';
      readonly projectId: number;
      readonly page: number;
      readonly order: Order;
    }
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
  const asked = new URLSearchParams(query);
  const page = Number(asked.get('page') ?? 1);
  const projectId = Number(project);
  if (method === 'GET' && project === undefined) return { kind: 'projects', page };
  if (method === 'GET' && session === undefined)
    return { kind: 'conversations', projectId, page, order: orderOf(asked) };
  if (session === undefined) throw new Error(`${method} ${path} is nothing that this program may send`);
  if (method === 'GET' && isMessages !== undefined)
    return { kind: 'messages', projectId, sessionId: session, page };
  if (method === 'DELETE' && isMessages === undefined)
    return { kind: 'delete', projectId, sessionId: session };
  throw new Error(`${method} ${path} is nothing that this program may send`);
}

function orderOf(asked: URLSearchParams): Order {
  if (asked.get('orderBy') === 'id') return 'id';
  return asked.get('order') === 'desc' ? 'newest' : 'oldest';
}

/** What the vendor answers when nothing is wrong with it. `onDelete` ends a conversation. */
export function answer(
  account: Account,
  route: Route,
  at: {
    readonly now: number;
    readonly onDelete: (talk: Talk) => void;
    /** In [0, 1), for what comes in any order. */
    readonly chance: () => number;
  },
): Reply {
  if (!account.keyWorks) return failure(401, 'Unauthenticated');
  if (route.kind === 'user') return user(account);
  if (route.kind === 'projects') return projects(account, route.page);
  const project = account.project(route.projectId);
  if (project === undefined || project.state === 'gone') return failure(404, 'Agent not found');
  if (project.state === 'forbidden') return failure(403, 'Forbidden');
  switch (route.kind) {
    case 'conversations':
      return conversations(account, project, { ...route, ...at });
    case 'messages':
      return messages(account, project, { ...route, now: at.now });
    case 'delete':
      return remove(account, route, at);
  }
}

function user({ owner, ids, user: id }: Account): Reply {
  if (owner === 'nobody') return failure(403, 'Forbidden');
  const data = { id, current_team_id: owner === 'team' ? ids.team : null };
  return { status: 200, body: { data, status: 'success' }, shown: [] };
}

function projects(account: Account, page: number): Reply {
  const visible = account.projects.filter(({ state }) => state !== 'gone');
  const rows = visible.map(({ id, name }) => ({ id, project_name: name }));
  const { data } = paged(rows, page, account.habits.projectPageSize);
  return { status: 200, body: success(account, data), shown: [] };
}

function conversations(
  account: Account,
  project: SimProject,
  of: { readonly page: number; readonly order: Order; readonly now: number; readonly chance: () => number },
): Reply {
  const sorted = inOrder(
    account,
    project.talks.filter((talk) => isListed(account, talk, of.now)),
    of,
  );
  const { data, items } = paged(sorted, of.page, account.habits.pageSize);
  const shown = items.map((talk) => ({ talk, row: { ...talk.row }, messages: 'unread' as const }));
  const body = success(account, {
    ...data,
    data: shown.map(({ talk, row }) => ({ id: talk.id, ended_at: null, ...row, ...markOf(account, talk) })),
  });
  return { status: 200, body, shown };
}

function isListed(account: Account, talk: Talk, now: number): boolean {
  if (account.isHidden(talk)) return false;
  if (talk.goneAt === undefined || now < talk.listedUntil) return true;
  const { project_id: projectId, session_id: sessionId } = talk.row;
  return (
    account.habits.marksDeleted &&
    account.project(projectId)?.talks.findLast(({ row }) => row.session_id === sessionId) === talk
  );
}

function markOf({ habits }: Account, { goneAt }: Talk): object {
  return habits.marksDeleted && goneAt !== undefined ? { deleted_at: new Date(goneAt).toISOString() } : {};
}

function inOrder(
  { habits }: Account,
  talks: readonly Talk[],
  { order, chance }: { readonly order: Order; readonly chance: () => number },
): readonly Talk[] {
  if (!habits.sortsAsAsked) return talks.toSorted((a, b) => b.id - a.id);
  if (order === 'id') return talks.toSorted((a, b) => a.id - b.id);
  const ties = new Map(talks.map((talk) => [talk, habits.shufflesTies ? chance() : talk.id]));
  const sorted = talks.toSorted((a, b) => a.bornAt - b.bornAt || (ties.get(a) ?? 0) - (ties.get(b) ?? 0));
  return order === 'oldest' ? sorted : sorted.reverse();
}

function messages(
  account: Account,
  project: SimProject,
  of: { sessionId: string; page: number; now: number },
): Reply {
  const { messagePageSize, sortsMessagesAsAsked, goneWords } = account.habits;
  const same = project.talks.filter(({ row }) => row.session_id === of.sessionId);
  const talk =
    same.find(({ goneAt }) => goneAt === undefined) ??
    same.findLast(({ answersUntil }) => of.now < answersUntil);
  const [one] = same;
  if (one !== undefined && account.isHidden(one) && account.narrowed?.answers === 403)
    return failure(403, 'Forbidden');
  if (talk === undefined && one !== undefined && !account.isHidden(one)) return notFound(goneWords, of);
  if (talk === undefined || talk.isHollow || account.isHidden(talk)) return unknownTo(account, of);
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
  { onDelete, now }: { readonly onDelete: (talk: Talk) => void; readonly now: number },
): Reply {
  const talk = account.living(projectId, sessionId);
  if (talk === undefined && account.habits.secondDeleteAnswers === 404)
    return unknownTo(account, { sessionId, now });
  if (talk !== undefined && account.narrowed?.kinds.includes(account.kindOf(talk)) === true)
    return failure(403, 'Forbidden');
  if (talk !== undefined) onDelete(talk);
  return DELETED;
}

export const DELETED: Reply = {
  status: 200,
  body: { data: { deleted: true }, status: 'success' },
  shown: [],
};

/** What an id gets that nobody ever had. */
export function unknownTo({ habits }: Account, asked: { sessionId: string; now: number }): Reply {
  return notFound(habits.unknownWords, asked);
}

/** A 404 in words of its own; ids, dates and traces are others each time. */
function notFound(words: Words, { sessionId, now }: { sessionId: string; now: number }): Reply {
  switch (words) {
    case 'documented':
      return failure(404, 'Conversation not found');
    case 'localized':
      return failure(404, 'Unterhaltung nicht gefunden');
    case 'deleted':
      return failure(404, 'This conversation has been deleted');
    case 'framework':
      return json404({
        message: `No query results for model [App\\Conversation] ${sessionId.toUpperCase()}`,
      });
    case 'fleeting': {
      const timestamp = new Date(now).toISOString();
      return json404({ error: { code: 404, message: `Unknown conversation at ${timestamp}`, timestamp } });
    }
  }
}

/** A gateway that does not know the way. */
export const NO_ROUTE = json404({ status: 'error', message: 'no Route matched' });

function json404(body: unknown): Reply {
  return { status: 404, body, shown: [] };
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
