import { RetentionError } from '../core/errors.ts';
import type { PlanHeader, PlanItem, PlanSummary } from '../core/plan.ts';
import type { PlanFilter, PlanStore } from '../core/ports/plans.ts';
import type { Connection } from './connection.ts';
import { arrangePlan } from './plan-arrangement.ts';
import { arrangedPages, fingerprintOf, lastItems, projectRows } from './plan-fingerprint.ts';
import { createPlanSearch } from './plan-search.ts';
import { removeOldDrafts, scrubPlans } from './plan-removal.ts';
import { itemOf, summaryOf } from './plan-rows.ts';
import type { PlanRow } from './plan-rows.ts';
import { SqlitePlanWriter } from './plan-writer.ts';

export function createPlanStore(connection: Connection): PlanStore {
  const visible = prepareVisible(connection);
  const plan = (planId: string) => connection.read(() => visible.byId(planId));
  return {
    createPlan: (header) => createPlan(connection, header),
    plan,
    plansOf: (policy, limit) => connection.read(() => visible.ofPolicy(policy, limit)),
    planByFileHash: (fileHash) => connection.read(() => visible.byFileHash(fileHash)),
    planItems: (planId, filter = {}) => readItems(connection, () => plan(planId), filter),
    arrangePlan: (planId, how) => arrangePlan(connection, planId, how),
    planFingerprint: async (planId) => {
      const found = await plan(planId);
      if (found === undefined) throw noPlan(planId);
      return fingerprintOf(connection, found);
    },
    scrubPlans: (now, keepPlanIds = []) => scrubPlans(connection, now, keepPlanIds),
    ...createPlanSearch(connection),
    ...createFullReadings(connection),
    ...createEndOfPlans(connection),
  };
}

function createFullReadings(connection: Connection): Pick<PlanStore, 'lastReadInFull' | 'recordReadInFull'> {
  const select = connection
    .prepare<[number], number>('SELECT at FROM full_readings WHERE project_id = ?')
    .pluck();
  const record = connection.prepare<[number, number]>(
    'INSERT INTO full_readings (project_id, at) VALUES (?, ?) ON CONFLICT (project_id) DO UPDATE SET at = excluded.at',
  );
  return {
    lastReadInFull: (projectId) => connection.read(() => select.get(projectId)),
    recordReadInFull: (projectId, at) => connection.write(() => void record.run(projectId, at)),
  };
}

function createEndOfPlans(connection: Connection): Pick<PlanStore, 'setPlanFileHash' | 'consumePlan'> {
  const setFileHash = connection.prepare<[string, string]>(
    "UPDATE plans SET file_hash = ? WHERE plan_id = ? AND status <> 'draft'",
  );
  const consume = connection.prepare<[string, string]>(
    "UPDATE plans SET status = 'applied', applied_by = ? WHERE plan_id = ? AND status = 'open'",
  );
  return {
    setPlanFileHash: (planId, fileHash) =>
      connection.write(() => {
        if (setFileHash.run(fileHash, planId).changes !== 1) throw noPlan(planId);
      }),
    consumePlan: (planId, runId) => connection.write(() => consume.run(runId, planId).changes === 1),
  };
}

/** Reads plans that were finished; a draft is nobody's business but its writer's. */
function prepareVisible(connection: Connection) {
  const columns =
    'plan_id, policy, policy_hash, account, policy_path, mode, decided_at, expires_at, status, requests_used, fingerprint, file_hash, deferred, findings';
  const select = (key: 'plan_id' | 'file_hash' | 'policy') =>
    connection.prepare<[string, number], PlanRow>(
      `SELECT ${columns} FROM plans WHERE ${key} = ? AND status <> 'draft' ORDER BY created_at DESC, rowid DESC LIMIT ?`,
    );
  const summary = (row: PlanRow): PlanSummary => summaryOf(row, projectRows(connection, row.plan_id));
  const byId = select('plan_id');
  const byFileHash = select('file_hash');
  const ofPolicy = select('policy');
  return {
    byId: (planId: string) => byId.all(planId, 1).map(summary)[0],
    byFileHash: (fileHash: string) => byFileHash.all(fileHash, 1).map(summary)[0],
    ofPolicy: (policy: string, limit: number) => ofPolicy.all(policy, limit).map(summary),
  };
}

async function createPlan(connection: Connection, header: PlanHeader): Promise<SqlitePlanWriter> {
  await removeOldDrafts(connection);
  const { planId, policy, policyHash, account = null, policyPath, mode, decidedAt, expiresAt } = header;
  const values = [planId, policy, policyHash, account, policyPath, mode, decidedAt, expiresAt];
  await connection.write(() =>
    connection
      .prepare(
        `INSERT INTO plans
           (plan_id, policy, policy_hash, account, policy_path, mode, decided_at, expires_at, status, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'draft', ?)`,
      )
      .run(...values, connection.clock.now()),
  );
  return connection.readNow(() => new SqlitePlanWriter(connection, header));
}

async function* readItems(
  connection: Connection,
  plan: () => Promise<PlanSummary | undefined>,
  filter: PlanFilter,
): AsyncGenerator<PlanItem> {
  const found = await plan();
  if (found === undefined) return;
  const { last } = filter;
  if (last !== undefined) {
    const [conditions = []] = partsOf({ ...filter, order: 'for_applying' });
    const rows = await connection.read(() =>
      lastItems(connection, found.planId, { conditions, count: last }),
    );
    for (const row of rows) yield itemOf(row);
    return;
  }
  for (const conditions of partsOf(filter)) {
    for await (const rows of arrangedPages(connection, found.planId, conditions)) {
      for (const row of rows) yield itemOf(row);
    }
  }
}

/** The conditions of each part of the items, one part after the other. */
function partsOf({ verdict, order, projectId, failedBefore }: PlanFilter): readonly (readonly string[])[] {
  const common = [
    ...(verdict === undefined ? [] : [`verdict = '${verdict}'`]),
    ...(verdict === 'delete' ? ['deferred = 0'] : []),
    ...(projectId === undefined ? [] : [`project_id = ${Math.trunc(projectId)}`]),
    ...(failedBefore === undefined ? [] : [`failed_before = ${failedBefore ? 1 : 0}`]),
  ];
  if (order !== 'for_applying') return [common];
  return [
    [...common, 'failed_before = 0'],
    [...common, 'failed_before = 1'],
  ];
}

function noPlan(planId: string): RetentionError {
  return new RetentionError('plan_stale', `there is no plan ${planId}`, {
    hint: 'Make a new one with `plan`, in the same state directory.',
  });
}
