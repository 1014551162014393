import type { AuditFacts } from '../core/audit-entry.ts';
import type { Connection } from './connection.ts';

/**
 * Whether one of the entries is the intent to delete what a run of another policy has an open intent for, and still works on.
 * What a run left behind whose lease is over is no claim. To be asked in the transaction that writes the entries.
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
  return (entries, now) =>
    entries.some(({ event, run_id: runId, project_id: projectId, session_id: sessionId }) => {
      if (event !== 'deletion.intended' || runId === null || projectId === null || sessionId === null)
        return false;
      return claim.get(runId, projectId, sessionId, now) !== undefined;
    });
}
