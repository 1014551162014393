import { failure, json, page as webPage, projectNotFound, success, type Answer } from './answers.ts';
import { pageAsked, type ProjectCall, type World } from './call.ts';
import type { ConversationStore, Selection } from './conversation-store.ts';
import type { ConversationRecord, Message } from './conversation.ts';
import type { Creator, Faults } from './faults.ts';
import { misordered, withShuffledTies } from './misorder.ts';
import { paginate } from './pages.ts';
import { contains } from './project-routes.ts';
import { conversationRow, messageRow, timestamp, twelveHourDate } from './rows.ts';

const SESSION_ID = /^[A-Za-z0-9_-]{8,128}$/u;
const MAX_NAME_LENGTH = 255;
const CREDITS_SPENT =
  'You have exhausted your current query credits. Please contact customer service for further assistance.';

export function listConversations(world: World, call: ProjectCall): Answer {
  const { account, faults, now } = world;
  const store = account.store(call.projectId);
  if (!faults.keepDeletedRows) store.unlistRemoved(now() - faults.staleListMs);
  const { orderBy, descending, arrange } = orderOf(world, call);
  const where = readableAmong(world, filterOf(call, account.user.id));
  const request = pageAsked(world, call, pageSize(world, call));
  if (request.page > (faults.deepestPage ?? Infinity)) {
    return failure(422, call.url, 'The page may not be so large.');
  }
  const page = paginate(request, (offset, count) => {
    const { slots, total } = store.select({ orderBy, descending, offset, count, where, arrange });
    return { rows: slots.map((slot) => listRow(store, slot, faults)), total };
  });
  if (request.page > page.last_page && faults.pastLastPage === 404) {
    return projectNotFound(call.url, String(call.projectId));
  }
  moveRows(world, call.projectId);
  return success(page);
}

export function createConversation(world: World, call: ProjectCall): Answer {
  const { name = null } = call.fields;
  const problem = nameProblem(name);
  if (problem !== undefined) return failure(400, call.url, problem);
  const { account, faults } = world;
  const created = account.addConversation(call.projectId, {
    name: name as string | null,
    createdBy: account.user.id,
  });
  return success(conversationRow(created, faults), 201);
}

export function renameConversation(world: World, call: ProjectCall): Answer {
  const { account, faults } = world;
  const { projectId, sessionId } = call;
  const name = call.fields['name'];
  const conversation = account.conversation(projectId, sessionId);
  if (conversation === undefined) return missing(world, call);
  const problem = name === undefined ? 'The name field is required.' : nameProblem(name);
  if (problem !== undefined) return failure(400, call.url, problem);
  account.rename(projectId, sessionId, name as string | null);
  const renamed = account.conversation(projectId, sessionId) ?? conversation;
  return success(conversationRow(renamed, faults));
}

export function deleteConversation(world: World, call: ProjectCall): Answer {
  const { account, faults } = world;
  const { projectId, sessionId } = call;
  const deleted = success({ deleted: true });
  const conversation = account.conversation(projectId, sessionId);
  if (conversation === undefined) {
    if (faults.deleteTwice === 200 && isWellFormed(world, call)) return deleted;
    return missing(world, call);
  }
  if (isOf(world, faults.undeletable, conversation)) return withoutRight(world, call);
  const swallowed = faults.swallowDeletes || call.effect.swallow === true;
  if (!swallowed) account.removeConversation(projectId, sessionId);
  return deleted;
}

export function listMessages(world: World, call: ProjectCall): Answer {
  const { account, faults, now } = world;
  const store = account.store(call.projectId);
  const slot = store.find(call.sessionId);
  if (slot === undefined) return unknownMessages(world, call);
  if (!store.isAlive(slot) && store.removedAt(slot) + faults.staleReadsMs <= now())
    return missing(world, call);
  const record = store.record(slot);
  if (isOf(world, faults.unreadable, record)) return withoutRight(world, call);
  const messages = inMessageOrder(store.messages(slot), call.query.get('order') === 'asc', faults);
  const request = pageAsked(world, call, faults.messagesPageSize);
  const page = paginate(request, (offset, count) => ({
    rows: messages.slice(offset, offset + count).map((message) => shownMessage(message, record, faults)),
    total: messages.length,
  }));
  if (request.page > page.last_page && faults.pastLastPage === 404) return missing(world, call);
  return success({ conversation: conversationRow(record, faults), messages: page });
}

export function postMessage(world: World, call: ProjectCall): Answer {
  const { account, faults } = world;
  const { projectId, sessionId } = call;
  const prompt = call.fields['prompt'];
  if (!isWellFormed(world, call)) return missing(world, call);
  if (typeof prompt !== 'string' || prompt === '')
    return failure(400, call.url, 'The prompt field is required.');
  if (faults.creditsSpent) return failure(429, call.url, CREDITS_SPENT);
  const movesUpdatedAt = faults.messageMovesUpdatedAt;
  const message = account.postMessage(projectId, sessionId, { query: prompt, movesUpdatedAt });
  const store = account.store(projectId);
  const record = store.record(store.find(sessionId) ?? 0);
  return success(messageRow(message, record, faults.stringlyTyped));
}

/** A row of the list; what was deleted and stays listed says so. */
function listRow(store: ConversationStore, slot: number, faults: Faults): Record<string, unknown> {
  const row = conversationRow(store.record(slot), faults);
  if (!faults.keepDeletedRows || store.isAlive(slot)) return row;
  return { ...row, deleted_at: timestamp(store.removedAt(slot), faults.stringlyTyped) };
}

