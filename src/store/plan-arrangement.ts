import type { PlanArrangement } from '../core/ports/plans.ts';
import type { Connection } from './connection.ts';
import { changeItems, IN_BATCH, type ItemBatch } from './plan-removal.ts';

/** What the age of a row is counted from: the clock its rule judged by, where that is known, else its creation. */
const JUDGED_AT = `COALESCE(
    CASE WHEN rule IN (SELECT value FROM json_each(?)) THEN last_message_at
         WHEN rule IN (SELECT value FROM json_each(?)) THEN updated_at END,
    created_at, 0)`;

/** The oldest first; project and session id decide between equals, so that the order is one and the same wherever it is asked. */
const ORDER = `failed_before, ${JUDGED_AT}, project_id, COALESCE(session_id, '')`;

type Place = readonly [failedBefore: number, judgedAt: number, projectId: number, sessionId: string];

/** See `PlanStore.arrangePlan`. The rows are gone through in place: a plan may have a million. */
export async function arrangePlan(
  connection: Connection,
  planId: string,
  { room, clocks }: PlanArrangement,
): Promise<number> {
  const isOpen = connection.prepare<[string]>("SELECT 1 FROM plans WHERE plan_id = ? AND status = 'open'");
  if ((await connection.read(() => isOpen.get(planId))) === undefined) return 0;
  await markFailedBefore(connection, planId);
  const rules = (clock: string): string =>
    JSON.stringify([...clocks].flatMap(([rule, one]) => (one === clock ? [rule] : [])));
  const judged = [rules('last_message'), rules('updated')] as const;
  const first = room === undefined ? undefined : await firstDeferred(connection, { planId, room, judged });
  await markDeferred(connection, { planId, first, judged });
  return connection.write(() => {
    const count = connection
      .prepare<[string], number>('SELECT COUNT(*) FROM plan_items WHERE plan_id = ? AND deferred = 1')
      .pluck();
    const deferred = first === undefined ? 0 : (count.get(planId) ?? 0);
    connection.prepare('UPDATE plans SET deferred = ? WHERE plan_id = ?').run(deferred, planId);
    return deferred;
  });
}

async function markFailedBefore(connection: Connection, planId: string): Promise<void> {
  const isTroubled = `EXISTS (SELECT 1 FROM troubled
     WHERE troubled.project_id = plan_items.project_id AND troubled.session_id = plan_items.session_id)`;
  const mark = connection.prepare<ItemBatch>(
    `UPDATE plan_items SET failed_before = NOT failed_before
      WHERE ${IN_BATCH} AND verdict = 'delete' AND failed_before <> ${isTroubled}`,
  );
  await changeItems(connection, planId, (batch) => mark.run(...batch));
}

interface Arranging {
  readonly planId: string;
  readonly judged: readonly [lastMessage: string, updated: string];
}

/** The place of the first row for which there is no room; undefined when there is room for all. */
function firstDeferred(
  connection: Connection,
  { planId, room, judged }: Arranging & { readonly room: number },
): Promise<Place | undefined> {
  const select = connection
    .prepare<[...Arranging['judged'], string, number], Place>(
      `SELECT ${ORDER} FROM plan_items WHERE plan_id = ? AND verdict = 'delete' ORDER BY 1, 2, 3, 4 LIMIT 1 OFFSET ?`,
    )
    .raw();
  return connection.read(() => select.get(...judged, planId, room));
}

async function markDeferred(
  connection: Connection,
  { planId, first, judged }: Arranging & { readonly first: Place | undefined },
): Promise<void> {
  const isDeferred = first === undefined ? '0' : `((${ORDER}) >= (?, ?, ?, ?))`;
  const mark = connection.prepare<(string | number)[]>(
    `UPDATE plan_items SET deferred = NOT deferred
      WHERE ${IN_BATCH} AND verdict = 'delete' AND deferred <> ${isDeferred}`,
  );
  const place = first === undefined ? [] : [...judged, ...first];
  await changeItems(connection, planId, (batch) => mark.run(...batch, ...place));
}
