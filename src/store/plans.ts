import { RetentionError } from '../core/errors.ts';
import type { PlanHeader, PlanItem, PlanStatus, PlanSummary } from '../core/plan.ts';
import type { PlanStore, Store } from '../core/ports.ts';
import type { Connection } from './connection.ts';
import { fingerprintOf, itemPages, projectRows } from './plan-fingerprint.ts';
import { removeOldDrafts, scrubPlans } from './plan-removal.ts';
import { itemOf, summaryOf } from './plan-rows.ts';
import type { PlanRow } from './plan-rows.ts';
import { SqlitePlanWriter } from './plan-writer.ts';

type Plans = PlanStore & Pick<Store, 'planStatus'>;

export function createPlanStore(connection: Connection): Plans {
  const visible = prepareVisible(connection);
  const plan = (planId: string) => connection.read(() => visible.byId(planId));
  return {
    createPlan: (header) => createPlan(connection, header),
    plan,
    planByFileHash: (fileHash) => connection.read(() => visible.byFileHash(fileHash)),
    planItems: (planId, filter = {}) => readItems(connection, () => plan(planId), filter.verdict),
    planFingerprint: async (planId) => {
      const found = await plan(planId);
      if (found === undefined) throw noPlan(planId);
      return fingerprintOf(connection, found);
    },
    scrubPlans: (now, keepPlanIds = []) => scrubPlans(connection, now, keepPlanIds),
    ...createPlanStatus(connection),
  };
}

function createPlanStatus(
  connection: Connection,
): Pick<Plans, 'setPlanFileHash' | 'consumePlan' | 'planStatus'> {
  const setFileHash = connection.prepare<[string, string]>(
    "UPDATE plans SET file_hash = ? WHERE plan_id = ? AND status <> 'draft'",
  );
  const consume = connection.prepare<[string, string]>(
    "UPDATE plans SET status = 'applied', applied_by = ? WHERE plan_id = ? AND status = 'open'",
  );
  const status = connection
    .prepare<[string], PlanStatus>('SELECT status FROM plans WHERE plan_id = ?')
    .pluck();
  return {
    setPlanFileHash: (planId, fileHash) =>
      connection.write(() => {
        if (setFileHash.run(fileHash, planId).changes !== 1) throw noPlan(planId);
      }),
    consumePlan: (planId, runId) => connection.write(() => consume.run(runId, planId).changes === 1),
    planStatus: (planId) => connection.read(() => status.get(planId)),
  };
}

/** Reads plans that were finished; a draft is nobody's business but its writer's. */
function prepareVisible(connection: Connection) {
  const columns =
    'plan_id, policy, policy_hash, policy_path, mode, decided_at, expires_at, status, requests_used, fingerprint, file_hash, findings';
  const select = (key: 'plan_id' | 'file_hash') =>
    connection.prepare<[string], PlanRow>(
      `SELECT ${columns} FROM plans WHERE ${key} = ? AND status <> 'draft' ORDER BY created_at DESC LIMIT 1`,
    );
  const summary = (row: PlanRow | undefined): PlanSummary | undefined =>
    row === undefined ? undefined : summaryOf(row, projectRows(connection, row.plan_id));
  const byId = select('plan_id');
  const byFileHash = select('file_hash');
  return {
    byId: (planId: string) => summary(byId.get(planId)),
    byFileHash: (fileHash: string) => summary(byFileHash.get(fileHash)),
  };
}

async function createPlan(connection: Connection, header: PlanHeader): Promise<SqlitePlanWriter> {
  await removeOldDrafts(connection);
  const { planId, policy, policyHash, policyPath, mode, decidedAt, expiresAt } = header;
  await connection.write(() =>
    connection
      .prepare(
        `INSERT INTO plans
           (plan_id, policy, policy_hash, policy_path, mode, decided_at, expires_at, status, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'draft', ?)`,
      )
      .run(planId, policy, policyHash, policyPath, mode, decidedAt, expiresAt, connection.clock.now()),
  );
  return connection.readNow(() => new SqlitePlanWriter(connection, header));
}

async function* readItems(
  connection: Connection,
  plan: () => Promise<PlanSummary | undefined>,
  verdict?: string,
): AsyncGenerator<PlanItem> {
  const found = await plan();
  if (found === undefined) return;
  for await (const rows of itemPages(connection, found.planId, verdict)) {
    for (const row of rows) yield itemOf(row);
  }
}

function noPlan(planId: string): RetentionError {
  return new RetentionError('plan_stale', `there is no plan ${planId}`, {
    hint: 'Make a new one with `plan`, in the same state directory.',
  });
}
