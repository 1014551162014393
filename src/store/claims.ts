import type { AuditFacts } from '../core/audit-entry.ts';
import type { Connection } from './connection.ts';

/**
 * Whether one of the entries is the intent to delete what a run of another policy has an open intent for, and still works on,
 * or has verified as deleted since it was last seen for this one. What a run left behind whose lease is over is no claim. To be
 * asked in the transaction that writes the entries: what was asked before may have changed.
 */
export function prepareClaims(
  connection: Connection,
): (entries: readonly AuditFacts[], now: number) => boolean {
  const claim = connection.prepare<[string, number, string, number], number>(
    `SELECT 1 FROM runs
      JOIN leases ON leases.name = 'policy:' || runs.policy AND leases.holder IS NOT NULL
      CROSS JOIN open_intents AS o ON o.policy = runs.policy AND o.run_id = runs.run_id
      WHERE runs.status = 'running' AND runs.run_id <> ? AND o.project_id = ? AND o.session_id = ?
        AND leases.expires_at > ?`,
  );
  const verified = connection.prepare<[number, string, string, string], number>(
    `SELECT 1 FROM audit_entries
      WHERE event = 'deletion.verified' AND project_id = ? AND session_id = ? AND time > ? AND run_id <> ?`,
  );
  return (entries, now) =>
    entries.some(({ event, run_id: runId, project_id: projectId, session_id: sessionId, facts }) => {
      if (event !== 'deletion.intended' || runId === null || projectId === null || sessionId === null)
        return false;
      const { seen_at: seenAt } = facts;
      const isGoneSince =
        typeof seenAt === 'string' && verified.get(projectId, sessionId, seenAt, runId) !== undefined;
      return isGoneSince || claim.get(runId, projectId, sessionId, now) !== undefined;
    });
}
