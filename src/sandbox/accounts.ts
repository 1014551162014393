import type {
  ContentSource,
  Conversation,
  ConversationRecord,
  Message,
  Moment,
  NewConversation,
} from './conversation.ts';
import { epochMs } from './conversation.ts';
import { ConversationStore } from './conversation-store.ts';

export type NativeRetention = 'custom' | 'year' | 'never';

export interface Project {
  readonly id: number;
  readonly name: string;
  readonly createdAt: number;
  /** The vendor's own retention setting. */
  readonly retentionPeriod: NativeRetention;
  readonly retentionDays: number;
  /** Fields of the row as sent, over what the data would give. */
  readonly raw: Readonly<Record<string, unknown>> | undefined;
}

export interface NewProject extends Pick<Project, 'name'>, Partial<Omit<Project, 'name' | 'createdAt'>> {
  readonly createdAt?: Moment;
}

export interface NewPost {
  readonly query: string;
  readonly response?: string;
  readonly createdAt?: Moment;
  /** Default false: in a recording a new message did not move `updated_at`. */
  readonly movesUpdatedAt?: boolean;
}

export interface Owner {
  id: number;
  /** null: a user without a team. */
  teamId: number | null;
  readonly name: string;
  readonly email: string;
}

interface Entry {
  readonly project: Project;
  readonly conversations: ConversationStore;
}

const FIRST_PROJECT_ID = 12_301;
const FIRST_CONVERSATION_ID = 6_610_115;

/** Everything the emulated customer has. What is read here is the truth, whatever the faults make the wire say. */
export class Account {
  /** Whose key it is; both ids can be set. */
  readonly user: Owner = { id: 9_001, teamId: 701, name: 'Sandbox Owner', email: 'owner@example.com' };
  readonly #now: () => number;
  readonly #seed: number;
  readonly #entries = new Map<number, Entry>();
  #nextProjectId = FIRST_PROJECT_ID;
  #nextConversationId = FIRST_CONVERSATION_ID;

  constructor(now: () => number, seed: number) {
    this.#now = now;
    this.#seed = seed;
  }

  addProject(project: NewProject): Project {
    const { id = this.#nextProjectId, name, createdAt = this.#now(), raw } = project;
    const { retentionPeriod = 'year', retentionDays = 0 } = project;
    if (this.#entries.has(id)) throw new Error(`There is a project ${id} already.`);
    this.#nextProjectId = Math.max(this.#nextProjectId, id + 1);
    const added: Project = { id, name, createdAt: epochMs(createdAt), retentionPeriod, retentionDays, raw };
    this.#entries.set(id, { project: added, conversations: new ConversationStore(id, this.#seed) });
    return added;
  }

  projects(): readonly Project[] {
    return [...this.#entries.values()].map((entry) => entry.project);
  }

  project(projectId: number): Project | undefined {
    return this.#entries.get(projectId)?.project;
  }

  /** False when there is no such project. */
  renameProject(projectId: number, name: string): boolean {
    const entry = this.#entries.get(projectId);
    if (entry === undefined) return false;
    this.#entries.set(projectId, { ...entry, project: { ...entry.project, name } });
    return true;
  }

  /** The whole project with everything in it. */
  removeProject(projectId: number): boolean {
    return this.#entries.delete(projectId);
  }

  addConversation(projectId: number, conversation: NewConversation = {}): Conversation {
    const store = this.store(projectId);
    return this.#whole(store, store.add(this.#takeIds(1), conversation, this.#now()));
  }

  /** Many conversations with computed content, created at the given moments (epoch ms, ascending). */
  loadConversations(
    projectId: number,
    createdAt: readonly number[] | Float64Array,
    source: ContentSource,
  ): void {
    this.store(projectId).load(this.#takeIds(createdAt.length), createdAt, source);
  }

  conversation(projectId: number, sessionId: string): Conversation | undefined {
    const found = this.#find(projectId, sessionId);
    return found === undefined ? undefined : this.#whole(found.store, found.slot);
  }

  has(projectId: number, sessionId: string): boolean {
    return this.#find(projectId, sessionId) !== undefined;
  }

  /** The session ids of what is there, oldest first. */
  conversationIds(projectId: number): string[] {
    return this.conversations(projectId).map((record) => record.sessionId);
  }

  /** What is there, oldest first, without messages. */
  conversations(projectId: number): ConversationRecord[] {
    const store = this.#entries.get(projectId)?.conversations;
    return store === undefined ? [] : [...store.alive()].map((slot) => store.record(slot));
  }

  count(projectId: number): number {
    return this.#entries.get(projectId)?.conversations.aliveCount ?? 0;
  }

  /** Moves `updated_at`, as recorded. False when there is no such conversation. */
  rename(projectId: number, sessionId: string, name: string | null): boolean {
    const found = this.#find(projectId, sessionId);
    found?.store.rename(found.slot, name, this.#now());
    return found !== undefined;
  }

  /** A message to an unknown session id creates the conversation: that is how a deleted one comes back. */
  postMessage(projectId: number, sessionId: string, post: NewPost): Message {
    const store = this.store(projectId);
    const found = this.#find(projectId, sessionId);
    const createdAt = epochMs(post.createdAt ?? this.#now());
    const slot =
      found?.slot ?? store.add(this.#takeIds(1), { sessionId, createdAt, name: post.query }, createdAt);
    const message = {
      createdAt,
      query: post.query,
      response: post.response ?? `This is the sandbox. You asked: ${post.query}`,
      userIp: '198.51.100.7',
    };
    return store.post(slot, message, post.movesUpdatedAt ?? false);
  }

  removeConversation(projectId: number, sessionId: string): boolean {
    const found = this.#find(projectId, sessionId);
    found?.store.remove(found.slot, this.#now());
    return found !== undefined;
  }

  /** The data structure behind a project, for the routes. Throws for an unknown project. */
  store(projectId: number): ConversationStore {
    const entry = this.#entries.get(projectId);
    if (entry === undefined) throw new Error(`There is no project ${projectId}.`);
    return entry.conversations;
  }

  #find(projectId: number, sessionId: string): { store: ConversationStore; slot: number } | undefined {
    const store = this.#entries.get(projectId)?.conversations;
    const slot = store?.find(sessionId);
    return store !== undefined && slot !== undefined && store.isAlive(slot) ? { store, slot } : undefined;
  }

  #whole(store: ConversationStore, slot: number): Conversation {
    return { ...store.record(slot), messages: [...store.messages(slot)] };
  }

  #takeIds(count: number): number {
    const first = this.#nextConversationId;
    this.#nextConversationId += count;
    return first;
  }
}
