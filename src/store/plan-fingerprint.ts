import { createHash } from 'node:crypto';
import type { PlanHeader } from '../core/plan.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';
import { ARRANGED_COLUMNS, BEFORE_ALL, ITEM_COLUMNS, PROJECT_COLUMNS } from './plan-rows.ts';
import type { ArrangedRow, ItemPlace, ItemRow, ProjectRow } from './plan-rows.ts';

/**
 * SHA-256 (hex) over the header (the account where the plan has one), every item in order, the projects and the findings as they
 * are stored, one line of JSON each. An
 * array of strings, integers and nulls has one JSON form only, so the lines are canonical; the leading word keeps the
 * kinds apart.
 */
export async function fingerprintOf(connection: Connection, header: PlanHeader): Promise<string> {
  const { planId, policy, policyHash, account, policyPath, mode, decidedAt, expiresAt } = header;
  const head = [planId, policy, policyHash, policyPath, mode, decidedAt, expiresAt];
  const hash = createHash('sha256');
  hash.update(line('plan', account === undefined ? head : [...head, account]));
  for await (const items of itemPages(connection, planId)) {
    hash.update(items.map((item) => line('item', withoutLaterColumn(item))).join(''));
  }
  for (const project of await connection.read(() => projectRows(connection, planId))) {
    hash.update(line('project', withoutLaterColumn(project)));
  }
  const findings = await connection.read(() => findingsOf(connection, planId));
  // Plans of before these were kept have none.
  if (findings !== null) hash.update(line('findings', [findings]));
  return hash.digest('hex');
}

/** All items in order, in pages; what is decided when a plan is applied is no part of it. */
function itemPages(connection: Connection, planId: string): AsyncGenerator<readonly ItemRow[]> {
  return pagesOf<ItemRow>(connection, planId, { columns: ITEM_COLUMNS, conditions: '' });
}

/** Items that fulfil the conditions, which may follow an AND, in order, in pages. */
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

function pagesOf<Row extends readonly [ordinal: number, projectId: number, ...unknown[]]>(
  connection: Connection,
  planId: string,
  { columns, conditions }: { readonly columns: string; readonly conditions: string },
): AsyncGenerator<readonly Row[]> {
  const select = connection.readNow(() =>
    connection
      .prepare<[string, ...ItemPlace], Row>(
        `SELECT ${columns} FROM plan_items
          WHERE plan_id = ? AND (project_id, ordinal) > (?, ?) ${conditions}
          ORDER BY project_id, ordinal LIMIT ${BATCH_ROWS}`,
      )
      .raw(),
  );
  return connection.pages<Row>((last) =>
    select.all(planId, ...(last === undefined ? BEFORE_ALL : ([last[1], last[0]] as const))),
  );
}

/** So many items that fulfil the conditions from the end, the last one first. */
export function lastItems(
  connection: Connection,
  planId: string,
  { conditions, count }: { readonly conditions: readonly string[]; readonly count: number },
): readonly ArrangedRow[] {
  const and = conditions.map((condition) => `AND ${condition}`).join(' ');
  return connection
    .prepare<[string, number], ArrangedRow>(
      `SELECT ${ITEM_COLUMNS}, ${ARRANGED_COLUMNS} FROM plan_items WHERE plan_id = ? ${and}
        ORDER BY project_id DESC, ordinal DESC LIMIT ?`,
    )
    .raw()
    .all(planId, count);
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

/** The last column came later: where it says nothing, a plan that was made before it is what it was. */
function withoutLaterColumn(row: ItemRow | ProjectRow): readonly (string | number | null)[] {
  return row.at(-1) === null ? row.slice(0, -1) : row;
}

function line(
  kind: 'plan' | 'item' | 'project' | 'findings',
  values: readonly (string | number | null)[],
): string {
  return JSON.stringify([kind, ...values]) + '\n';
}
