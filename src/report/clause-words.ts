import type { LastMessage } from '../core/conversation.ts';
import { instantOf } from '../core/decide.ts';
import { formatDuration } from '../core/duration.ts';
import type { ClauseExplained } from '../core/explain.ts';
import { inWords, type Instant } from '../core/instant.ts';
import type { AgeClock, Selector, Subject, Truth } from '../core/selector.ts';
import { grouped, minuteAndSecond } from './quantities.ts';

/** Ids and patterns are listed up to this many, and counted beyond. */
const MOST_LISTED = 5;

export const TRUTH_WORDS: Readonly<Record<Truth, string>> = { yes: 'true', no: 'false', unknown: 'unknown' };

/** A clause as a policy spells it: `older_than 90d`, `name ["test-*"]`, `all`. */
export function clauseWords(selector: Selector): string {
  switch (selector.kind) {
    case 'older_than': {
      const from = selector.clock === 'created' ? '' : `, age_from ${selector.clock}`;
      return `older_than ${formatDuration(selector.duration)}${from}`;
    }
    case 'name': {
      const [first] = selector.matchers;
      const how = first === undefined || first.how === 'glob' ? '' : ` ${first.how}`;
      const ignoring = first?.ignoreCase === true ? ', ignore_case' : '';
      return `name${how} ${listed(selector.matchers.map(({ pattern }) => pattern))}${ignoring}`;
    }
    case 'created_by':
      return `created_by ${listed([...selector.users])}`;
    case 'session_ids':
      return `session_ids ${listed([...selector.ids])}`;
    case 'everything':
    case 'any':
    case 'all':
    case 'not':
      return selector.kind;
  }
}

/** What a clause compared, as the end of a line; '' where the line says it all. */
export function comparedWords(
  { selector, cutoff, wantsLastMessage }: ClauseExplained,
  subject: Subject,
  timeZone: string,
): string {
  if (selector.kind === 'created_by') return creatorWords(subject);
  if (selector.kind !== 'older_than' || cutoff === undefined) return '';
  const at = minuteAndSecond(cutoff, timeZone);
  // No clock makes it older than its creation does.
  const bound = selector.clock === 'created' ? '' : `${dateWords(subject, 'created', timeZone)}, `;
  const own = wantsLastMessage ? 'newest message not read' : dateWords(subject, selector.clock, timeZone);
  return `${bound}${own}, cutoff ${at}`;
}

function creatorWords({ conversation: { createdBy } }: Subject): string {
  if (createdBy === undefined) return 'its creator is not known';
  return createdBy === 'anonymous' ? 'created by an anonymous visitor' : `created by user ${createdBy}`;
}

const CLOCK_WORDS: Readonly<Record<AgeClock, string>> = {
  created: 'created',
  updated: 'updated',
  last_message: 'newest message',
};

function dateWords(subject: Subject, clock: AgeClock, timeZone: string): string {
  const at = instantOf(subject, clock);
  const isUnread = clock === 'last_message' && subject.lastMessage.state === 'unread';
  return `${CLOCK_WORDS[clock]} ${isUnread ? 'not read' : instantWords(at, timeZone)}`;
}

/** `2026-01-03 10:00:00`; `not known`. */
export function instantWords(at: Instant | undefined, timeZone: string): string {
  if (at === undefined) return 'not known';
  return typeof at === 'string' ? inWords(at) : minuteAndSecond(at, timeZone);
}

export function lastMessageWords(lastMessage: LastMessage, timeZone: string): string {
  return lastMessage.state === 'unread'
    ? 'not read: no rule needs it'
    : instantWords(lastMessage.at, timeZone);
}

function listed(values: readonly string[]): string {
  const told = values.slice(0, MOST_LISTED).map((value) => JSON.stringify(value));
  const more = values.length - told.length;
  return `[${[...told, ...(more > 0 ? [`… ${grouped(more)} more`] : [])].join(', ')}]`;
}
