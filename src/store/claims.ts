import type { ClaimsOn, Intent } from '../core/claim-book.ts';
import type { Connection } from './connection.ts';

type Open = ClaimsOn['open'][number];
type Verified = ClaimsOn['verified'][number];

/** What the core asks before it lets somebody intend to delete a conversation. To be asked in the transaction that writes the intent. */
export function prepareClaims(connection: Connection) {
  const atWork = connection.prepare<[number], Open>(
    `SELECT runs.policy, runs.run_id AS runId FROM runs
      JOIN leases ON leases.name = 'policy:' || runs.policy AND leases.holder IS NOT NULL
      WHERE runs.status = 'running' AND leases.expires_at > ?`,
  );
  const open = connection.prepare<[string, number, string], Open>(
    `SELECT policy, run_id AS runId FROM open_intents WHERE policy = ? AND project_id = ? AND session_id = ?`,
  );
  const verified = connection.prepare<[number, string, string], Verified>(
    `SELECT run_id AS runId, time FROM audit_entries
      WHERE event = 'deletion.verified' AND project_id = ? AND session_id = ? AND time > ?`,
  );
  return {
    /** Runs that are running under a lease that is live at `now`, by id: their policies. */
    runsAtWork: (now: number): ReadonlyMap<string, string> =>
      new Map(atWork.all(now).map(({ policy, runId }) => [runId, policy])),
    /** Of runs of these policies. */
    openIntentsOn: ({ projectId, sessionId }: Intent, policies: ReadonlySet<string>): readonly Open[] =>
      [...policies].flatMap((policy) => open.all(policy, projectId, sessionId)),
    /** Since the conversation was seen: what was verified before is no claim. */
    verifiedSinceSeen: ({ projectId, sessionId, seenAt }: Intent): readonly Verified[] =>
      seenAt === undefined ? [] : verified.all(projectId, sessionId, seenAt),
  };
}
