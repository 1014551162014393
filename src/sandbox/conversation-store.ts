import { ChunkedOrder } from './chunked-order.ts';
import { epochMs, MESSAGE_IDS_PER_CONVERSATION } from './conversation.ts';
import type { ContentSource, ConversationRecord, Message, NewConversation } from './conversation.ts';
import { NumberColumn } from './number-column.ts';
import { mix32 } from './random.ts';
import { idOfSession, sessionIdOf } from './session-ids.ts';

export interface Selection {
  readonly orderBy: 'id' | 'created_at' | 'scrambled';
  readonly descending: boolean;
  readonly offset: number;
  readonly count: number;
  readonly where?: ((record: ConversationRecord) => boolean) | undefined;
  /** Brings all slots, in the order asked for, into another one. */
  readonly arrange?: ((slots: readonly number[]) => readonly number[]) | undefined;
}

/** What differs from the computed content; only touched or hand-made conversations have one. */
interface Detail extends Pick<ConversationRecord, 'createdBy' | 'raw'> {
  name: string | null;
  updatedAt: number;
  readonly sessionId: string | undefined;
  readonly messages: Message[];
}

/**
 * The conversations of one project. Each has a slot; slots are handed out in the order of ids, so comparing slots
 * compares ids. Removed conversations keep their slot, which is what lets a stale read still find them.
 */
export class ConversationStore {
  readonly #projectId: number;
  readonly #seed: number;
  readonly #ids = new NumberColumn();
  readonly #createdAt = new NumberColumn();
  /** NaN while the conversation is there. */
  readonly #removedAt = new NumberColumn();
  readonly #details = new Map<number, Detail>();
  readonly #slotsBySession = new Map<string, number>();
  readonly #byId = new ChunkedOrder((a, b) => a - b);
  readonly #byCreation = new ChunkedOrder((a, b) => this.#createdAt.at(a) - this.#createdAt.at(b) || a - b);
  #source: ContentSource | undefined;
  readonly #unlistQueue: number[] = [];
  #aliveCount = 0;

  constructor(projectId: number, seed: number) {
    this.#projectId = projectId;
    this.#seed = seed;
  }

  get aliveCount(): number {
    return this.#aliveCount;
  }

