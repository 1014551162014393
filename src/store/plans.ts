import { createHash } from 'node:crypto';
import { RetentionError } from '../core/errors.ts';
import type { PlanHeader, PlanItem, PlanStatus, PlanSummary } from '../core/plan.ts';
import type { PlanStore, Store } from '../core/ports.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';
import { removeOldDrafts, scrubPlans } from './plan-removal.ts';
import {
  ITEM_COLUMNS,
  PROJECT_COLUMNS,
  fingerprintLine,
  headerLine,
  headerOf,
  itemOf,
  summaryOf,
} from './plan-rows.ts';
import type { ItemRow, PlanRow, ProjectRow } from './plan-rows.ts';
import { SqlitePlanWriter } from './plan-writer.ts';

type Plans = PlanStore & Pick<Store, 'planStatus'>;

export function createPlanStore(connection: Connection): Plans {
  const visible = prepareVisible(connection);
  return {
    createPlan: (header) => createPlan(connection, header),
    plan: (planId) => connection.read(() => visible.summary('plan_id', planId)),
    planByFileHash: (fileHash) => connection.read(() => visible.summary('file_hash', fileHash)),
    planItems: (planId, filter = {}) => readItems(connection, planId, filter.verdict),
    planFingerprint: (planId) => fingerprintOf(connection, planId),
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
    'plan_id, policy, policy_hash, policy_path, mode, decided_at, expires_at, status, requests_used, fingerprint, file_hash';
  const select = (key: 'plan_id' | 'file_hash') =>
    connection.prepare<[string], PlanRow>(
      `SELECT ${columns} FROM plans WHERE ${key} = ? AND status <> 'draft' ORDER BY created_at DESC LIMIT 1`,
    );
  const byKey = { plan_id: select('plan_id'), file_hash: select('file_hash') };
  const projects = connection
    .prepare<[string], ProjectRow>(
      `SELECT ${PROJECT_COLUMNS} FROM plan_projects WHERE plan_id = ? ORDER BY position`,
    )
    .raw();
  return {
    row: (planId: string): PlanRow | undefined => byKey.plan_id.get(planId),
    projects: (planId: string): readonly ProjectRow[] => projects.all(planId),
    summary: (key: keyof typeof byKey, value: string): PlanSummary | undefined => {
      const row = byKey[key].get(value);
      return row === undefined ? undefined : summaryOf(row, projects.all(row.plan_id));
    },
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
  planId: string,
  verdict: PlanItem['verdict'] | undefined,
): AsyncGenerator<PlanItem> {
  for await (const row of itemRows(connection, planId, verdict)) yield itemOf(row);
}

function itemRows(connection: Connection, planId: string, verdict?: string): AsyncGenerator<ItemRow> {
  const ofVerdict = verdict === undefined ? '' : 'AND verdict = ?';
  const select = connection.readNow(() =>
    connection
      .prepare<(string | number)[], ItemRow>(
        `SELECT ${ITEM_COLUMNS} FROM plan_items
          WHERE plan_id = ? AND ordinal > ? ${ofVerdict}
            AND (SELECT status FROM plans WHERE plan_id = ?) <> 'draft'
          ORDER BY ordinal LIMIT ${BATCH_ROWS}`,
      )
      .raw(),
  );
  const parameters = verdict === undefined ? [planId] : [verdict, planId];
  return connection.rows<ItemRow>((last) => select.all(planId, last?.[0] ?? 0, ...parameters));
}

async function fingerprintOf(connection: Connection, planId: string): Promise<string> {
  const visible = connection.readNow(() => prepareVisible(connection));
  const row = await connection.read(() => visible.row(planId));
  if (row === undefined) throw noPlan(planId);
  const fingerprint = createHash('sha256').update(headerLine(headerOf(row)));
  for await (const item of itemRows(connection, planId)) fingerprint.update(fingerprintLine('item', item));
  for (const project of await connection.read(() => visible.projects(planId))) {
    fingerprint.update(fingerprintLine('project', project));
  }
  return fingerprint.digest('hex');
}

function noPlan(planId: string): RetentionError {
  return new RetentionError('plan_stale', `there is no plan ${planId}`, {
    hint: 'Make a new one with `plan`, in the same state directory.',
  });
}
