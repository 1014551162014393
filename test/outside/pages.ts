// Lists: which rows there are, in which order, and Laravel's paginator around them.
import type { Account, Conversation, Kind, Project } from './account.js';
import type { Behave, Paging } from './behave.js';

export interface Listing {
  behave: Behave;
  userFilter: string;
}

const kinds: Kind[] = ['anonymous', 'team', 'own'];
const filters: Record<string, Kind[]> = {
  anonymous: ['anonymous'],
  team_member: ['team', 'own'],
  me: ['own'],
};

/** What a list shows now: what is there, what went a moment ago while lists are stale, and trashed rows. */
export function listed(account: Account, project: Project, how: Listing): Conversation[] {
  const { behave } = how;
  const now = Date.now();
  const asked = filters[how.userFilter] ?? kinds;
  const anew = new Set(project.conversations.filter((one) => one.goneAt === null).map((one) => one.session));
  return project.conversations.filter((one) => {
    if (!account.rights.read.has(one.kind) || !asked.includes(one.kind)) return false;
    if (behave.paging?.omits?.some((start) => one.name?.startsWith(start)) === true) return false;
    if (one.goneAt === null) return true;
    if (anew.has(one.session)) return false;
    return behave.trashed === true || now < one.goneAt + (behave.stale?.list_ms ?? 0);
  });
}

export function iso(ms: number): string {
  return new Date(ms).toISOString().replace(/Z$/, '000Z');
}

export function rowOf(one: Conversation, behave: Behave): Record<string, unknown> {
  const trashed = behave.trashed === true && one.goneAt !== null;
  return {
    id: one.id,
    created_at: iso(one.createdAt),
    updated_at: iso(one.updatedAt),
    session_id: one.session,
    project_id: one.project,
    created_by: one.createdBy,
    name: one.name,
    ended_at: null,
    ...(trashed ? { deleted_at: iso(one.goneAt ?? 0) } : {}),
    ...one.row,
  };
}

export function sorted(rows: Conversation[], query: URLSearchParams, paging: Paging): Conversation[] {
  const by = query.get('orderBy') === 'created_at' ? 'createdAt' : 'id';
  const sign = query.get('order') === 'asc' ? 1 : -1;
  const draw = new Map(rows.map((row) => [row, paging.shuffle_ties === true ? Math.random() : row.id]));
  const inOrder = [...rows].sort(
    (a, b) => sign * (a[by] - b[by]) || sign * ((draw.get(a) ?? 0) - (draw.get(b) ?? 0)),
  );
  if (paging.order === 'ignored') return scattered(rows);
  if (paging.order === 'rises_at_first') return risingAtFirst(rows, paging.size ?? 10);
  return inOrder;
}

/** One fixed order that has nothing to do with age. */
function scattered(rows: Conversation[]): Conversation[] {
  return [...rows].sort((a, b) => ((a.id * 7919) % 104_729) - ((b.id * 7919) % 104_729));
}

/** Three pages that rise by age, by chance, of young rows; the old ones come last. */
function risingAtFirst(rows: Conversation[], size: number): Conversation[] {
  const byAge = [...rows].sort((a, b) => a.createdAt - b.createdAt);
  const cut = Math.max(0, byAge.length - 3 * size);
  return [...byAge.slice(cut), ...byAge.slice(0, cut)];
}

function slice<T>(rows: T[], url: URL, paging: Paging): T[] {
  const size = paging.size ?? 10;
  const page = pageOf(url);
  const start = (page - 1) * size;
  const repeats =
    paging.repeats === 'always' || (paging.repeats === 'by_date' && url.search.includes('created_at'));
  if (!repeats || page === 1) return rows.slice(start, start + size);
  const again = rows[start - 1];
  const rest = rows.slice(start + 1, start + size);
  return again === undefined ? rest : [again, ...rest];
}

function pageOf(url: URL): number {
  return Math.max(1, Number(url.searchParams.get('page') ?? '1') || 1);
}

export function paginate<T>(rows: T[], url: URL, paging: Paging): Record<string, unknown> & { data: T[] } {
  const size = paging.size ?? 10;
  const page = pageOf(url);
  const last = Math.max(1, Math.ceil((rows.length / size) * (paging.last_page_factor ?? 1)));
  const data = slice(rows, url, paging);
  const at = (n: number): string => `${url.origin}${url.pathname}?page=${n}`;
  const from = data.length === 0 ? null : (page - 1) * size + 1;
  return {
    current_page: page,
    data,
    first_page_url: at(1),
    from,
    last_page: last,
    last_page_url: at(last),
    next_page_url: page < last ? at(page + 1) : null,
    path: url.origin + url.pathname,
    per_page: paging.as_text === true ? String(size) : size,
    prev_page_url: page > 1 ? at(page - 1) : null,
    to: from === null ? null : from + data.length - 1,
    total: Math.round(rows.length * (paging.total_factor ?? 1)) + (paging.total_add ?? 0),
  };
}
