import type { Reply } from './api.ts';
import type { Fate } from './fate.ts';

/** A page of a list that is not what it should be. */
export function damageList(
  reply: Reply,
  how: Extract<Fate, { kind: 'listing' }>['how'] | 'other-page',
): Reply {
  const list = (reply.body as { data?: { data?: unknown[]; current_page?: number; last_page?: number } })
    .data;
  if (list?.data === undefined) return reply;
  const { data, current_page = 1, last_page = 1 } = list;
  const put = (change: object, shown = reply.shown): Reply => ({
    ...reply,
    shown,
    body: { ...(reply.body as object), data: { ...list, ...change } },
  });
  switch (how) {
    case 'short':
      return put({ data: data.slice(0, -1) }, reply.shown.slice(0, -1));
    case 'empty':
      return put({ data: [] }, []);
    case 'repeated':
      return put({ data: [...data.slice(0, -1), data[0]] }, reply.shown.slice(0, -1));
    case 'row-missing':
      return put({ data: data.slice(1), total: Math.max(0, data.length - 1) }, reply.shown.slice(1));
    case 'no-ids':
      return put({ data: data.map((row) => ({ ...(row as object), session_id: null })) }, []);
    case 'other-page':
      return put({ current_page: current_page + 1, last_page: last_page + 1 });
  }
}

const WHOLE_DATE = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** The same, told with other creation dates; what is only roughly told stays. */
export function createdLater(reply: Reply, ms: number): Reply {
  if (ms === 0 || typeof reply.body !== 'object') return reply;
  // A page that repeats its first row may have none.
  const told = <T extends object | undefined>(row: T): T => {
    const { created_at: at } = (row ?? {}) as { readonly created_at?: unknown };
    if (typeof at !== 'string' || !WHOLE_DATE.test(at)) return row;
    return { ...row, created_at: new Date(Date.parse(at) + ms).toISOString() };
  };
  const shown = reply.shown.map((one) => ({ ...one, row: told(one.row) }));
  const { data, ...rest } = reply.body as {
    data?: { data?: (object | undefined)[]; conversation?: object };
  };
  if (data === undefined) return reply;
  const inData = {
    ...(data.data === undefined ? {} : { data: data.data.map(told) }),
    ...(data.conversation === undefined ? {} : { conversation: told(data.conversation) }),
  };
  return { ...reply, shown, body: { ...rest, data: { ...data, ...inData } } };
}
