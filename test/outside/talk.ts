// The messages of one conversation, in the pages and the order that a scene asks for.
import type { Conversation, Message } from './account.js';
import type { MessagePaging } from './behave.js';
import { iso, paginate } from './pages.js';

export const SPOKEN = 'Where-is-my-parcel-QX71';
export const ADDRESS = '198.51.100.7';

export function talkOf(one: Conversation, url: URL, behave: MessagePaging): Record<string, unknown> {
  const size = behave.size ?? 20;
  const pages = paginate(inOrder(one, url, behave), url, { size });
  return {
    ...pages,
    ...(behave.last_page === undefined ? {} : { last_page: behave.last_page, next_page_url: null }),
    ...(behave.total === undefined ? {} : { total: behave.total }),
    data: pages.data.map((message) => ({
      id: message.id,
      user_id: one.createdBy,
      user_query: SPOKEN,
      openai_response: `Answer to ${SPOKEN}`,
      created_at: behave.date === 'rough' ? rough(message.at) : iso(message.at),
      updated_at: behave.date === 'rough' ? rough(message.at) : iso(message.at),
      conversation_id: one.id,
      citations: [],
      metadata: { user_ip: ADDRESS, user_agent: 'Mozilla/5.0', external_id: null, request_source: 'web' },
      response_feedback: { created_at: null, updated_at: null, user_id: null, reaction: null },
    })),
  };
}

function inOrder(one: Conversation, url: URL, behave: MessagePaging): Message[] {
  const rising = [...one.messages].sort((a, b) => a.at - b.at);
  if (behave.order === 'ignored') return rising;
  if (behave.order === 'oldest_page_first') return pagesTurned(rising, behave.size ?? 20);
  return url.searchParams.get('order') === 'asc' ? rising : rising.reverse();
}

/** The oldest page first, and on each page the newest first. */
function pagesTurned(rising: Message[], size: number): Message[] {
  const turned: Message[] = [];
  for (let at = 0; at < rising.length; at += size) turned.push(...rising.slice(at, at + size).reverse());
  return turned;
}

/** `25 Jun 2023 05:01:11`: twelve hours without AM or PM, and no zone. */
function rough(ms: number): string {
  const [, date, month, year, time] = new Date(ms).toUTCString().split(/[ ,]+/);
  const [hour = '0', ...rest] = (time ?? '').split(':');
  const twelve = Number(hour) % 12 || 12;
  return `${date ?? ''} ${month ?? ''} ${year ?? ''} ${[String(twelve).padStart(2, '0'), ...rest].join(':')}`;
}
