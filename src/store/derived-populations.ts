import { parseInstant } from '../core/instant.ts';
import { populationsAfter } from '../core/population.ts';
import type { DerivedDifference } from '../core/ports/store.ts';
import type { Connection } from './connection.ts';
import type { LoggedRuns } from './derived-runs.ts';
import { PROJECT_COLUMNS, projectOf } from './plan-rows.ts';
import type { ProjectRow } from './plan-rows.ts';

interface PopulationRow {
  readonly project_id: number;
  readonly total: number;
  readonly audit_seq: number;
}

interface PlanRow {
  readonly plan_id: string;
  readonly applied_by: string;
  readonly decided_at: number;
}

/**
 * What a run recorded of its projects before its first intent comes from its plan, which is still there. Said only where
 * that run's plan was the last one of its policy to be applied, and the state has not been given to another account since;
 * of an incomplete project nothing can be said.
 */
export function populationDifferences(
  connection: Connection,
  { runs, reboundSeq }: { readonly runs: LoggedRuns; readonly reboundSeq: number },
): readonly DerivedDifference[] {
  const applied = connection.prepare<[string], PlanRow>(
    `SELECT plan_id, applied_by, decided_at FROM plans WHERE policy = ? AND applied_by IS NOT NULL`,
  );
  const projects = connection
    .prepare<[string], ProjectRow>(`SELECT ${PROJECT_COLUMNS} FROM plan_projects WHERE plan_id = ?`)
    .raw();
  // What was applied before there was such a table is not in it.
  const since =
    parseInstant(
      connection.prepare<[], string>('SELECT applied_at FROM migrations WHERE number = 3').pluck().get(),
    ) ?? Infinity;
  const stored = connection.prepare<[string], PopulationRow>(
    'SELECT project_id, total, audit_seq FROM populations WHERE policy = ?',
  );
  return [...runs.lastIntending].flatMap(([policy, { runId, startedSeq, firstIntentSeq = startedSeq }]) => {
    if (startedSeq < reboundSeq) return [];
    const plans = applied.all(policy);
    const plan = plans.find((one) => one.applied_by === runId);
    const isLast = plans.every((one) => (runs.get(one.applied_by)?.startedSeq ?? Infinity) <= startedSeq);
    if (plan === undefined || !isLast || plan.decided_at < since) return [];
    const rows = new Map(stored.all(policy).map((row) => [row.project_id, row]));
    const planned = projects.all(plan.plan_id).map(projectOf);
    // Where the listing stopped early, what was known before may have lowered it.
    const counted = new Set(planned.flatMap((one) => (one.sampled === undefined ? [one.projectId] : [])));
    const wrong = populationsAfter([], planned).find(({ projectId, count }) => {
      const row = rows.get(projectId);
      if (row === undefined || row.total > count) return true;
      if (row.total < count && counted.has(projectId)) return true;
      return row.audit_seq < startedSeq || row.audit_seq >= firstIntentSeq;
    });
    if (wrong === undefined) return [];
    const what = rows.has(wrong.projectId) ? 'is not what' : 'lacks what';
    const problem = `${what} ${runId} counted in project ${wrong.projectId}`;
    return [{ table: 'populations', problem }];
  });
}
