import { createHash } from 'node:crypto';
import type { PlanHeader } from '../core/plan.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';
import { ARRANGED_COLUMNS, ITEM_COLUMNS, PROJECT_COLUMNS } from './plan-rows.ts';
import type { ArrangedRow, ItemRow, ProjectRow } from './plan-rows.ts';

/**
 * SHA-256 (hex) over the header, every item in order and the projects as they are stored, one line of JSON each. An
 * array of strings, integers and nulls has one JSON form only, so the lines are canonical; the leading word keeps the
 * three kinds apart.
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
  return hash.digest('hex');
}

/** All items in order of their ordinal, in pages; what is decided when a plan is applied is no part of it. */
function itemPages(connection: Connection, planId: string): AsyncGenerator<readonly ItemRow[]> {
  return pagesOf<ItemRow>(connection, planId, { columns: ITEM_COLUMNS, conditions: '' });
}

/** Items that fulfil the conditions, which may follow an AND, in order of their ordinal, in pages. */
export function arrangedPages(
  connection: Connection,
  planId: string,
  conditions: readonly string[],
): AsyncGenerator<readonly ArrangedRow[]> {
  return pagesOf<ArrangedRow>(connection, planId, {
    columns: `${ITEM_COLUMNS}, ${ARRANGED_COLUMNS}`,
    conditions: conditions.map((condition) => `AND ${condition}`).join(' '),
  });
}

function pagesOf<Row extends readonly [ordinal: number, ...unknown[]]>(
  connection: Connection,
  planId: string,
  { columns, conditions }: { readonly columns: string; readonly conditions: string },
): AsyncGenerator<readonly Row[]> {
  const select = connection.readNow(() =>
    connection
      .prepare<[string, number], Row>(
        `SELECT ${columns} FROM plan_items
          WHERE plan_id = ? AND ordinal > ? ${conditions} ORDER BY ordinal LIMIT ${BATCH_ROWS}`,
      )
      .raw(),
  );
  return connection.pages<Row>((last) => select.all(planId, last?.[0] ?? Number.MIN_SAFE_INTEGER));
}

export function projectRows(connection: Connection, planId: string): readonly ProjectRow[] {
  return connection
    .prepare<[string], ProjectRow>(
      `SELECT ${PROJECT_COLUMNS} FROM plan_projects WHERE plan_id = ? ORDER BY position`,
    )
    .raw()
    .all(planId);
}

function line(kind: 'plan' | 'item' | 'project', values: readonly (string | number | null)[]): string {
  return JSON.stringify([kind, ...values]) + '\n';
}
