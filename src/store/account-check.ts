import { accountText, BINDING_KINDS } from '../core/account.ts';
import { RetentionError } from '../core/errors.ts';
import { bindingOf } from './account-rows.ts';
import type { BindingRow } from './account-rows.ts';
import { auditBroken } from './audit-rows.ts';
import type { Connection } from './connection.ts';

interface EventRow {
  readonly seq: number;
  readonly facts: string;
}

/**
 * Compares the bindings with what the log says of them: a state that was given to another account by hand would otherwise
 * be taken for its own. They are few, and found by an index. To be called in a transaction.
 */
export function prepareBindingCheck(connection: Connection): (rows: readonly BindingRow[]) => void {
  const select = connection.prepare<[], EventRow>(
    `SELECT seq, facts FROM audit_entries INDEXED BY audit_account_events
      WHERE event IN ('account.bound', 'account.rebound') ORDER BY seq`,
  );
  return (rows) => {
    const logged = select.all().map(contentOfEvent);
    const stored = rows.map((row) => JSON.stringify([accountText(bindingOf(row).account), row.kind]));
    if (JSON.stringify(logged) === JSON.stringify(stored)) return;
    throw new RetentionError(
      'state_unusable',
      'the account that the state belongs to is not the one that the audit log tells of',
      { hint: 'Find out who changed the database, and restore the state directory from a backup.' },
    );
  };
}

function contentOfEvent({ seq, facts }: EventRow): string {
  const { account, kind } = factsIn(facts) ?? {};
  const isSound = typeof account === 'string' && BINDING_KINDS.some((one) => one === kind);
  if (!isSound) throw auditBroken(seq, 'is not as it was written');
  return JSON.stringify([account, kind]);
}

function factsIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
