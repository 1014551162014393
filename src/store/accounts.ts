import { accountText } from '../core/account.ts';
import type { AccountBinding } from '../core/account.ts';
import type { AuditFacts } from '../core/audit-entry.ts';
import type { AccountStore, BindingReason } from '../core/ports/store.ts';
import { prepareBindingCheck } from './account-check.ts';
import { bindingOf } from './account-rows.ts';
import type { BindingRow } from './account-rows.ts';
import { BATCH_ROWS } from './connection.ts';
import type { Connection } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';

interface LoggedProject {
  readonly seq: number;
  readonly projectId: number;
}

/** Each binding is added in the transaction that writes its audit entry, so that neither is ever there without the other. */
export function createAccountStore(connection: Connection, writer: GroupCommit): AccountStore {
  const { all, count, insert, leases, rename, forget, projects, logged } = prepareStatements(connection);
  const assertLogged = prepareBindingCheck(connection);
  return {
    accountBindings: () =>
      connection.read(() =>
        connection.snapshotNow(() => {
          const rows = all.all();
          assertLogged(rows);
          return rows.map(bindingOf);
        }),
      ),
    async bindAccount(binding, { known, whileIdle = false, ...reason }) {
      let outcome: 'written' | 'outdated' | 'under_way' = 'outdated';
      await writer.change(() => {
        const before = count.get() === known;
        const isFree = !whileIdle || leases.get(connection.clock.now()) === undefined;
        if (before) outcome = isFree ? 'written' : 'under_way';
        if (outcome !== 'written') return { entries: [] };
        const last = all.all().at(-1);
        const alongside = (): void => {
          insert.run(known + 1, binding.account.origin, binding.account.owner, binding.kind);
          const from = last === undefined ? '' : accountText(bindingOf(last).account);
          if (binding.kind === 'replaced') forget.run();
          else rename.run(accountText(binding.account), from);
        };
        const from = last === undefined ? undefined : bindingOf(last);
        return { entries: [entryOf(binding, from, reason)], alongside };
      });
      return outcome;
    },
    projectsOnRecord: async () => {
      const ids = new Set(await connection.read(() => projects.all()));
      for await (const rows of connection.pages<LoggedProject>((last) => logged.all(last?.seq ?? 0)))
        for (const { projectId } of rows) ids.add(projectId);
      return ids;
    },
  };
}

function prepareStatements(connection: Connection) {
  return {
    all: connection.prepare<[], BindingRow>('SELECT * FROM account_bindings ORDER BY number'),
    count: connection.prepare<[], number>('SELECT COUNT(*) FROM account_bindings').pluck(),
    insert: connection.prepare<[number, string, string, string]>(
      'INSERT INTO account_bindings (number, origin, owner, kind) VALUES (?, ?, ?, ?)',
    ),
    leases: connection.prepare<[number]>(
      'SELECT 1 FROM leases WHERE holder IS NOT NULL AND expires_at > ? LIMIT 1',
    ),
    /** What the same account left open under its name of before is superseded by what it begins anew. */
    rename: connection.prepare<[string, string]>(
      'UPDATE OR REPLACE open_intents SET account = ? WHERE account = ?',
    ),
    forget: connection.prepare<[]>('DELETE FROM populations'),
    projects: connection
      .prepare<[], number>(
        `SELECT project_id FROM populations
         UNION SELECT project_id FROM plan_projects WHERE incomplete IS NULL`,
      )
      .pluck(),
    /** In the order of the log, so many behind a `seq`. */
    logged: connection.prepare<[number], LoggedProject>(
      `SELECT seq, project_id AS projectId FROM audit_entries
        WHERE seq > ? AND event LIKE 'deletion.%' AND project_id IS NOT NULL ORDER BY seq LIMIT ${BATCH_ROWS}`,
    ),
  };
}

function entryOf(
  { account, kind }: AccountBinding,
  from: AccountBinding | undefined,
  { by, reason }: BindingReason,
): AuditFacts {
  const facts = { account: accountText(account), kind, by, reason };
  return {
    event: kind === 'bound' ? 'account.bound' : 'account.rebound',
    run_id: null,
    policy: null,
    policy_hash: null,
    rule: null,
    project_id: null,
    session_id: null,
    facts:
      kind === 'bound' ? facts : { from: from === undefined ? null : accountText(from.account), ...facts },
  };
}