function inMessageOrder(
  oldestFirst: readonly Message[],
  ascending: boolean,
  { messageOrder, messagesPageSize: size }: Faults,
): readonly Message[] {
  if (messageOrder === 'oldest-first') return oldestFirst;
  if (messageOrder === 'as-asked') return ascending ? oldestFirst : oldestFirst.toReversed();
  const pages = Array.from({ length: Math.ceil(oldestFirst.length / size) }, (_, page) => page * size);
  return pages.flatMap((start) => oldestFirst.slice(start, start + size).toReversed());
}

function shownMessage(message: Message, record: ConversationRecord, faults: Faults): Record<string, unknown> {
  const row = messageRow(message, record, faults.stringlyTyped);
  return faults.messageDates === 'iso' ? row : { ...row, created_at: twelveHourDate(message.createdAt) };
}

function orderOf(world: World, call: ProjectCall): Pick<Selection, 'orderBy' | 'descending' | 'arrange'> {
  const { faults } = world;
  const { ignoreOrder, fraction } = faults;
  if (typeof ignoreOrder === 'string' && ignoreOrder !== 'scrambled') {
    const arrange = (slots: readonly number[]) => misordered(slots, ignoreOrder, fraction);
    return { orderBy: 'created_at', descending: false, arrange };
  }
  if (ignoreOrder === 'scrambled') return { orderBy: 'scrambled', descending: false };
  if (ignoreOrder) return { orderBy: 'id', descending: true };
  const orderBy = call.query.get('orderBy') === 'created_at' ? 'created_at' : 'id';
  const descending = call.query.get('order') !== 'asc';
  if (!faults.shuffleTies || orderBy === 'id') return { orderBy, descending };
  const store = world.account.store(call.projectId);
  const secondOf = (slot: number) => Math.floor(store.record(slot).createdAt / 1000);
  return { orderBy, descending, arrange: (slots) => withShuffledTies(slots, secondOf, fraction) };
}

function filterOf(call: ProjectCall, ownUserId: number): Selection['where'] {
  const name = call.query.get('name') ?? '';
  const users = userTest(call.query.get('userFilter'), ownUserId);
  if (name === '') return users;
  return (record) => (users?.(record) ?? true) && record.name !== null && contains(record.name, name);
}

function userTest(userFilter: string | null, ownUserId: number): Selection['where'] {
  if (userFilter === 'anonymous') return ({ createdBy }) => createdBy === null;
  if (userFilter === 'team_member') return ({ createdBy }) => createdBy !== null;
  if (userFilter === 'me') return ({ createdBy }) => createdBy === ownUserId;
  return undefined;
}

/** Whether one of these created it. */
function isOf(
  { account }: World,
  creators: ReadonlySet<Creator>,
  { createdBy }: Pick<ConversationRecord, 'createdBy'>,
): boolean {
  if (createdBy === null) return creators.has('anonymous');
  return creators.has('team') || (creators.has('colleague') && createdBy !== account.user.id);
}

function readableAmong(world: World, where: Selection['where']): Selection['where'] {
  const { unreadable } = world.faults;
  if (unreadable.size === 0) return where;
  return (record) => !isOf(world, unreadable, record) && (where?.(record) ?? true);
}

function withoutRight(world: World, call: ProjectCall): Answer {
  return world.faults.missingRight === 404 ? missing(world, call) : failure(403, call.url);
}

/** The messages of an id that nobody ever had. */
function unknownMessages(world: World, call: ProjectCall): Answer {
  const { unknownIds } = world.faults;
  if (unknownIds === 'html') return webPage(404);
  if (unknownIds === 404) return missing(world, call);
  const request = { page: 1, perPage: 20, url: call.listUrl, twist: call.effect, stringly: false };
  const messages = paginate(request, () => ({ rows: [], total: 0 }));
  return success({ conversation: { session_id: call.sessionId }, messages });
}

function pageSize(world: World, call: ProjectCall): number {
  const asked = world.faults.perPageHeeded ? call.query.get('per_page') : null;
  if (asked === null || !/^[1-9]\d{0,2}$/u.test(asked)) return world.faults.conversationsPageSize;
  return Math.min(100, Number(asked));
}

/** What other people do while somebody pages through a list. */
function moveRows(world: World, projectId: number): void {
  const { account, faults } = world;
  if (faults.shiftingPages) account.addConversation(projectId, { name: 'Arrived while paging' });
  if (!faults.shrinkingPages) return;
  const [oldest] = account.store(projectId).alive();
  if (oldest !== undefined) account.store(projectId).remove(oldest, world.now());
}

function nameProblem(name: unknown): string | undefined {
  if (name === null) return undefined;
  if (typeof name !== 'string') return 'The name must be a string.';
  // Characters as PHP counts them: code points.
  const isTooLong = Array.from(name).length > MAX_NAME_LENGTH;
  return isTooLong ? `The name may not be greater than ${MAX_NAME_LENGTH} characters.` : undefined;
}

function isWellFormed(world: World, { projectId, sessionId }: ProjectCall): boolean {
  // A test may have put an ill-formed id into the account on purpose; that one is served.
  if (world.account.has(projectId, sessionId)) return true;
  return SESSION_ID.test(sessionId) && world.faults.idShape?.test(sessionId) !== false;
}

function missing(world: World, call: ProjectCall): Answer {
  if (!isWellFormed(world, call)) return failure(400, call.url, 'Session id is malformed');
  const { notFoundBody, notFoundNames } = world.faults;
  const { projectId, sessionId } = call;
  const wasThere = world.account.store(projectId).find(sessionId) !== undefined;
  if (notFoundBody !== undefined) return json(404, notFoundBody({ projectId, sessionId, wasThere }));
  if (notFoundNames === 'project') return projectNotFound(call.url, String(projectId));
  return failure(404, call.url, `Conversation with session id ${sessionId} not found`);
}
