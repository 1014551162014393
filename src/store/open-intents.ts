import type { AuditEntry } from '../core/audit-entry.ts';
import { openIntentOf } from '../core/open-intent.ts';
import type { OpenIntent } from '../core/open-intent.ts';
import type { EarlierAnswer } from '../core/deletion/earlier.ts';
import { stronger } from '../core/deletion/evidence.ts';
import { answeredIn, instantIn } from '../core/deletion/facts.ts';
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
    .prepare<[string, string], number>(
      `SELECT COUNT(*) FROM open_intents
        WHERE policy = ? AND account = ${BOUND_ACCOUNT} AND (parked_by IS NULL OR parked_by = ?)`,
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
    count: (policy: string, runId: string): number => count.get(policy, runId) ?? 0,
  };
}

/** What earlier DELETEs were answered that ended nothing, and which are under way in a project. */
export function prepareEarlierDeletes(connection: Connection) {
  const undone = connection.prepare<[], AuditRow>(
    `${SELECT_AUDIT} WHERE event IN ('deletion.failed', 'deletion.unverified') ORDER BY seq`,
  );
  const underWay = connection
    .prepare<[number, string, number], number>(
      `SELECT COUNT(*) FROM open_intents AS o
        JOIN leases ON leases.name = 'policy:' || o.policy
        JOIN runs ON runs.run_id = o.run_id
        WHERE o.project_id = ? AND o.state = 'intended' AND o.run_id <> ? AND leases.expires_at > ?
          AND leases.holder IS NOT NULL AND runs.status = 'running'`,
    )
    .pluck();
  return {
    undone: (): readonly EarlierAnswer[] => {
      const strongest = new Map<string, EarlierAnswer>();
      for (const row of undone.iterate()) {
        const entry = readableEntry(row);
        const { project_id: projectId, session_id: sessionId } = entry;
        if (projectId === null || sessionId === null) continue;
        const createdAt = instantIn(entry['created_at']);
        const key = JSON.stringify([projectId, sessionId, createdAt ?? null]);
        const answered = stronger(
          strongest.get(key)?.answered ?? 'never_sent',
          answeredIn(entry) ?? 'ambiguous',
        );
        strongest.set(key, { projectId, sessionId, createdAt, answered });
      }
      return [...strongest.values()];
    },
    underWay: (projectId: number, runId: string, now: number): number =>
      underWay.get(projectId, runId, now) ?? 0,
  };
}

function keyOf({ policy, run_id, project_id, session_id }: OpenRow): string {
  return JSON.stringify([policy, run_id, project_id, session_id]);
}
