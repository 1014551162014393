// What is really there. The stand-in answers from this, with or without lies; the referee judges by it and by
// nothing that was ever said on the wire.
import { randomUUID } from 'node:crypto';

/** Whose it is: a visitor's, a colleague's (`team`), or of the key's own user, who sees its own whatever the rights are. */
export type Kind = 'anonymous' | 'team' | 'own';

const kinds: readonly Kind[] = ['anonymous', 'team', 'own'];

const day = 86_400_000;

export interface Message {
  id: number;
  at: number;
}

export interface Conversation {
  id: number;
  session: string;
  project: number;
  name: string | null;
  createdBy: number | null;
  kind: Kind;
  createdAt: number;
  updatedAt: number;
  messages: Message[];
  /** Fields of its row that are sent instead of the true ones. */
  row: Record<string, unknown>;
  /** The policies of the scene must never delete it. */
  protect: boolean;
  goneAt: number | null;
  goneBy: 'delete' | 'owner' | null;
}

export interface Project {
  id: number;
  name: string;
  conversations: Conversation[];
  removed: boolean;
}

/** One conversation as a scene writes it down; what is missing is ordinary. */
export interface Seed {
  name: string | null;
  age_days: number;
  by?: number | null;
  session?: string;
  /** Age of its newest message; as old as the conversation unless said. */
  spoke_days?: number;
  messages?: number;
  row?: Record<string, unknown>;
  protect?: boolean;
}

export interface Rights {
  read: Set<Kind>;
  delete: Set<Kind>;
}

/** Who `GET /user` says that the key belongs to. */
export interface User {
  id: number;
  team_id?: number;
}

export class Account {
  readonly projects: Project[] = [];
  readonly rights: Rights = { read: new Set(kinds), delete: new Set(kinds) };
  readonly user: User;
  key: string;
  readonly born = Date.now();
  keyRevoked = false;
  /** Projects that this key is not told about, though they are there. */
  readonly unseen = new Set<number>();
  private nextId = 6_600_000;

  constructor(key: string, user: User = { id: 31, team_id: 77 }) {
    this.key = key;
    this.user = user;
  }

  addProject(id: number, name: string, seeds: Seed[]): Project {
    const project: Project = { id, name, conversations: [], removed: false };
    this.projects.push(project);
    for (const seed of seeds) this.add(project, seed);
    return project;
  }

  add(project: Project, seed: Seed): Conversation {
    const createdAt = wholeSecond(this.born - seed.age_days * day);
    const spokeAt =
      seed.spoke_days === undefined ? createdAt : wholeSecond(this.born - seed.spoke_days * day);
    const by = seed.by === undefined ? this.user.id : seed.by;
    const conversation: Conversation = {
      id: this.nextId++,
      session: seed.session ?? randomUUID(),
      project: project.id,
      name: seed.name,
      createdBy: by,
      kind: this.kindOf(by),
      createdAt,
      updatedAt: createdAt,
      messages: talk(seed.messages ?? 1, createdAt, spokeAt),
      row: seed.row ?? {},
      protect: seed.protect ?? false,
      goneAt: null,
      goneBy: null,
    };
    project.conversations.push(conversation);
    return conversation;
  }

  /** An open chat widget posts to a session that has just been deleted. */
  createAnew(old: Conversation): void {
    const project = this.project(old.project);
    if (project === undefined) return;
    const anew = this.add(project, { name: old.name, age_days: 0, by: old.createdBy, session: old.session });
    anew.createdAt = wholeSecond(Date.now());
    anew.updatedAt = anew.createdAt;
    anew.messages = talk(1, anew.createdAt, anew.createdAt);
    anew.protect = true;
  }

  private kindOf(by: number | null): Kind {
    if (by === null) return 'anonymous';
    return by === this.user.id ? 'own' : 'team';
  }

  project(id: number): Project | undefined {
    return this.projects.find((project) => project.id === id && !project.removed);
  }

  /** The youngest of that session, there or gone. */
  find(project: number, session: string): Conversation | undefined {
    return this.projects
      .find((one) => one.id === project)
      ?.conversations.findLast((conversation) => conversation.session === session);
  }

  all(): Conversation[] {
    return this.projects.flatMap((project) => project.conversations);
  }

  named(name: string): Conversation {
    const found = this.all().findLast((conversation) => conversation.name === name);
    if (found === undefined) throw new Error(`the scene has no conversation named ${name}`);
    return found;
  }

  live(): Conversation[] {
    return this.all().filter(
      (conversation) => conversation.goneAt === null && this.project(conversation.project) !== undefined,
    );
  }

  liveNames(): string[] {
    return this.live()
      .map((conversation) => conversation.name ?? '(none)')
      .sort();
  }

  remove(conversation: Conversation, by: 'delete' | 'owner'): void {
    conversation.goneAt ??= Date.now();
    conversation.goneBy ??= by;
  }

  removeProject(id: number): void {
    const project = this.project(id);
    if (project === undefined) return;
    project.removed = true;
    for (const conversation of project.conversations) this.remove(conversation, 'owner');
  }
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** Messages from the first to the newest, evenly apart. */
function talk(count: number, from: number, to: number): Message[] {
  const step = count > 1 ? (to - from) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => ({
    id: 9_000_000 + i,
    at: wholeSecond(count > 1 ? from + i * step : to),
  }));
}

/** `count` conversations of one sort, a minute apart, the oldest first. */
export function several(count: number, name: string, seed: Omit<Seed, 'name'>): Seed[] {
  return Array.from({ length: count }, (_, i) => ({
    ...seed,
    name: `${name}-${i}`,
    age_days: seed.age_days - i / 1440,
  }));
}
