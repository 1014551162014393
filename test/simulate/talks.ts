import type { Habits, Talk } from './account.ts';
import { USERS, WORDS } from './policy-maker.ts';
import type { Random } from './random.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const AGES_IN_DAYS = [1, 1.5, 2, 7, 14, 28, 30, 31, 90, 182, 365];
const UNUSABLE = [
  null,
  '',
  '0',
  0,
  1_700_000_000,
  '25 Jun 2023',
  '2023-02-30T10:00:00Z',
  '1970-01-01 00:00:00',
];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

export function isUnusable(date: unknown): boolean {
  return UNUSABLE.includes(date as (typeof UNUSABLE)[number]);
}

/** How this vendor writes a date; a rough one by a clock of 12 hours in a zone that it does not name. */
export function dateOf(habits: Habits, at: number, isRough = false): string {
  const text = new Date(isRough ? at + habits.roughZoneHours * HOUR : at).toISOString();
  if (!isRough)
    return habits.zoneless ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : `${text.slice(0, -1)}000Z`;
  const hour = Number(text.slice(11, 13)) % 12 || 12;
  const month = MONTHS[Number(text.slice(5, 7)) - 1] ?? '';
  return `${text.slice(8, 10)} ${month} ${text.slice(0, 4)} ${String(hour).padStart(2, '0')}${text.slice(13, 19)}`;
}

export interface Born {
  readonly bornAt: number;
  readonly now: number;
  /** Of one that comes back. */
  readonly sessionId?: string;
}

/** Makes conversations as people and visitors leave them behind. */
export class TalkMaker {
  readonly #random: Random;
  readonly #habits: Habits;

  constructor(random: Random, habits: Habits) {
    this.#random = random;
    this.#habits = habits;
  }

  /** Often close to what policies name, so that some come of age while they are looked at. */
  age(): number {
    if (this.#random.percent(3)) return -this.#random.whole(1, 600_000);
    if (this.#random.percent(50)) return this.#random.fraction() * 500 * DAY;
    const near = this.#random.pick([0, 1, 1000, 60_000, HOUR, HOUR * 3]);
    return this.#random.pick(AGES_IN_DAYS) * DAY + (this.#random.fraction() * 2 - 1) * near;
  }

  contentOf(projectId: number, { bornAt, now, sessionId }: Born): Pick<Talk, 'row' | 'messages'> {
    const random = this.#random;
    const lastAt = bornAt + random.pick([0, 0, 1, 0.3]) * random.fraction() * Math.max(0, now - bornAt);
    const messages = this.#messages(bornAt, lastAt);
    const isNew = sessionId !== undefined;
    return {
      row: this.#row(projectId, { bornAt, lastAt, isNew, sessionId: sessionId ?? uuid(random) }),
      messages,
    };
  }

  name(): unknown {
    const random = this.#random;
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

  #date(at: number): string {
    return dateOf(this.#habits, at, this.#random.percent(this.#habits.roughPercent));
  }

  #row(
    projectId: number,
    of: { bornAt: number; lastAt: number; sessionId: string; isNew: boolean },
  ): Talk['row'] {
    const random = this.#random;
    // One that came back can be told from the one before by its date.
    const usual = of.isNew ? dateOf(this.#habits, of.bornAt) : this.#date(of.bornAt);
    const created_at = random.percent(5) && !of.isNew ? random.pick(UNUSABLE) : usual;
    const updated_at = random.percent(6) ? random.pick(UNUSABLE) : this.#date(of.lastAt);
    const isMarked = this.#habits.marksDeleted && !of.isNew && random.percent(4);
    const row = {
      ...{ session_id: of.sessionId, project_id: projectId, created_at, updated_at, name: this.name() },
      // Somebody's mistake, or an undone deletion: it is there.
      ...(isMarked ? { deleted_at: updated_at } : {}),
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
    return dates.map((at) => this.#date(at));
  }
}

export function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => '0123456789abcdef'.charAt(random.whole(0, 15))).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
