import { createHash } from 'node:crypto';
import type { PlanHeader } from '../core/plan.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';
import { ITEM_COLUMNS, PROJECT_COLUMNS } from './plan-rows.ts';
import type { ItemRow, ProjectRow } from './plan-rows.ts';

/**
 * SHA-256 (hex) over the header, every item in order, the projects and the findings as they are stored, one line of JSON each. An
 * array of strings, integers and nulls has one JSON form only, so the lines are canonical; the leading word keeps the
 * kinds apart.
 */
export async function fingerprintOf(connection: Connection, header: PlanHeader): Promise<string> {
  const { planId, policy, policyHash, policyPath, mode, decidedAt, expiresAt } = header;
  const hash = createHash('sha256');
  hash.update(line('plan', [planId, policy, policyHash, policyPath, mode, decidedAt, expiresAt]));
  for await (const items of itemPages(connection, planId)) {
    hash.update(items.map((item) => line('item', item)).join(''));
  }
  for (const project of await connection.read(() => projectRows(connection, planId))) {
    hash.update(line('project', project));
  }
  const findings = await connection.read(() => findingsOf(connection, planId));
  // Plans of before these were kept have none.
  if (findings !== null) hash.update(line('findings', [findings]));
  return hash.digest('hex');
}

/** Items in order of their ordinal, in pages. */
export function itemPages(
  connection: Connection,
  planId: string,
  verdict?: string,
): AsyncGenerator<readonly ItemRow[]> {
  const ofVerdict = verdict === undefined ? '' : 'AND verdict = ?';
  const select = connection.readNow(() =>
    connection
      .prepare<(string | number)[], ItemRow>(
        `SELECT ${ITEM_COLUMNS} FROM plan_items
          WHERE plan_id = ? AND ordinal > ? ${ofVerdict} ORDER BY ordinal LIMIT ${BATCH_ROWS}`,
      )
      .raw(),
  );
  const parameters = verdict === undefined ? [] : [verdict];
  return connection.pages<ItemRow>((last) =>
    select.all(planId, last?.[0] ?? Number.MIN_SAFE_INTEGER, ...parameters),
  );
}

export function projectRows(connection: Connection, planId: string): readonly ProjectRow[] {
  return connection
    .prepare<[string], ProjectRow>(
      `SELECT ${PROJECT_COLUMNS} FROM plan_projects WHERE plan_id = ? ORDER BY position`,
    )
    .raw()
    .all(planId);
}

function findingsOf(connection: Connection, planId: string): string | null {
  const select = connection
    .prepare<[string], string | null>('SELECT findings FROM plans WHERE plan_id = ?')
    .pluck();
  return select.get(planId) ?? null;
}

function line(
  kind: 'plan' | 'item' | 'project' | 'findings',
  values: readonly (string | number | null)[],
): string {
  return JSON.stringify([kind, ...values]) + '\n';
}
