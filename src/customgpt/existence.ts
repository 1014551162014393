import type { Conversation } from '../core/conversation.ts';
import { ApiError, failureInWords } from '../core/errors.ts';
import { parseInstant } from '../core/instant.ts';
import { wordsOfNotFound } from '../core/not-found-words.ts';
import type { Clock, Existence } from '../core/ports.ts';
import { isRecord, parseJson } from './answers.ts';
import type { Answer } from './request.ts';
import type { Call, Caller } from './retry.ts';
import { parseConversationRow, parseId } from './rows.ts';
import { parseMessages } from './schemas.ts';
import type { MessagesAnswer, Paginated } from './schemas.ts';
import type { Urls } from './urls.ts';

export interface ExistenceParts {
  readonly urls: Urls;
  readonly call: Caller;
  readonly clock: Clock;
}

export interface Question {
  readonly projectId: number;
  readonly sessionId: string;
  readonly purpose: 'messages' | 'calibrate' | 'verify';
  readonly signal: AbortSignal | undefined;
}

type Seen = MessagesAnswer & { readonly receivedAt: number };
type NotFound = Existence & { readonly state: 'not_found' };

/** Order of the rows of a page by their dates. All the same are `oldest_first`: they do not show that it is the other. */
type Order = 'newest_first' | 'oldest_first' | 'none';

/** GET …/messages, newest first. Throws ApiError `unauthorized` and `aborted` only; all else is an answer or no evidence. */
export async function askExistence(parts: ExistenceParts, question: Question): Promise<Existence> {
  try {
    const seen = await fetchMessages(parts, question, 1);
    return 'state' in seen ? seen : await present(parts, question, seen);
  } catch (error) {
    return withoutSight(error, parts.clock.now());
  }
}

function withoutSight(error: unknown, receivedAt: number): Existence {
  if (!(error instanceof ApiError)) throw error;
  const { status } = error;
  if (error.failure === 'unauthorized' || error.failure === 'aborted') throw error;
  const failure = error.failure === 'not_found' ? 'HTTP 404 without JSON' : failureInWords(error);
  return { state: 'no_evidence', status, failure, receivedAt };
}

function fetchMessages(parts: ExistenceParts, question: Question, page: number): Promise<Seen | NotFound> {
  const { projectId, sessionId, purpose, signal } = question;
  const call: Call<Seen | NotFound> = {
    target: parts.urls.messages(projectId, sessionId, page),
    purpose,
    size: 'messages',
    signal,
    // Who verifies polls with a back-off of his own: two of them would multiply.
    repeat: purpose === 'verify' ? 'if_not_carried_out' : 'read',
    read: readMessages,
    notFound: ({ receivedAt }, json) => {
      const words = wordsOfNotFound(json, [String(projectId), sessionId]);
      return { state: 'not_found', status: 404, words, receivedAt };
    },
  };
  return parts.call(call);
}

function readMessages(answer: Answer): Seen | undefined {
  const messages = parseMessages(parseJson(answer.body));
  if (answer.status !== 200 || messages === undefined) return undefined;
  return { ...messages, receivedAt: answer.receivedAt };
}

async function present(parts: ExistenceParts, question: Question, seen: Seen): Promise<Existence> {
  const { receivedAt } = seen;
  if (isAnother(seen, question)) {
    return { state: 'no_evidence', status: 200, failure: 'another conversation', receivedAt };
  }
  return {
    state: 'present',
    status: 200,
    conversation: conversationOf(seen, question),
    lastMessageAt: await newestMessageAt(parts, question, seen.messages),
    receivedAt,
  };
}

/** True when the answer names a session or project that was not asked about. */
function isAnother({ conversation }: Seen, { projectId, sessionId }: Question): boolean {
  if (conversation === undefined) return false;
  const claimed = conversation['session_id'] ?? sessionId;
  return claimed !== sessionId || parseId(conversation['project_id'] ?? projectId) !== projectId;
}

function conversationOf({ conversation }: Seen, { projectId }: Question): Conversation | undefined {
  const row = parseConversationRow(conversation, projectId);
  if (row.kind === 'unusable') return undefined;
  const { name, sessionId, createdAt, updatedAt, createdBy } = row;
  return { projectId, sessionId, name, createdAt, updatedAt, createdBy };
}

/**
 * The newest `created_at` of the messages; undefined where it cannot be known: one date on the page unusable, pages
 * missing, rows in no order. A server that ignores `order=desc` has its newest message on the last page.
 */
async function newestMessageAt(
  parts: ExistenceParts,
  question: Question,
  first: Paginated | undefined,
): Promise<number | undefined> {
  const dates = datesOf(first, 1);
  if (first === undefined || dates === undefined) return undefined;
  if (first.lastPage <= 1) return max(dates);
  const order = orderOf(dates);
  if (order === 'newest_first') return max(dates);
  if (order === 'none' || question.purpose !== 'messages') return undefined;
  const last = await lastPageDates(parts, question, first.lastPage);
  return last === undefined ? undefined : max([...dates, ...last]);
}

async function lastPageDates(
  parts: ExistenceParts,
  question: Question,
  page: number,
): Promise<readonly number[] | undefined> {
  try {
    const seen = await fetchMessages(parts, question, page);
    const messages = 'state' in seen ? undefined : seen.messages;
    return messages?.lastPage === page ? datesOf(messages, page) : undefined;
  } catch (error) {
    // That the conversation is there is known from the first page; only its newest message stays unknown.
    withoutSight(error, 0);
    return undefined;
  }
}

/** Undefined when it is not the page asked for, or one of the dates is unusable. */
function datesOf(page: Paginated | undefined, asked: number): readonly number[] | undefined {
  if (page?.page !== asked) return undefined;
  const dates = page.rows.map((row) => (isRecord(row) ? parseInstant(row['created_at']) : undefined));
  return dates.every((date) => date !== undefined) ? dates : undefined;
}

function orderOf(dates: readonly number[]): Order {
  const steps = dates.slice(1).map((date, index) => date - (dates[index] ?? date));
  const rises = steps.some((step) => step > 0);
  const falls = steps.some((step) => step < 0);
  if (rises && falls) return 'none';
  return falls ? 'newest_first' : 'oldest_first';
}

function max(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((most, value) => Math.max(most, value));
}
