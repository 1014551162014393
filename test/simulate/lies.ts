import type { Route } from './api.ts';
import type { Fate } from './fate.ts';
import { drawInstant, type Random } from './random.ts';

const LIES = ['blind', 'hollow', 'gateway', 'redated'] as const;
type Lie = (typeof LIES)[number];

interface Spell {
  readonly from: number;
  readonly to: number;
  readonly routes: readonly Route['kind'][];
}

const MINUTE = 60_000;
const ALL: readonly Route['kind'][] = ['user', 'projects', 'conversations', 'messages', 'delete'];

/** An API that answers, and says what is not so: of some conversations all the time, or of some paths for a while. */
export class Lies {
  readonly #random: Random;
  readonly #lies: Set<Lie>;
  /** So many of a hundred conversations cannot be deleted. */
  readonly #blindPercent: number;
  readonly #hollowPercent: number;
  readonly #blindSpells: readonly Spell[];
  readonly #gatewaySpells: readonly Spell[];
  readonly #redatedSpells: readonly Spell[];
  readonly #redatedMs: number;

  constructor(random: Random, span: { readonly from: number; readonly to: number }) {
    this.#random = random;
    const share = random.pick([0, 10, 30]);
    this.#lies = new Set(LIES.filter(() => random.percent(share)));
    this.#blindPercent = random.pick([0, 10, 30, 100]);
    this.#hollowPercent = random.pick([5, 20, 60]);
    this.#blindSpells = drawSpells(random, span, [['delete']]);
    this.#gatewaySpells = drawSpells(random, span, [
      ALL,
      ALL,
      ['messages'],
      ['delete'],
      ['delete'],
      ['conversations'],
    ]);
    this.#redatedSpells = drawSpells(random, span, [ALL]);
    this.#redatedMs = random.pick([482, 1000, 3_600_000]);
  }

  force(troubles: readonly string[]): void {
    for (const lie of LIES) if (troubles.includes(lie)) this.#lies.add(lie);
  }

  get names(): readonly string[] {
    return [...this.#lies];
  }

  /** So much later than they were made conversations are told to have been made. */
  createdLaterMs(now: number): number {
    const isTold = this.#redatedSpells.some(({ from, to }) => from <= now && now < to);
    return this.#lies.has('redated') && isTold ? this.#redatedMs : 0;
  }

  of(route: Route, now: number): Fate | undefined {
    if (this.#lies.has('gateway') && isUnder(this.#gatewaySpells, route, now)) return { kind: 'no-route' };
    if (route.kind !== 'delete') return undefined;
    const isMeant = (lie: Lie, percent: number): boolean =>
      this.#lies.has(lie) && this.#random.fork(`${lie} ${route.sessionId}`).percent(percent);
    if (isMeant('blind', this.#blindPercent)) return { kind: 'blind' };
    if (this.#lies.has('blind') && isUnder(this.#blindSpells, route, now)) return { kind: 'blind' };
    return isMeant('hollow', this.#hollowPercent) ? { kind: 'hollow' } : undefined;
  }
}

function isUnder(spells: readonly Spell[], route: Route, now: number): boolean {
  return spells.some(({ from, to, routes }) => from <= now && now < to && routes.includes(route.kind));
}

function drawSpells(
  random: Random,
  span: { readonly from: number; readonly to: number },
  paths: readonly (readonly Route['kind'][])[],
): readonly Spell[] {
  return Array.from({ length: random.whole(2, 5) }, () => {
    // When something is under way.
    const from = drawInstant(random, span);
    const ms = random.pick([5000, MINUTE, 5 * MINUTE, 25 * MINUTE]) * (0.5 + random.fraction());
    return { from, to: from + ms, routes: random.pick(paths) };
  });
}
