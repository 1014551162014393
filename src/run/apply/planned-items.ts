import type { DeletableItem, PlanItem } from '../../core/plan.ts';
import type { PlanFilter, PlanStore } from '../../core/ports/plans.ts';

/** Items from the end of a project's plan that are at hand when the next in line are in doubt. */
const FROM_THE_END = 8;

type Which = Required<Pick<PlanFilter, 'projectId' | 'failedBefore'>>;

/** What is to be deleted in one project: in line, or from the other end while those in line are in doubt. */
export class PlannedItems {
  readonly #plans: PlanStore;
  readonly #planId: string;
  readonly #which: Which;
  readonly #inLine: AsyncGenerator<DeletableItem>;
  readonly #takenFromEnd = new Set<number>();
  #fromEnd: DeletableItem[] | undefined;
  #lastOrdinal = 0;

  constructor(plans: PlanStore, planId: string, which: Which) {
    this.#plans = plans;
    this.#planId = planId;
    this.#which = which;
    this.#inLine = this.all();
  }

  /** All that were planned, from the first on, whoever has taken them; with `last`, as {@link PlanFilter} says. */
  async *all(last?: Pick<PlanFilter, 'last'>): AsyncGenerator<DeletableItem> {
    const filter = { verdict: 'delete', ...this.#which, ...last } as const;
    for await (const item of this.#plans.planItems(this.#planId, filter)) if (isDeletable(item)) yield item;
  }

  async next(from: 'line' | 'end'): Promise<DeletableItem | undefined> {
    const item = from === 'end' ? await this.#takeFromEnd() : undefined;
    if (item !== undefined) return item;
    const next = await this.#read();
    if (next !== undefined) this.#lastOrdinal = next.ordinal;
    return next;
  }

  /** Ends the reading of what is left. */
  async close(): Promise<void> {
    await this.#inLine.return(undefined);
  }

  async #read(): Promise<DeletableItem | undefined> {
    for (;;) {
      const next = await this.#inLine.next();
      if (next.done === true) return undefined;
      if (!this.#takenFromEnd.has(next.value.ordinal)) return next.value;
    }
  }

  async #takeFromEnd(): Promise<DeletableItem | undefined> {
    this.#fromEnd ??= await this.#readEnd();
    for (let item = this.#fromEnd.shift(); item !== undefined; item = this.#fromEnd.shift()) {
      if (item.ordinal <= this.#lastOrdinal) continue;
      this.#takenFromEnd.add(item.ordinal);
      return item;
    }
    return undefined;
  }

  async #readEnd(): Promise<DeletableItem[]> {
    const items: DeletableItem[] = [];
    for await (const item of this.all({ last: FROM_THE_END })) items.push(item);
    return items;
  }
}

function isDeletable(item: PlanItem): item is DeletableItem {
  return item.verdict === 'delete' && item.sessionId !== null;
}
