import { DAY_MS } from '../core/instant.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';
import { BEFORE_ALL, type ItemPlace } from './plan-rows.ts';

const ABANDONED_MS = 7 * DAY_MS;
/** Rows of a closed plan, without names, may still be looked at for this long. What was done stands in the audit log. */
const KEPT_CLOSED_MS = 30 * DAY_MS;

/** Deletes a draft with all its rows. Does nothing to a plan that was finished. */
export async function removeDraft(connection: Connection, planId: string): Promise<void> {
  const isDraft = connection.prepare<[string]>("SELECT 1 FROM plans WHERE plan_id = ? AND status = 'draft'");
  if ((await connection.read(() => isDraft.get(planId))) === undefined) return;
  await removeItems(connection, planId);
  await connection.write(() => {
    connection.prepare<[string]>('DELETE FROM plan_projects WHERE plan_id = ?').run(planId);
    connection.prepare<[string]>('DELETE FROM plans WHERE plan_id = ?').run(planId);
  });
  connection.emptyWal();
}

async function removeItems(connection: Connection, planId: string): Promise<void> {
  const items = connection.prepare<ItemBatch>(`DELETE FROM plan_items WHERE ${IN_BATCH}`);
  await changeItems(connection, planId, (batch) => items.run(...batch));
}

/** Deletes what a draft holds of one project. */
export async function removeProject(
  connection: Connection,
  planId: string,
  projectId: number,
): Promise<void> {
  const items = connection.prepare<[string, number]>(
    `DELETE FROM plan_items WHERE plan_id = ? AND project_id = ? LIMIT ${BATCH_ROWS}`,
  );
  await connection.writeInBatches(() => items.run(planId, projectId).changes > 0);
}

/** Removes what a crashed planner left behind. A younger draft may belong to one that is still at
 * work: reading 100,000 newest messages at one a second takes more than a day. */
export async function removeOldDrafts(connection: Connection): Promise<void> {
  const old = await connection.read(() =>
    connection
      .prepare<[number], string>("SELECT plan_id FROM plans WHERE status = 'draft' AND created_at < ?")
      .pluck()
      .all(connection.clock.now() - ABANDONED_MS),
  );
  for (const planId of old) await removeDraft(connection, planId);
}

/** See `PlanStore.scrubPlans`. Plans to keep are marked expired too; only their names stay. */
export async function scrubPlans(
  connection: Connection,
  now: number,
  keepPlanIds: readonly string[],
): Promise<number> {
  const keep = new Set(keepPlanIds);
  const changed = new Set(
    await connection.write(() =>
      connection
        .prepare<[number], string>(
          "UPDATE plans SET status = 'expired' WHERE status = 'open' AND expires_at < ? RETURNING plan_id",
        )
        .pluck()
        .all(now),
    ),
  );
  const closed = await connection.read(() =>
    connection
      .prepare<[], string>(
        "SELECT plan_id FROM plans WHERE status IN ('applied', 'expired') AND scrubbed_at IS NULL",
      )
      .pluck()
      .all(),
  );
  const toScrub = closed.filter((planId) => !keep.has(planId));
  for (const planId of toScrub) {
    await scrubPlan(connection, planId, now);
    changed.add(planId);
  }
  if (toScrub.length > 0) connection.emptyWal();
  await removeOldItems(connection, now);
  return changed.size;
}

async function removeOldItems(connection: Connection, now: number): Promise<void> {
  const old = await connection.read(() =>
    connection
      .prepare<[number], string>(
        `SELECT plan_id FROM plans WHERE scrubbed_at < ?
            AND EXISTS (SELECT 1 FROM plan_items WHERE plan_items.plan_id = plans.plan_id)`,
      )
      .pluck()
      .all(now - KEPT_CLOSED_MS),
  );
  for (const planId of old) await removeItems(connection, planId);
}

async function scrubPlan(connection: Connection, planId: string, now: number): Promise<void> {
  const forget = connection.prepare<ItemBatch>(
    `UPDATE plan_items SET name = NULL, created_by = NULL WHERE ${IN_BATCH}`,
  );
  await changeItems(connection, planId, (batch) => forget.run(...batch));
  // Last, so that a crash in between leaves a plan that the next scrub takes up again.
  await connection.write(() =>
    connection
      .prepare<[number, string]>('UPDATE plans SET scrubbed_at = ? WHERE plan_id = ?')
      .run(now, planId),
  );
}

/** The items behind one place and up to another; see {@link IN_BATCH}. */
export type ItemBatch = [planId: string, ...after: ItemPlace, ...upTo: ItemPlace];
export const IN_BATCH = 'plan_id = ? AND (project_id, ordinal) > (?, ?) AND (project_id, ordinal) <= (?, ?)';

/** Goes once through all items of a plan; each short batch is changed in a transaction of its own. */
export async function changeItems(
  connection: Connection,
  planId: string,
  change: (batch: ItemBatch) => unknown,
): Promise<void> {
  const lastOfBatch = connection
    .prepare<[string, ...ItemPlace], ItemPlace>(
      `SELECT project_id, ordinal FROM (
         SELECT project_id, ordinal FROM plan_items WHERE plan_id = ? AND (project_id, ordinal) > (?, ?)
          ORDER BY project_id, ordinal LIMIT ${BATCH_ROWS}) AS batch
        ORDER BY project_id DESC, ordinal DESC LIMIT 1`,
    )
    .raw();
  let done = BEFORE_ALL;
  await connection.writeInBatches(() => {
    const upTo = lastOfBatch.get(planId, ...done);
    if (upTo === undefined) return false;
    change([planId, ...done, ...upTo]);
    done = upTo;
    return true;
  });
}
