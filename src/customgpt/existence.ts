import type { Conversation } from '../core/conversation.ts';
import { failureInWords } from '../core/errors.ts';
import type { Instant } from '../core/instant.ts';
import { wordsOfNotFound } from '../core/not-found-words.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import type { CustomGptReader } from '../core/ports/vendor.ts';
import type { Existence } from '../core/vendor-answers.ts';
import { parseJson, withoutAnswer } from './answers.ts';
import type { Answer } from './request.ts';
import type { Asking } from './retry.ts';
import { newestMessageAt } from './newest-message.ts';
import { parseConversationRow, parseId } from './rows.ts';
import { parseMessages, type MessagesAnswer } from './schemas.ts';

export interface ExistenceParts extends Asking {
  readonly clock: Clock;
}

export type Question = Pick<Conversation, 'projectId' | 'sessionId'> &
  Parameters<CustomGptReader['existence']>[2];

type Seen = MessagesAnswer & { readonly receivedAt: number };
type NotFound = Existence & { readonly state: 'not_found' };

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
  const failed = withoutAnswer(error);
  const failure = failed.failure === 'not_found' ? 'HTTP 404 without JSON' : failureInWords(failed);
  return { state: 'no_evidence', status: failed.status, failure, receivedAt };
}

function fetchMessages(parts: ExistenceParts, question: Question, page: number): Promise<Seen | NotFound> {
  const { projectId, sessionId, purpose, signal } = question;
  return parts.call<Seen | NotFound>({
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
  });
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
    lastMessageAt: await newestOf(parts, question, seen),
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

async function newestOf(
  parts: ExistenceParts,
  question: Question,
  { conversation, messages: first }: Seen,
): Promise<Instant | undefined> {
  const isOneRequest = question.purpose !== 'messages' || question.onlyFirstPage === true;
  return newestMessageAt(first, {
    enoughAt: question.enoughAt,
    conversationId: parseId(conversation?.['id']),
    page: async (number) => {
      if (isOneRequest) return undefined;
      try {
        const seen = await fetchMessages(parts, question, number);
        return 'state' in seen ? undefined : seen.messages;
      } catch (error) {
        // That the conversation is there is known from the first page; only its newest message stays unknown.
        withoutAnswer(error);
        return undefined;
      }
    },
  });
}
