import { accountText } from '../core/account.ts';
import type { AuditEntry, AuditHead } from '../core/audit-entry.ts';
import type { AccountChange } from '../core/bind-account.ts';
import type { Decided } from '../core/commit-group.ts';
import type { HoldChange } from '../core/hold-book.ts';
import { openChangeOf } from '../core/open-words.ts';
import { BOUND_ACCOUNT } from './account-rows.ts';
import { prepareInsert } from './audit-rows.ts';
import type { Connection } from './connection.ts';
import { prepareTroubled } from './troubled.ts';

/** Stores what the core decided: the entries, what they change beside the log, and where the log ends then. */
export function prepareStoring(connection: Connection) {
  const insert = prepareInsert(connection);
  const track = prepareTracking(connection);
  const trackTrouble = prepareTroubled(connection);
  const changeHold = prepareHoldChange(connection);
  const bindAccount = prepareBinding(connection);
  const head = connection.prepare<[number, string]>('UPDATE audit_head SET seq = ?, hash = ? WHERE id = 1');
  return {
    store: ({ links, changes }: Decided): void => {
      for (const change of changes) {
        if (change.kind === 'account_bound') bindAccount(change);
        else changeHold(change);
      }
      for (const { facts, entry } of links) {
        insert(entry, facts);
        track(entry);
        trackTrouble(entry);
      }
    },
    moveHead: ({ seq, hash }: AuditHead): void => {
      head.run(seq, hash);
    },
  };
}

function prepareHoldChange(connection: Connection): (change: HoldChange) => void {
  const insertion = connection.prepare(
    `INSERT INTO holds (hold_id, project_id, session_id, matter, reason, added_by, added_at, until_at, source)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const ending = connection.prepare(
    'UPDATE holds SET released_at = ?, released_by = ?, release_reason = ? WHERE hold_id = ? AND released_at IS NULL',
  );
  const listRead = connection.prepare('INSERT OR REPLACE INTO hold_lists (source, revision) VALUES (?, ?)');
  return (change) => {
    if (change.kind === 'list_read') {
      listRead.run(change.source, change.revision);
      return;
    }
    const { holdId, projectId, sessionId, matter, reason, by, addedAt, untilAt, source } = change.hold;
    if (change.kind === 'hold_added') {
      const target = [holdId, projectId, sessionId ?? null];
      insertion.run(...target, matter, reason, by, addedAt, untilAt ?? null, source ?? null);
    } else {
      const { release } = change;
      ending.run(release.at, release.by, release.reason, holdId);
    }
  };
}

function prepareBinding(connection: Connection): (change: AccountChange) => void {
  const insert = connection.prepare<[number, string, string, string]>(
    'INSERT INTO account_bindings (number, origin, owner, kind) VALUES (?, ?, ?, ?)',
  );
  /** What the same account left open under its name of before is superseded by what it begins anew. */
  const rename = connection.prepare<[string, string]>(
    'UPDATE OR REPLACE open_intents SET account = ? WHERE account = ?',
  );
  const forget = connection.prepare<[]>('DELETE FROM populations');
  return ({ binding: { account, kind }, number, before }) => {
    insert.run(number, account.origin, account.owner, kind);
    if (kind === 'replaced') forget.run();
    else rename.run(accountText(account), before === undefined ? '' : accountText(before.account));
  };
}

/** Keeps `open_intents` in step with what is written: {@link OpenWords} in SQL. */
function prepareTracking(connection: Connection): (entry: AuditEntry) => void {
  const into = `INTO open_intents (policy, project_id, session_id, run_id, seq, account) VALUES (?, ?, ?, ?, ?, ${BOUND_ACCOUNT})`;
  const whose = 'policy = ? AND project_id = ? AND session_id = ? AND run_id = ?';
  // A replaced row starts as `intended` again.
  const open = connection.prepare(`INSERT OR REPLACE ${into}`);
  const absent = connection.prepare(`UPDATE open_intents SET state = 'absent' WHERE ${whose}`);
  const reopen = connection.prepare(`INSERT OR IGNORE ${into}`);
  const unverified = connection.prepare(
    `UPDATE open_intents SET state = 'unverified', parked_by = ? WHERE ${whose}`,
  );
  // A run settles only what it intended itself: what it says of a conversation is silent about a later run's DELETE.
  const settle = connection.prepare(`DELETE FROM open_intents WHERE ${whose}`);
  return (entry) => {
    const { policy, project_id: projectId, session_id: sessionId, run_id: runId, seq } = entry;
    const own = [policy, projectId, sessionId, runId];
    if (own.includes(null)) return;
    const change = openChangeOf(entry);
    if (change === 'opens') open.run(...own, seq);
    else if (change === 'stays_open') {
      reopen.run(...own, seq);
      unverified.run(entry['parked'] === true ? (entry['settled_by'] ?? runId) : null, ...own);
    } else if (change === 'settles') settle.run(...own);
    else if (entry.event === 'deletion.absent') absent.run(...own);
  };
}
