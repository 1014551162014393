import type { AuditEvent, AuditFacts, Fact } from '../core/audit-entry.ts';
import type { Hold } from '../core/hold.ts';
import { formatInstant } from '../core/instant.ts';
import type { HoldStore } from '../core/ports.ts';
import type { Connection } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';
import { holdOf, prepareHoldsInForce, recordOf } from './hold-rows.ts';
import type { HoldRow } from './hold-rows.ts';

/** Placed and released in the transaction that writes the audit entry, so that neither is ever there without the other. */
export function createHoldStore(connection: Connection, writer: GroupCommit): HoldStore {
  const insert = connection.prepare(
    `INSERT INTO holds (hold_id, project_id, session_id, matter, reason, added_by, added_at, until_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const release = connection.prepare(
    'UPDATE holds SET released_at = ?, released_by = ?, release_reason = ? WHERE hold_id = ? AND released_at IS NULL',
  );
  const one = connection.prepare<[string], HoldRow>('SELECT * FROM holds WHERE hold_id = ?');
  const all = connection.prepare<[], HoldRow>('SELECT * FROM holds ORDER BY added_at, rowid');
  const inForce = prepareHoldsInForce(connection);
  return {
    async addHold(hold) {
      const { holdId, projectId, sessionId = null, matter, reason, by, addedAt, untilAt = null } = hold;
      const until = untilAt === null ? null : formatInstant(untilAt);
      const added = entry('hold.added', hold, { reason, by, until });
      await writer.append([added], undefined, () => {
        return insert.run(holdId, projectId, sessionId, matter, reason, by, addedAt, untilAt).changes === 1;
      });
    },
    async releaseHold(holdId, { at, by, reason }) {
      const found = await connection.read(() => one.get(holdId));
      if (found === undefined) return undefined;
      const released = entry('hold.released', holdOf(found), { reason, by });
      const written = await writer.append([released], undefined, () => {
        return release.run(at, by, reason, holdId).changes === 1;
      });
      return written.length === 0 ? undefined : { ...recordOf(found), release: { at, by, reason } };
    },
    holds: () => connection.read(() => all.all().map(recordOf)),
    holdsInForce: (now) => connection.read(() => inForce(now)),
  };
}

function entry(event: AuditEvent, hold: Hold, facts: { readonly [key: string]: Fact }): AuditFacts {
  const nobodys = { run_id: null, policy: null, policy_hash: null, rule: null };
  const { holdId, projectId, sessionId = null, matter } = hold;
  return {
    event,
    ...nobodys,
    project_id: projectId,
    session_id: sessionId,
    facts: { hold_id: holdId, matter, ...facts },
  };
}