  /** Conversations whose names and messages are computed on demand. Only on an empty store. */
  load(firstId: number, createdAt: readonly number[] | Float64Array, source: ContentSource): void {
    if (this.#ids.length > 0) throw new Error('Sample conversations go into an empty project.');
    this.#source = source;
    for (const column of [this.#ids, this.#createdAt, this.#removedAt]) column.reserve(createdAt.length);
    for (const [index, ms] of createdAt.entries()) this.#claim(firstId + index, ms);
  }

  add(id: number, conversation: NewConversation, nowMs: number): number {
    const { sessionId } = conversation;
    const existing = sessionId === undefined ? undefined : this.find(sessionId);
    if (existing !== undefined && this.isAlive(existing)) {
      throw new Error(`Project ${this.#projectId} has a conversation ${String(sessionId)} already.`);
    }
    const createdAt = epochMs(conversation.createdAt ?? nowMs);
    const slot = this.#claim(id, createdAt);
    if (sessionId !== undefined) this.#slotsBySession.set(sessionId, slot);
    const messages = (conversation.messages ?? [])
      .map((message) => ({ ...message, createdAt: epochMs(message.createdAt) }))
      .sort((a, b) => a.createdAt - b.createdAt);
    this.#details.set(slot, {
      name: conversation.name === undefined ? `Conversation ${id}` : conversation.name,
      updatedAt: epochMs(conversation.updatedAt ?? createdAt),
      createdBy: conversation.createdBy ?? null,
      sessionId,
      messages: messages.map((message, index) => ({
        id: messageId(id, index),
        userIp: '192.0.2.1',
        ...message,
      })),
      raw: conversation.raw,
    });
    return slot;
  }

  /** The slot that last had this session id, whether the conversation is still there or not. */
  find(sessionId: string): number | undefined {
    const stored = this.#slotsBySession.get(sessionId);
    if (stored !== undefined) return stored;
    const id = idOfSession(sessionId, this.#seed);
    const slot = id === undefined ? undefined : this.#ids.indexOfSorted(id);
    // A hand-made conversation answers to its own session id only.
    return slot !== undefined && this.#details.get(slot)?.sessionId === undefined ? slot : undefined;
  }

  isAlive(slot: number): boolean {
    return Number.isNaN(this.#removedAt.at(slot));
  }

  /** NaN while the conversation is there. */
  removedAt(slot: number): number {
    return this.#removedAt.at(slot);
  }

  remove(slot: number, atMs: number): void {
    if (!this.isAlive(slot)) return;
    this.#removedAt.set(slot, atMs);
    this.#aliveCount -= 1;
    this.#unlistQueue.push(slot);
  }

  rename(slot: number, name: string | null, atMs: number): void {
    const detail = this.#detail(slot);
    detail.name = name;
    detail.updatedAt = atMs;
  }

  post(slot: number, message: Omit<Message, 'id'>, movesUpdatedAt: boolean): Message {
    const detail = this.#detail(slot);
    const posted = { id: messageId(this.#ids.at(slot), detail.messages.length), ...message };
    detail.messages.push(posted);
    if (movesUpdatedAt) detail.updatedAt = message.createdAt;
    return posted;
  }

  record(slot: number): ConversationRecord {
    const id = this.#ids.at(slot);
    const createdAt = this.#createdAt.at(slot);
    const detail = this.#details.get(slot);
    const facts = detail ?? this.#content().facts(id, createdAt);
    return {
      id,
      projectId: this.#projectId,
      sessionId: detail?.sessionId ?? sessionIdOf(id, this.#seed),
      name: facts.name,
      createdAt,
      updatedAt: facts.updatedAt,
      createdBy: facts.createdBy,
      raw: detail?.raw,
    };
  }

  /** Oldest first. */
  messages(slot: number): readonly Message[] {
    const detail = this.#details.get(slot);
    return detail?.messages ?? this.#content().messages(this.#ids.at(slot), this.#createdAt.at(slot));
  }

  /** Takes what was removed before the given moment out of the lists. */
  unlistRemoved(beforeMs: number): void {
    const later = this.#unlistQueue.findIndex((slot) => this.#removedAt.at(slot) > beforeMs);
    const due = this.#unlistQueue.splice(0, later === -1 ? Infinity : later);
    for (const slot of due) {
      this.#byId.remove(slot);
      this.#byCreation.remove(slot);
    }
  }

  select(selection: Selection): { readonly slots: readonly number[]; readonly total: number } {
    const { orderBy, descending, offset, count, where, arrange } = selection;
    if (orderBy !== 'scrambled' && where === undefined && arrange === undefined) {
      const order = orderBy === 'id' ? this.#byId : this.#byCreation;
      return { slots: order.slice(offset, count, descending), total: order.length };
    }
    const slots = this.#all(orderBy).filter((slot) => where?.(this.record(slot)) ?? true);
    if (descending && orderBy !== 'scrambled') slots.reverse();
    const arranged = arrange?.(slots) ?? slots;
    return { slots: arranged.slice(offset, offset + count), total: slots.length };
  }

  /** The slots that are there, oldest first. */
  *alive(): Generator<number> {
    for (const slot of this.#byCreation) if (this.isAlive(slot)) yield slot;
  }

  #all(orderBy: Selection['orderBy']): number[] {
    if (orderBy === 'created_at') return [...this.#byCreation];
    if (orderBy === 'id') return [...this.#byId];
    return [...this.#byId].sort((a, b) => mix32(this.#ids.at(a)) - mix32(this.#ids.at(b)));
  }

  #claim(id: number, createdAt: number): number {
    const slot = this.#ids.length;
    this.#ids.push(id);
    this.#createdAt.push(createdAt);
    this.#removedAt.push(Number.NaN);
    this.#byId.insert(slot);
    this.#byCreation.insert(slot);
    this.#aliveCount += 1;
    return slot;
  }

  #detail(slot: number): Detail {
    const existing = this.#details.get(slot);
    if (existing !== undefined) return existing;
    const record = this.record(slot);
    const detail = { ...record, sessionId: undefined, messages: [...this.messages(slot)] };
    this.#details.set(slot, detail);
    return detail;
  }

  #content(): ContentSource {
    if (this.#source === undefined) throw new Error('A conversation without content.');
    return this.#source;
  }
}

function messageId(conversationId: number, index: number): number {
  return conversationId * MESSAGE_IDS_PER_CONVERSATION + index;
}
