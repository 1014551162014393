import type { ShownRow } from './oracle.ts';
import { USERS } from './policy-maker.ts';
import type { Random } from './random.ts';
import { dateOf, isUnusable, TalkMaker, type Born } from './talks.ts';

/** One conversation from its creation to its end. A session id that comes back is another one. */
export interface Talk {
  readonly id: number;
  readonly bornAt: number;
  readonly row: ShownRow & { name?: unknown; updated_at?: unknown; readonly deleted_at?: unknown };
  /** Dates as shown, oldest first. */
  readonly messages: unknown[];
  goneAt: number | undefined;
  goneBy: 'us' | 'others' | undefined;
  /** Until when caches go on showing it after its end. */
  listedUntil: number;
  answersUntil: number;
  /** Its DELETE took longer to show than the verify time-out: no proof can be expected. */
  isBeyondProof: boolean;
  /** Its DELETE was answered with 200 and did nothing but break its own GET. */
  isHollow: boolean;
  /** When a list last left it out that was whole by its own count. */
  omittedAt: number;
}

export interface SimProject {
  readonly id: number;
  name: string;
  readonly talks: Talk[];
  /** `gone`: not listed, 404. `forbidden`: listed, 403. */
  state: 'there' | 'gone' | 'forbidden';
}

/** How this vendor behaves where nothing is documented. */
export interface Habits {
  readonly pageSize: number;
  readonly projectPageSize: number;
  readonly messagePageSize: number;
  readonly sortsAsAsked: boolean;
  readonly sortsMessagesAsAsked: boolean;
  readonly secondDeleteAnswers: 200 | 404;
  readonly messageMovesUpdate: boolean;
  readonly saysTotal: boolean;
  readonly zoneless: boolean;
  /** What a conversation's own GET says that nobody ever had, and one that was deleted. */
  readonly unknownWords: Words;
  readonly goneWords: Words;
  /** What was deleted stays in the list, with the date of its end. */
  readonly marksDeleted: boolean;
  /** So many of a hundred dates are rough. */
  readonly roughPercent: number;
  readonly roughZoneHours: number;
  /** Rows of one instant come in another order each time. */
  readonly shufflesTies: boolean;
}

export type Words = 'documented' | 'framework' | 'fleeting' | 'localized' | 'deleted';

/** What the vendor's rights tell apart; `own`: of the key's own user. */
export type Kind = 'anonymous' | 'named' | 'own';

/** What the key may not do. */
export interface Narrowed {
  readonly kinds: readonly Kind[];
  /** `read`: it is in no list, and its own GET answers with this. `delete`: it is there for all to see. */
  readonly right: 'read' | 'delete';
  readonly answers: 403 | 404;
}

/** `creator`: the user whose key it is, where he has conversations himself. */
const IDS: { readonly user: number; readonly creator: number; readonly team: string } = {
  user: 9,
  creator: USERS[0],
  team: '7',
};

export class Account {
  readonly projects: SimProject[] = [];
  readonly habits: Habits;
  readonly #random: Random;
  readonly #maker: TalkMaker;
  /** Whom `GET /user` names. */
  readonly owner: 'team' | 'user' | 'nobody';
  /** Numbers of the owner: two accounts behind one address have two. */
  readonly ids: typeof IDS;
  /** The key's user has conversations himself. */
  readonly hasOwn: boolean;
  #nextId = 1000;
  keyWorks = true;
  #narrowed: Narrowed | undefined;
  /** When the key's rights last became others. */
  narrowedAt = -Infinity;

  constructor(random: Random, ids = IDS) {
    this.#random = random;
    this.ids = ids;
    const owner = random.fork('owner');
    this.owner = owner.pick(['team', 'team', 'user', 'nobody']);
    this.hasOwn = owner.percent(70);
    this.habits = makeHabits(random, random.fork('words'));
    this.#maker = new TalkMaker(random, this.habits);
  }

