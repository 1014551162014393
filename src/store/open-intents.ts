import type { AuditEntry } from '../core/audit-entry.ts';
import { openIntentOf } from '../core/open-intent.ts';
import type { OpenIntent } from '../core/open-intent.ts';
import { BOUND_ACCOUNT } from './account-rows.ts';
import { SELECT_AUDIT, auditBroken, readableEntry } from './audit-rows.ts';
import type { AuditRow } from './audit-rows.ts';
import type { Connection } from './connection.ts';

interface OpenRow {
  readonly seq: number;
  readonly policy: string | null;
  readonly run_id: string | null;
  readonly project_id: number | null;
  readonly session_id: string | null;
}

/** `open_intents` says which conversations; what is known of each DELETE is in the entries of its run. */
export function prepareOpenIntents(connection: Connection) {
  const open = connection.prepare<[], OpenRow>(
    'SELECT seq, policy, run_id, project_id, session_id FROM open_intents ORDER BY seq',
  );
  const count = connection
    .prepare<[string], number>(
      `SELECT COUNT(*) FROM open_intents WHERE policy = ? AND account = ${BOUND_ACCOUNT}`,
    )
    .pluck();
  const ofRun = connection.prepare<[string | null], AuditRow>(
    `${SELECT_AUDIT} WHERE run_id = ? AND session_id IS NOT NULL ORDER BY seq`,
  );
  return {
    /** @throws RetentionError `state_unusable` when the log does not bear out what is open */
    all: (): readonly OpenIntent[] => {
      const rows = open.all();
      const entries = new Map<string, AuditEntry[]>(rows.map((row) => [keyOf(row), []]));
      for (const runId of new Set(rows.map((row) => row.run_id))) {
        for (const row of ofRun.iterate(runId)) entries.get(keyOf(row))?.push(readableEntry(row));
      }
      return rows.map((row) => {
        const intent = openIntentOf(entries.get(keyOf(row)) ?? []);
        if (intent === undefined) throw auditBroken(row.seq, 'is not as it was written');
        return intent;
      });
    },
    count: (policy: string): number => count.get(policy) ?? 0,
  };
}

function keyOf({ policy, run_id, project_id, session_id }: OpenRow): string {
  return JSON.stringify([policy, run_id, project_id, session_id]);
}
