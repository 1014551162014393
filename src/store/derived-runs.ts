import type { DerivedDifference } from '../core/ports/store.ts';
import type { Connection } from './connection.ts';

/** The columns of an entry that tables are derived from; of a run's events the facts, too. */
export type LogRow = readonly [
  seq: number,
  event: string,
  policy: string | null,
  policy_hash: string | null,
  project_id: number | null,
  session_id: string | null,
  run_id: string | null,
  hash: string,
  facts: string | null,
  account: string | null,
];

interface LoggedRun {
  readonly runId: string;
  readonly startedSeq: number;
  readonly policy: string | null;
  readonly policyHash: string | null;
  /** By its last end; undefined while it has none. */
  status: string | undefined;
  /** Its first `deletion.intended`. */
  firstIntentSeq: number | undefined;
}

/** What the log says of runs. */
export class LoggedRuns {
  readonly #runs = new Map<string, LoggedRun>();
  /** By policy: the run whose intent is the last one. */
  readonly lastIntending = new Map<string, LoggedRun>();

  take([seq, event, policy, policyHash, , , runId, , facts]: LogRow): void {
    if (runId === null) return;
    if (event === 'run.started') {
      this.#runs.set(runId, {
        ...{ runId, startedSeq: seq, policy, policyHash },
        ...{ status: undefined, firstIntentSeq: undefined },
      });
      return;
    }
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    if (event === 'deletion.intended') {
      run.firstIntentSeq ??= seq;
      if (policy !== null) this.lastIntending.set(policy, run);
    } else if (event.startsWith('run.')) {
      run.status = statusOf(event, facts);
    }
  }

  get(runId: string): LoggedRun | undefined {
    return this.#runs.get(runId);
  }

  all(): Iterable<LoggedRun> {
    return this.#runs.values();
  }
}

/** Where the event does not say it, its facts do. */
function statusOf(event: string, facts: string | null): string {
  if (event === 'run.refused') return 'refused';
  if (event === 'run.interrupted') return 'interrupted';
  const { status } = JSON.parse(facts ?? '{}') as { readonly status?: unknown };
  return typeof status === 'string' ? status : 'completed';
}

interface RunRow {
  readonly run_id: string;
  readonly policy: string;
  readonly policy_hash: string;
  readonly status: string;
  /** Whether the run has an entry with the hash that it calls its last. */
  readonly has_head: number;
}

/**
 * A run is recorded before its first entry and closed after its last, in transactions of their own: one that has no entry
 * yet, or is still called running, is no difference.
 */
export function runDifferences(connection: Connection, logged: LoggedRuns): readonly DerivedDifference[] {
  const rows = connection
    .prepare<[], RunRow>(
      `SELECT run_id, policy, policy_hash, status, EXISTS (
         SELECT 1 FROM audit_entries WHERE audit_entries.run_id = runs.run_id AND hash = audit_head) AS has_head
         FROM runs ORDER BY number`,
    )
    .all();
  const problems: string[] = [];
  const recorded = new Set(rows.map((row) => row.run_id));
  for (const run of logged.all()) {
    if (!recorded.has(run.runId))
      problems.push(`lacks ${run.runId}, which began with entry ${run.startedSeq}`);
  }
  problems.push(...rows.flatMap((row) => problemOf(row, logged.get(row.run_id)) ?? []));
  const [first, ...others] = problems;
  if (first === undefined) return [];
  return [
    { table: 'runs', problem: others.length === 0 ? first : `${first}, and ${others.length} more like it` },
  ];
}

function problemOf(row: RunRow, run: LoggedRun | undefined): string | undefined {
  if (run !== undefined && (run.policy !== row.policy || run.policyHash !== row.policy_hash))
    return `names another policy for ${row.run_id} than entry ${run.startedSeq}`;
  if (row.status === 'running') return undefined;
  if (run?.status !== row.status)
    return `calls ${row.run_id} ${row.status}, and the log ${run?.status ?? 'knows of no end'}`;
  return row.has_head === 0 ? `names a last entry of ${row.run_id} that it did not write` : undefined;
}
