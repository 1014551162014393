import type { AuditEntry } from '../core/audit-entry.ts';
import { outcomeOfEvent } from '../core/outcome.ts';
import type { Connection } from './connection.ts';

/**
 * Keeps `troubled` in step with what is written. What was skipped was not tried, so it says nothing: a conversation whose
 * last DELETE failed stays where it is.
 */
export function prepareTroubled(connection: Connection): (entry: AuditEntry) => void {
  const add = connection.prepare('INSERT OR IGNORE INTO troubled (project_id, session_id) VALUES (?, ?)');
  const remove = connection.prepare('DELETE FROM troubled WHERE project_id = ? AND session_id = ?');
  return ({ event, project_id: projectId, session_id: sessionId }) => {
    if (projectId === null || sessionId === null) return;
    switch (outcomeOfEvent(event)) {
      case 'failed':
      case 'unverified':
        add.run(projectId, sessionId);
        break;
      case 'verified':
      case 'already_gone':
        remove.run(projectId, sessionId);
        break;
      case 'skipped':
      case undefined:
        break;
    }
  };
}
