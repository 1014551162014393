import type { ShownRow } from './oracle.ts';
import { USERS, WORDS } from './policy-maker.ts';
import type { Random } from './random.ts';

/** One conversation from its creation to its end. A session id that comes back is another one. */
export interface Talk {
  readonly id: number;
  readonly bornAt: number;
  readonly row: ShownRow & { name?: unknown; updated_at?: unknown };
  /** Dates as shown, oldest first. */
  readonly messages: unknown[];
  goneAt: number | undefined;
  goneBy: 'us' | 'others' | undefined;
  /** Until when caches go on showing it after its end. */
  listedUntil: number;
  answersUntil: number;
  /** Its DELETE took longer to show than the verify time-out: no proof can be expected. */
  isBeyondProof: boolean;
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
}

const DAY = 86_400_000;
const AGES_IN_DAYS = [1, 1.5, 2, 7, 14, 28, 30, 31, 90, 182, 365];
const UNUSABLE = [
  null,
  '',
  '0',
  0,
  1_700_000_000,
  '25 Jun 2023 05:01:11',
  '2023-02-30T10:00:00Z',
  '1970-01-01 00:00:00',
];

export class Account {
  readonly projects: SimProject[] = [];
  readonly habits: Habits;
  readonly #random: Random;
  /** Whom `GET /user` names. */
  readonly owner: 'team' | 'user' | 'nobody';
  #nextId = 1000;
  keyWorks = true;

  constructor(random: Random) {
    this.#random = random;
    this.owner = random.fork('owner').pick(['team', 'team', 'user', 'nobody']);
    this.habits = {
      pageSize: random.pick([3, 5, 10, 10, 20]),
      projectPageSize: random.pick([1, 2, 10]),
      messagePageSize: random.pick([2, 20]),
      sortsAsAsked: random.percent(85),
      sortsMessagesAsAsked: random.percent(85),
      secondDeleteAnswers: random.percent(75) ? 404 : 200,
      messageMovesUpdate: random.percent(50),
      saysTotal: random.percent(92),
      zoneless: random.percent(20),
    };
  }

  populate(now: number): void {
    const count = this.#random.whole(1, 4);
    for (let index = 0; index < count; index += 1) {
      const id = 100 + index;
      this.projects.push({ id, name: `project-${index + 1}`, talks: [], state: 'there' });
      const size = this.#random.pick([0, 3, 8, 15, 25, 40, 60]);
      const bornAts = Array.from({ length: size }, () => now - this.#age()).sort((a, b) => a - b);
      for (const bornAt of bornAts) this.create(id, { bornAt, now });
    }
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

  create(
    projectId: number,
    from: { readonly bornAt: number; readonly now: number; readonly sessionId?: string },
  ): Talk {
    const { bornAt, now } = from;
    const lastAt =
      bornAt + this.#random.pick([0, 0, 1, 0.3]) * this.#random.fraction() * Math.max(0, now - bornAt);
    const messages = this.#messages(bornAt, lastAt);
    const talk: Talk = {
      id: (this.#nextId += 1),
      bornAt,
      row: this.#row(projectId, {
        bornAt,
        lastAt,
        isNew: from.sessionId !== undefined,
        sessionId: from.sessionId ?? uuid(this.#random),
      }),
      messages,
      goneAt: undefined,
      goneBy: undefined,
      listedUntil: 0,
      answersUntil: 0,
      isBeyondProof: false,
    };
    this.project(projectId)?.talks.push(talk);
    return talk;
  }

  /** A visitor writes. */
  addMessage(talk: Talk, now: number): void {
    // A date that cannot be read stays the last word: on a later page nobody would see it.
    const last = talk.messages.at(-1);
    talk.messages.push(UNUSABLE.includes(last as (typeof UNUSABLE)[number]) ? last : this.date(now));
    if (this.habits.messageMovesUpdate) talk.row.updated_at = this.date(now);
  }

  rename(talk: Talk, now: number): void {
    talk.row.name = makeName(this.#random);
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
    const text = new Date(at).toISOString();
    return this.habits.zoneless ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : `${text.slice(0, -1)}000Z`;
  }

  /** Often close to what policies name, so that some come of age while they are looked at. */
  #age(): number {
    if (this.#random.percent(3)) return -this.#random.whole(1, 600_000);
    if (this.#random.percent(50)) return this.#random.fraction() * 500 * DAY;
    const near = this.#random.pick([0, 1, 1000, 60_000, 3_600_000, 3_600_000 * 3]);
    return this.#random.pick(AGES_IN_DAYS) * DAY + (this.#random.fraction() * 2 - 1) * near;
  }

  #row(
    projectId: number,
    of: { bornAt: number; lastAt: number; sessionId: string; isNew: boolean },
  ): Talk['row'] {
    const random = this.#random;
    // One that came back can be told from the one before by its date.
    const created_at = random.percent(5) && !of.isNew ? random.pick(UNUSABLE) : this.date(of.bornAt);
    const updated_at = random.percent(6) ? random.pick(UNUSABLE) : this.date(of.lastAt);
    const row = {
      session_id: of.sessionId,
      project_id: projectId,
      created_at,
      updated_at,
      name: makeName(random),
    };
    if (random.percent(3)) return row;
    return { ...row, created_by: random.percent(40) ? null : random.pick([...USERS, String(USERS[0])]) };
  }

  #messages(bornAt: number, lastAt: number): unknown[] {
    const random = this.#random;
    const count = random.pick([0, 1, 1, 2, 3, 5]);
    const dates = Array.from({ length: count }, () => bornAt + random.fraction() * (lastAt - bornAt)).sort(
      (a, b) => a - b,
    );
    if (dates.length > 0) dates[dates.length - 1] = lastAt;
    if (count === 1 && random.percent(6)) return [random.pick(UNUSABLE)];
    return dates.map((at) => this.date(at));
  }
}

function makeName(random: Random): unknown {
  if (random.percent(6)) return random.pick([null, null, 7, '']);
  const word = random.pick(WORDS);
  return random.pick([
    word,
    `${word}-${random.whole(0, 12)}`,
    `my ${word}`,
    `${word} ${random.pick(WORDS)}\n2`,
    word.normalize('NFD'),
  ]);
}

export function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => '0123456789abcdef'.charAt(random.whole(0, 15))).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
