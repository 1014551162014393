import type { RunStore } from '../core/ports/store.ts';
import { PURPOSES } from '../core/run.ts';
import type { RequestCounts, RunRecord } from '../core/run.ts';
import type { Connection } from './connection.ts';
import { prepareIdsStarting } from './sessions-starting.ts';

type RunRow = ReturnType<typeof rowOf>;

const COLUMNS = (
  'run_id policy policy_hash mode trigger slot_at plan_id status started_at ended_at ' +
  'requests audit_head problem warnings as_before ended_as alike_since runs_remaining'
).split(' ');

export function createRunStore(connection: Connection): RunStore {
  const columns = COLUMNS.join(', ');
  const values = COLUMNS.map((column) => `@${column}`).join(', ');
  const insert = connection.prepare<[RunRow]>(`INSERT INTO runs (${columns}) VALUES (${values})`);
  const changes = COLUMNS.map((column) => `${column} = @${column}`).join(', ');
  const update = connection.prepare<[RunRow]>(`UPDATE runs SET ${changes} WHERE run_id = @run_id`);
  const one = connection.prepare<[string], RunRow>(`SELECT ${columns} FROM runs WHERE run_id = ?`);
  const newest = 'ORDER BY started_at DESC, number DESC LIMIT ? OFFSET ?';
  const all = connection.prepare<[number, number], RunRow>(`SELECT ${columns} FROM runs ${newest}`);
  const ofPolicy = connection.prepare<[string, number, number], RunRow>(
    `SELECT ${columns} FROM runs WHERE policy = ? ${newest}`,
  );
  const byPlan = connection.prepare<[string], RunRow>(
    `SELECT ${columns} FROM runs WHERE plan_id = ? ORDER BY number DESC LIMIT 1`,
  );
  const underWay = connection.prepare<[], RunRow>(
    `SELECT ${columns} FROM runs WHERE status = 'running' ORDER BY number`,
  );
  return {
    startRun: (run) => connection.write(() => void insert.run(rowOf(run))),
    updateRun: (runId, change) =>
      connection.write(() => {
        const row = one.get(runId);
        if (row === undefined) throw new Error(`no run ${runId} to update`);
        update.run(rowOf({ ...recordOf(row), ...change }));
      }),
    run: (runId) =>
      connection.read(() => {
        const row = one.get(runId);
        return row === undefined ? undefined : recordOf(row);
      }),
    runOfPlan: (planId) =>
      connection.read(() => {
        const row = byPlan.get(planId);
        return row === undefined ? undefined : recordOf(row);
      }),
    runIdsStarting: prepareIdsStarting(connection, { table: 'runs', column: 'run_id' }),
    runsUnderWay: () => connection.read(() => underWay.all().map(recordOf)),
    runs: ({ policy, limit, skip = 0 }) =>
      connection.read(() =>
        (policy === undefined ? all.all(limit, skip) : ofPolicy.all(policy, limit, skip)).map(recordOf),
      ),
    ...createRunHistory(connection, columns),
    ...createSlotStore(connection),
  };
}

function createRunHistory(connection: Connection, columns: string): Pick<RunStore, 'history'> {
  const latest = (condition: string) =>
    connection.prepare<[string], RunRow>(
      `SELECT ${columns} FROM runs WHERE policy = ? AND ${condition} ORDER BY number DESC LIMIT 1`,
    );
  const last = latest('TRUE');
  const ended = latest("status <> 'running'");
  const completed = latest("status = 'completed'");
  const failures = connection
    .prepare<[{ policy: string }], number>(
      `SELECT COUNT(*) FROM runs WHERE policy = @policy AND status NOT IN ('running', 'completed') AND number >
        COALESCE((SELECT MAX(number) FROM runs WHERE policy = @policy AND status = 'completed'), 0)`,
    )
    .pluck();
  return {
    history: (policy) =>
      connection.read(() => {
        const [lastRun, lastEnded, lastSuccess] = [last, ended, completed].map((select) => {
          const row = select.get(policy);
          return row === undefined ? undefined : recordOf(row);
        });
        const failuresInARow = failures.get({ policy }) ?? 0;
        return { last: lastRun, lastEnded, lastSuccess, failuresInARow };
      }),
  };
}

function createSlotStore(connection: Connection): Pick<RunStore, 'lastSlot' | 'recordSlot'> {
  const select = connection.prepare<[string], number>('SELECT slot_at FROM slots WHERE policy = ?').pluck();
  // Never backwards: a slot that was caught up late must not make the later ones due again.
  const put = connection.prepare<[string, number]>(
    `INSERT INTO slots (policy, slot_at) VALUES (?, ?)
       ON CONFLICT (policy) DO UPDATE SET slot_at = excluded.slot_at WHERE excluded.slot_at > slots.slot_at`,
  );
  return {
    lastSlot: (policy) => connection.read(() => select.get(policy)),
    recordSlot: (policy, slotAt) => connection.write(() => void put.run(policy, slotAt)),
  };
}

function rowOf(run: RunRecord) {
  return {
    run_id: run.runId,
    policy: run.policy,
    policy_hash: run.policyHash,
    mode: run.mode,
    trigger: run.trigger,
    slot_at: run.slotAt ?? null,
    plan_id: run.planId ?? null,
    status: run.status,
    started_at: run.startedAt,
    ended_at: run.endedAt ?? null,
    requests: run.requests === undefined ? null : JSON.stringify(run.requests),
    audit_head: run.auditHead ?? null,
    problem: run.problem ?? null,
    warnings: JSON.stringify(run.warnings),
    as_before: run.asBefore,
    ended_as: run.endedAs ?? null,
    alike_since: run.alikeSince ?? null,
    runs_remaining: run.runsRemaining ?? null,
  };
}

function recordOf(row: RunRow): RunRecord {
  return {
    runId: row.run_id,
    policy: row.policy,
    policyHash: row.policy_hash,
    mode: row.mode,
    trigger: row.trigger,
    slotAt: row.slot_at ?? undefined,
    planId: row.plan_id ?? undefined,
    status: row.status,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
    requests: row.requests === null ? undefined : requestsIn(row.requests),
    auditHead: row.audit_head ?? undefined,
    problem: row.problem ?? undefined,
    warnings: JSON.parse(row.warnings) as readonly string[],
    asBefore: row.as_before,
    endedAs: row.ended_as ?? undefined,
    alikeSince: row.alike_since ?? undefined,
    runsRemaining: row.runs_remaining ?? undefined,
  };
}

/** By today's purposes: one that is new was not counted then, and none of those that went was ever used. */
function requestsIn(json: string): RequestCounts {
  const counts = JSON.parse(json) as Partial<RequestCounts>;
  return Object.fromEntries(PURPOSES.map((purpose) => [purpose, counts[purpose] ?? 0])) as RequestCounts;
}
