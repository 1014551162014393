import type { Route } from './api.ts';
import { nameOf, throttled, type Fate } from './fate.ts';
import { Lies } from './lies.ts';
import type { Random } from './random.ts';
import type { Tally } from './trace.ts';

/** Kinds of trouble that a seed may have; each is drawn on its own, so that some seeds know only one. */
const TROUBLES = [
  ...['loss', 'hang', 'throttle', 'server-error', 'garbled', 'listing', 'stale', 'accepted', 'outage'],
  ...['slow', 'wrong-date', 'no-date'],
] as const;
type Trouble = (typeof TROUBLES)[number];

interface Outage {
  readonly from: number;
  readonly to: number;
  readonly fate: Fate;
}

export class Weather {
  readonly #random: Random;
  readonly #tally: Tally;
  readonly #troubles: Set<Trouble>;
  readonly #percent: number;
  readonly #outages: readonly Outage[];
  readonly #wrongDateMs: number;
  readonly #lies: Lies;
  isCalm = false;

  constructor(random: Random, tally: Tally, span: { readonly from: number; readonly to: number }) {
    this.#random = random;
    this.#tally = tally;
    this.#lies = new Lies(random.fork('lies'), span);
    const share = random.pick([0, 8, 20, 35]);
    this.#troubles = new Set(
      TROUBLES.filter((trouble) => random.percent(isRare(trouble) ? share / 6 : share)),
    );
    this.#percent = random.pick([1, 3, 8, 15]);
    this.#outages = this.#troubles.has('outage') ? this.#drawOutages(span) : [];
    this.#wrongDateMs =
      random.pick([-1, 1]) * random.pick([20_000, 50_000, 75_000, 3_600_000, 90 * 86_400_000]);
  }

  force(troubles: readonly string[]): void {
    for (const trouble of TROUBLES) if (troubles.includes(trouble)) this.#troubles.add(trouble);
    this.#lies.force(troubles);
  }

  get troubles(): string {
    return [...this.#troubles, ...this.#lies.names].join(' ');
  }

  /** One way. */
  latencyMs(): number {
    if (this.isCalm || !this.#has('slow')) return 5 + this.#random.fraction() * 60;
    return this.#random.percent(90) ? this.#random.fraction() * 1500 : this.#random.fraction() * 12_000;
  }

  /** Until a request that was handed over is written: most find a connection that is open and free. */
  connectMs(): number {
    if (this.#random.percent(70)) return 0;
    this.#tally.add('a connection had to be waited for');
    const longestMs = this.isCalm || !this.#has('slow') ? 300 : 8000;
    return this.#random.fraction() * longestMs;
  }

  /** The Date header; undefined: none. */
  dateHeader(now: number): string | undefined {
    if (this.#has('no-date')) {
      this.#tally.add('fault: no Date');
      return undefined;
    }
    if (!this.#has('wrong-date')) return new Date(now).toUTCString();
    this.#tally.add('fault: wrong Date');
    return new Date(now + this.#wrongDateMs).toUTCString();
  }

  get hidesDate(): boolean {
    return this.#has('no-date');
  }

  get dateErrorMs(): number {
    return this.#has('wrong-date') ? this.#wrongDateMs : 0;
  }

  /** For how long lists and messages go on showing what was deleted. */
  staleMs(): { readonly listedForMs: number; readonly answersForMs: number } {
    if (!this.#has('stale')) return { listedForMs: 0, answersForMs: 0 };
    const draw = (name: string): number => {
      if (this.#random.percent(50)) return 0;
      this.#tally.add(`fault: stale ${name}`);
      return this.#random.fraction() * this.#random.pick([2000, 20_000, 50_000, 100_000]);
    };
    return { listedForMs: draw('list'), answersForMs: draw('messages') };
  }

  createdLaterMs(now: number): number {
    const ms = this.isCalm ? 0 : this.#lies.createdLaterMs(now);
    if (ms > 0) this.#tally.add('fault: creation told otherwise');
    return ms;
  }

  fate(route: Route, now: number): Fate {
    if (this.isCalm) return { kind: 'answered' };
    const outage = this.#outages.find(({ from, to }) => from <= now && now < to);
    const fate = outage?.fate ?? this.#lies.of(route, now) ?? this.#draw(route);
    if (fate.kind !== 'answered') this.#count(route, fate, outage !== undefined);
    return fate;
  }

  #has(trouble: Trouble): boolean {
    return !this.isCalm && this.#troubles.has(trouble);
  }

  #draw(route: Route): Fate {
    const hits = (trouble: Trouble): boolean => this.#has(trouble) && this.#random.percent(this.#percent);
    const random = this.#random;
    if (hits('loss'))
      return random.percent(20)
        ? { kind: 'refused' }
        : { kind: 'lost', arrives: random.percent(60), hang: false };
    if (hits('hang')) return { kind: 'lost', arrives: random.percent(60), hang: true };
    if (hits('throttle')) return throttled(random);
    if (hits('server-error'))
      return { kind: 'status', status: random.pick([500, 502, 503, 504]), executed: random.percent(50) };
    if (hits('garbled'))
      return {
        kind: 'garbled',
        how: random.pick(['html', 'html-404', 'empty', 'cut', 'other-page'] as const),
      };
    if (route.kind === 'conversations' && hits('listing'))
      return {
        kind: 'listing',
        how: random.pick(['short', 'empty', 'repeated', 'row-missing', 'no-ids'] as const),
      };
    if (route.kind === 'delete' && hits('accepted'))
      return {
        kind: 'accepted',
        afterMs: random.pick([500, 5000, 30_000, 90_000, Infinity]) * (0.5 + random.fraction()),
      };
    return { kind: 'answered' };
  }

  #drawOutages(span: { readonly from: number; readonly to: number }): readonly Outage[] {
    const random = this.#random;
    return Array.from({ length: random.whole(1, 4) }, () => {
      const from = span.from + random.fraction() * (span.to - span.from);
      const to = from + random.pick([5000, 60_000, 200_000, 600_000, 1_500_000]) * (0.5 + random.fraction());
      const fate = random.pick<Fate>([
        { kind: 'status', status: 503, executed: false },
        { kind: 'status', status: 502, executed: true },
        { kind: 'status', status: 429, executed: false, retryAfter: '7' },
        { kind: 'status', status: 429, executed: false },
        { kind: 'refused' },
        { kind: 'lost', arrives: false, hang: true },
        { kind: 'lost', arrives: true, hang: false },
        { kind: 'garbled', how: 'html' },
        { kind: 'garbled', how: 'html-404' },
      ]);
      return { from, to, fate };
    });
  }

  #count(route: Route, fate: Exclude<Fate, { kind: 'answered' }>, isOutage: boolean): void {
    if (isOutage) this.#tally.add('fault: outage');
    this.#tally.add(`fault: ${nameOf(route, fate)}`);
  }
}

function isRare(trouble: Trouble): boolean {
  return trouble === 'no-date' || trouble === 'wrong-date';
}
