import type { AccountStore } from '../core/ports/store.ts';
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
  const { all, projects, logged } = prepareStatements(connection);
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
    async bindAccount(binding, { whileIdle = false, ...how }) {
      const { bound = 'outdated' } = await writer.write({
        kind: 'bind_account',
        binding,
        whileIdle,
        ...how,
      });
      return bound;
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
