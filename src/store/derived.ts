import { openDifference, OpenWords } from '../core/open-words.ts';
import type { OpenWord } from '../core/open-words.ts';
import type { AuditHead } from '../core/audit-entry.ts';
import { GENESIS } from '../core/audit-entry.ts';
import type { DerivedDifference } from '../core/ports/store.ts';
import { auditHeadOf } from './audit-rows.ts';
import type { Connection } from './connection.ts';
import { holdDifferences } from './derived-holds.ts';
import { populationDifferences } from './derived-populations.ts';
import { LoggedRuns, runDifferences } from './derived-runs.ts';
import type { LogRow } from './derived-runs.ts';

/**
 * Computes from the log what the tables beside it repeat, and says where one is otherwise. One snapshot, since a worker
 * may be writing; the log itself is believed, its chain is somebody else's to check.
 */
export function derivedDifferences(connection: Connection): readonly DerivedDifference[] {
  return connection.snapshotNow(() => {
    const open = new OpenWords();
    const runs = new LoggedRuns();
    let reboundSeq = 0;
    let head: AuditHead = GENESIS;
    const rows = connection
      .prepare<[], LogRow>(
        `SELECT seq, event, policy, policy_hash, project_id, session_id, run_id, hash,
           CASE WHEN event LIKE 'run.%' THEN facts END, ${NAMED_ACCOUNT}
           FROM audit_entries ORDER BY seq`,
      )
      .raw();
    for (const row of rows.iterate()) {
      const [seq, event, policy, , project_id, session_id, run_id, hash, , account] = row;
      head = { seq, hash };
      open.take({ seq, event: event as 'checkpoint', policy, project_id, session_id, run_id, account });
      runs.take(row);
      if (event === 'account.rebound') reboundSeq = seq;
    }
    return [
      ...headDifferences(connection, head),
      ...openDifferences(connection, open.words()),
      ...holdDifferences(connection),
      ...runDifferences(connection, runs),
      ...populationDifferences(connection, { runs, reboundSeq }),
    ];
  });
}

/** SQL: the account that an intent names. */
export const NAMED_ACCOUNT = "CASE event WHEN 'deletion.intended' THEN json_extract(facts, '$.account') END";

/** All of `open_intents`, in the order of the log. */
export function storedOpenWords(connection: Connection): readonly OpenWord[] {
  return connection
    .prepare<[], OpenWord>(
      'SELECT seq, policy, project_id, session_id, run_id, account FROM open_intents ORDER BY seq, policy, session_id',
    )
    .all();
}

function headDifferences(connection: Connection, { seq, hash }: AuditHead): readonly DerivedDifference[] {
  const recorded = auditHeadOf(connection);
  const table = 'audit_head';
  if (recorded === undefined) return [{ table, problem: 'is empty' }];
  if (recorded.seq === seq && recorded.hash === hash) return [];
  const problem =
    recorded.seq === seq
      ? `has another hash than entry ${seq}`
      : `names entry ${recorded.seq}, and the log ends at entry ${seq}`;
  return [{ table, problem }];
}

function openDifferences(connection: Connection, log: readonly OpenWord[]): readonly DerivedDifference[] {
  const problem = openDifference(log, storedOpenWords(connection));
  return problem === undefined ? [] : [{ table: 'open_intents', problem }];
}
