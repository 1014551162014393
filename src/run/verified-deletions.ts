import type { Conversation } from '../core/conversation.ts';
import { IdSet } from '../core/id-set.ts';
import { latestOf } from '../core/instant.ts';
import type { DeletableItem } from './recheck.ts';

/** What this run verified in one project: enough to recognise it in a listing. */
export class VerifiedDeletions {
  readonly #ids = new IdSet();
  newestAt = Number.NEGATIVE_INFINITY;

  add(item: DeletableItem): void {
    this.#ids.add(keyOf(item.sessionId, item.seen.createdAt));
    const { createdAt } = item.seen;
    if (createdAt !== undefined) this.newestAt = Math.max(this.newestAt, latestOf(createdAt));
  }

  has(row: Pick<Conversation, 'sessionId' | 'createdAt'>): boolean {
    return this.#ids.has(keyOf(row.sessionId, row.createdAt));
  }
}

function keyOf(sessionId: string, createdAt: Conversation['createdAt']): string {
  return `${sessionId} ${createdAt ?? '?'}`;
}