  populate(now: number): void {
    const count = this.#random.whole(1, 4);
    for (let index = 0; index < count; index += 1) {
      const id = 100 + index;
      this.projects.push({ id, name: `project-${index + 1}`, talks: [], state: 'there' });
      const size = this.#random.pick([0, 3, 8, 15, 25, 40, 60]);
      const bornAts = Array.from({ length: size }, () => now - this.#maker.age()).sort((a, b) => a - b);
      bornAts.forEach((bornAt, place) => {
        // Where ties matter there are some.
        const isTie = this.habits.shufflesTies && this.#random.percent(40);
        this.create(id, { bornAt: isTie ? (bornAts[place - 1] ?? bornAt) : bornAt, now });
      });
    }
  }

  get narrowed(): Narrowed | undefined {
    return this.#narrowed;
  }

  narrow(narrowed: Narrowed | undefined, now: number): void {
    this.#narrowed = narrowed;
    this.narrowedAt = now;
  }

  /** Whether the key may not read it. */
  isHidden(talk: Talk): boolean {
    return this.lacks('read', talk);
  }

  lacks(right: Narrowed['right'], talk: Talk): boolean {
    return this.#narrowed?.right === right && this.#narrowed.kinds.includes(this.kindOf(talk));
  }

  /** Of whom the row says nothing is somebody's. */
  kindOf({ row }: Pick<Talk, 'row'>): Kind {
    const by = row.created_by;
    if (by === null) return 'anonymous';
    return this.hasOwn && (by === this.user || by === String(this.user)) ? 'own' : 'named';
  }

  /** Whom `GET /user` names. */
  get user(): number {
    return this.hasOwn ? this.ids.creator : this.ids.user;
  }

  project(id: number): SimProject | undefined {
    return this.projects.find((project) => project.id === id);
  }

  allTalks(): readonly Talk[] {
    return this.projects.flatMap(({ talks }) => talks);
  }

  living(projectId: number, sessionId: string): Talk | undefined {
    return this.project(projectId)?.talks.find(
      (talk) => talk.goneAt === undefined && talk.row.session_id === sessionId,
    );
  }

  create(projectId: number, born: Born): Talk {
    const talk: Talk = {
      id: (this.#nextId += 1),
      bornAt: born.bornAt,
      ...this.#maker.contentOf(projectId, born),
      goneAt: undefined,
      goneBy: undefined,
      listedUntil: 0,
      answersUntil: 0,
      isBeyondProof: false,
      isHollow: false,
      omittedAt: -Infinity,
    };
    this.project(projectId)?.talks.push(talk);
    return talk;
  }

  /** A visitor writes. */
  addMessage(talk: Talk, now: number): void {
    // A date that cannot be read stays the last word: on a later page nobody would see it.
    const last = talk.messages.at(-1);
    talk.messages.push(isUnusable(last) ? last : this.date(now));
    if (this.habits.messageMovesUpdate) talk.row.updated_at = this.date(now);
  }

  rename(talk: Talk, now: number): void {
    talk.row.name = this.#maker.name();
    talk.row.updated_at = this.date(now);
  }

  remove(
    talk: Talk,
    by: 'us' | 'others',
    end: { at: number; listedForMs: number; answersForMs: number },
  ): void {
    if (talk.goneAt !== undefined) return;
    talk.goneAt = end.at;
    talk.goneBy = by;
    talk.listedUntil = end.at + end.listedForMs;
    talk.answersUntil = end.at + end.answersForMs;
  }

  date(at: number): string {
    return dateOf(this.habits, at);
  }
}

function makeHabits(random: Random, wording: Random): Habits {
  const unknownWords = wording.percent(75)
    ? 'documented'
    : wording.pick(['framework', 'fleeting', 'localized'] as const);
  return {
    pageSize: random.pick([3, 5, 10, 10, 20]),
    projectPageSize: random.pick([1, 2, 10]),
    messagePageSize: random.pick([2, 20]),
    sortsAsAsked: random.percent(85),
    sortsMessagesAsAsked: random.percent(85),
    secondDeleteAnswers: random.percent(75) ? 404 : 200,
    messageMovesUpdate: random.percent(50),
    saysTotal: random.percent(92),
    zoneless: random.percent(20),
    unknownWords,
    goneWords: wording.percent(8) ? 'deleted' : unknownWords,
    marksDeleted: wording.percent(12),
    roughPercent: wording.pick([0, 0, 0, 8, 40]),
    roughZoneHours: wording.whole(-8, 10),
    shufflesTies: wording.percent(15),
  };
}

/** Those that a long run must have met. */
export function tellingHabits(habits: Habits): readonly string[] {
  const { unknownWords, goneWords, marksDeleted, roughPercent, shufflesTies } = habits;
  return [
    ...(unknownWords === 'documented' ? [] : ['other words for a 404']),
    ...(goneWords === unknownWords ? [] : ['other words for what was deleted']),
    ...(marksDeleted ? ['marks what was deleted'] : []),
    ...(roughPercent > 0 ? ['rough dates'] : []),
    ...(shufflesTies ? ['ties in any order'] : []),
  ];
}
