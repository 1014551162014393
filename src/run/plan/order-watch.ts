import { earliestOf, latestOf, type Instant } from '../../core/instant.ts';
import type { ConversationPage } from '../../core/ports/vendor.ts';

/** Watches whether rows really arrive oldest first, and when they have passed the reach of every rule. */
export class OrderWatch {
  readonly #reach: number;
  #latest: Instant | undefined;
  #sorted = true;
  /** One rise is needed as evidence: rows with one and the same date are in order whatever the server does. */
  #rose = false;

  constructor(reach: number) {
    this.#reach = reach;
  }

  /** True when no page behind this one can hold anything for any rule, if the order goes on as it was so far. */
  isPast(page: ConversationPage): boolean {
    let beyond = false;
    for (const createdAt of datesOf(page)) {
      const latest = this.#latest ?? createdAt;
      if (isBefore(createdAt, latest)) this.#sorted = false;
      if (isBefore(latest, createdAt)) this.#rose = true;
      this.#latest = createdAt;
      if (earliestOf(createdAt) >= this.#reach) beyond = true;
    }
    return beyond && this.#sorted && this.#rose;
  }

  /** Whether a page further on, looked at out of turn, is what the order lets expect. An empty one shows nothing. */
  isBorneOutBy(page: ConversationPage): boolean {
    const dates = datesOf(page);
    const latest = this.#latest;
    return (
      dates.length > 0 &&
      dates.every(
        (createdAt) =>
          earliestOf(createdAt) >= this.#reach && (latest === undefined || !isBefore(createdAt, latest)),
      )
    );
  }

  /** From here on nothing is concluded from the order. */
  distrust(): void {
    this.#sorted = false;
  }
}

function datesOf(page: ConversationPage): readonly Instant[] {
  return page.rows.flatMap((row) =>
    row.kind === 'conversation' && row.createdAt !== undefined ? [row.createdAt] : [],
  );
}

/** For certain: of two that are known only roughly, the one ends before the other begins. */
function isBefore(one: Instant, other: Instant): boolean {
  return latestOf(one) < earliestOf(other);
}
