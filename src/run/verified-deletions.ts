import type { Conversation } from '../core/conversation.ts';
import { IdSet } from '../core/id-set.ts';
import type { DeletableItem } from './recheck.ts';

/** What this run verified in one project: enough to recognise it in a listing. */
export class VerifiedDeletions {
  readonly #ids = new IdSet();
  newestAt = Number.NEGATIVE_INFINITY;

  add(item: DeletableItem): void {
    this.#ids.add(keyOf(item.sessionId, item.seen.createdAt));
    this.newestAt = Math.max(this.newestAt, item.seen.createdAt ?? this.newestAt);
  }

  has(row: Pick<Conversation, 'sessionId' | 'createdAt'>): boolean {
    return this.#ids.has(keyOf(row.sessionId, row.createdAt));
  }
}

function keyOf(sessionId: string, createdAt: number | undefined): string {
  return `${sessionId} ${createdAt ?? '?'}`;
}
