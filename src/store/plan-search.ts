import type { PlanHeader } from '../core/plan.ts';
import type { PlannedRow, PlanStore } from '../core/ports/plans.ts';
import type { Connection } from './connection.ts';
import { ARRANGED_COLUMNS, ITEM_COLUMNS, itemOf } from './plan-rows.ts';
import type { ArrangedRow } from './plan-rows.ts';
import { prepareIdsStarting, prepareSessionsStarting } from './sessions-starting.ts';

type FoundRow = readonly [planId: string, policy: string, decidedAt: number, ...row: ArrangedRow];

/** Plans have some columns of the same names. */
const COLUMNS = `${ITEM_COLUMNS}, ${ARRANGED_COLUMNS}`.replaceAll(/\w+/g, 'plan_items.$&');

/** Each plan's rows of one project lie together: without this order of the tables, all rows of all projects would be read. */
const ROWS = "plans CROSS JOIN plan_items ON plan_items.plan_id = plans.plan_id AND plans.status <> 'draft'";

/** Looks for plans, and for conversations in them. Rows of plans that were closed 30 days ago are gone. */
export function createPlanSearch(
  connection: Connection,
): Pick<PlanStore, 'planIdsStarting' | 'rowsOf' | 'sessionsStarting'> {
  const rows = connection
    .prepare<[number, string], FoundRow>(
      `SELECT plans.plan_id, policy, decided_at, ${COLUMNS} FROM ${ROWS}
        WHERE project_id = ? AND session_id = ? ORDER BY decided_at DESC, plans.created_at DESC`,
    )
    .raw();
  return {
    planIdsStarting: prepareIdsStarting(connection, {
      ...{ table: 'plans', column: 'plan_id', condition: "AND status <> 'draft'" },
    }),
    rowsOf: (projectId, sessionId) => connection.read(() => rows.all(projectId, sessionId).map(plannedRow)),
    sessionsStarting: prepareSessionsStarting(connection, ROWS),
  };
}

function plannedRow([planId, policy, decidedAt, ...row]: FoundRow): PlannedRow {
  const plan: Pick<PlanHeader, 'planId' | 'policy' | 'decidedAt'> = { planId, policy, decidedAt };
  return { plan, item: itemOf(row) };
}
