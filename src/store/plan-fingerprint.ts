import { createHash } from 'node:crypto';
import type { PlanHeader } from '../core/plan.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';
import { ITEM_COLUMNS, PROJECT_COLUMNS } from './plan-rows.ts';
import type { ItemRow, ProjectRow } from './plan-rows.ts';

/**
 * SHA-256 (hex) over the header (the account where the plan has one), every item in order and the projects as they are stored, one line of JSON each. An
 * array of strings, integers and nulls has one JSON form only, so the lines are canonical; the leading word keeps the
 * three kinds apart.
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
  return hash.digest('hex');
}

/** Which items of a plan. */
export interface ItemFilter {
  readonly verdict?: string | undefined;
  readonly projectId?: number | undefined;
}

/** Items in order of their ordinal, in pages. */
export function itemPages(
  connection: Connection,
  planId: string,
  filter: ItemFilter = {},
): AsyncGenerator<readonly ItemRow[]> {
  const { conditions, parameters } = conditionsOf(filter);
  const select = connection.readNow(() =>
    connection
      .prepare<(string | number)[], ItemRow>(
        `SELECT ${ITEM_COLUMNS} FROM plan_items
          WHERE plan_id = ? AND ordinal > ? ${conditions} ORDER BY ordinal LIMIT ${BATCH_ROWS}`,
      )
      .raw(),
  );
  return connection.pages<ItemRow>((last) =>
    select.all(planId, last?.[0] ?? Number.MIN_SAFE_INTEGER, ...parameters),
  );
}

/** So many items from the end, the last one first. */
export function lastItems(
  connection: Connection,
  planId: string,
  { count, ...filter }: ItemFilter & { readonly count: number },
): readonly ItemRow[] {
  const { conditions, parameters } = conditionsOf(filter);
  return connection
    .prepare<(string | number)[], ItemRow>(
      `SELECT ${ITEM_COLUMNS} FROM plan_items WHERE plan_id = ? ${conditions} ORDER BY ordinal DESC LIMIT ?`,
    )
    .raw()
    .all(planId, ...parameters, count);
}

function conditionsOf({ verdict, projectId }: ItemFilter): {
  readonly conditions: string;
  readonly parameters: readonly (string | number)[];
} {
  // Spelled out, so that the index over what is deleted is used.
  const ofVerdict =
    verdict === 'delete' ? "AND verdict = 'delete'" : verdict === undefined ? '' : 'AND verdict = ?';
  const ofProject = projectId === undefined ? '' : 'AND project_id = ?';
  return {
    conditions: `${ofVerdict} ${ofProject}`,
    parameters: [
      ...(verdict === undefined || verdict === 'delete' ? [] : [verdict]),
      ...(projectId === undefined ? [] : [projectId]),
    ],
  };
}

export function projectRows(connection: Connection, planId: string): readonly ProjectRow[] {
  return connection
    .prepare<[string], ProjectRow>(
      `SELECT ${PROJECT_COLUMNS} FROM plan_projects WHERE plan_id = ? ORDER BY position`,
    )
    .raw()
    .all(planId);
}

/** The last column came later: where it says nothing, a plan that was made before it is what it was. */
function withoutLaterColumn(row: ItemRow | ProjectRow): readonly (string | number | null)[] {
  return row.at(-1) === null ? row.slice(0, -1) : row;
}

function line(kind: 'plan' | 'item' | 'project', values: readonly (string | number | null)[]): string {
  return JSON.stringify([kind, ...values]) + '\n';
}
