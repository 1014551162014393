import type { Verdict } from './verdict.ts';

/** Where a band of ages begins, in days: the retention periods that people set, and what lies between them. */
const FROM_DAYS = [0, 7, 14, 30, 60, 90, 120, 180, 270, 365, 730, 1095, 1825] as const;

/** Conversations of ages from `fromDays` to the next band, by verdict. */
export interface AgeBand extends Readonly<Record<Verdict, number>> {
  /** null: those whose age is not known. */
  readonly fromDays: number | null;
}

/** How old what was listed is, counted in bands: what is merely kept is nowhere listed one by one. */
export class AgeTally {
  readonly #bands = new Map<number | null, Record<Verdict, number>>();

  add(ageDays: number | null, verdict: Verdict): void {
    this.#at(bandOf(ageDays))[verdict] += 1;
  }

  addAll(bands: readonly AgeBand[]): void {
    for (const { fromDays, ...counts } of bands) {
      const band = this.#at(fromDays);
      for (const verdict of ['delete', 'keep', 'held', 'unknown'] as const) band[verdict] += counts[verdict];
    }
  }

  /** The youngest first, those of unknown age last. */
  bands(): readonly AgeBand[] {
    const order = ({ fromDays }: AgeBand): number => fromDays ?? Infinity;
    return [...this.#bands]
      .map(([fromDays, counts]) => ({ fromDays, ...counts }))
      .sort((one, other) => order(one) - order(other));
  }

  #at(fromDays: number | null): Record<Verdict, number> {
    const band = this.#bands.get(fromDays) ?? { delete: 0, keep: 0, held: 0, unknown: 0 };
    this.#bands.set(fromDays, band);
    return band;
  }
}

/** All bands from the youngest to the oldest that has anything, and `null` where some have no age. */
export function bandsUpTo(bands: readonly AgeBand[]): readonly (number | null)[] {
  const oldest = Math.max(-1, ...bands.flatMap(({ fromDays }) => fromDays ?? []));
  return [
    ...FROM_DAYS.filter((from) => from <= oldest),
    ...(bands.some(({ fromDays }) => fromDays === null) ? [null] : []),
  ];
}

/** Where the band begins that an age belongs to. */
export function bandOf(ageDays: number | null): number | null {
  // A clock that is ahead makes an age negative.
  return ageDays === null ? null : (FROM_DAYS.findLast((from) => from <= ageDays) ?? 0);
}

/** `30–60 days`, `2–3 years`, `over 5 years`, `unknown`. */
export function bandInWords(fromDays: number | null): string {
  if (fromDays === null) return 'unknown';
  const [unit, days] = fromDays < 365 ? ['days', 1] : ['years', 365];
  const next = FROM_DAYS.find((from) => from > fromDays);
  return next === undefined ? `over ${fromDays / days} ${unit}` : `${fromDays / days}–${next / days} ${unit}`;
}
