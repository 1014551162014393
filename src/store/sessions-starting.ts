import type { Connection } from './connection.ts';

/**
 * Session ids of a project that begin like a text, whatever the case, at most so many; the very same one comes first.
 * `rows`: a table, or a join, with the columns `project_id` and `session_id`.
 */
export function prepareSessionsStarting(
  connection: Connection,
  rows: string,
): (projectId: number, start: string, limit: number) => Promise<readonly string[]> {
  const select = connection
    .prepare<[{ projectId: number; start: string; limit: number }], string>(
      `SELECT DISTINCT session_id FROM ${rows}
        WHERE project_id = @projectId AND lower(substr(session_id, 1, length(@start))) = lower(@start)
        ORDER BY session_id = @start DESC, session_id LIMIT @limit`,
    )
    .pluck();
  return (projectId, start, limit) => connection.read(() => select.all({ projectId, start, limit }));
}

/** Ids in a column with an index that begin like a text of lower-case letters, digits and hyphens. */
export function prepareIdsStarting(
  connection: Connection,
  {
    table,
    column,
    condition = '',
  }: { readonly table: string; readonly column: string; readonly condition?: string },
): (start: string, limit: number) => Promise<readonly string[]> {
  // The brace is the sign behind the last letter.
  const select = connection
    .prepare<[{ start: string; limit: number }], string>(
      `SELECT ${column} FROM ${table} WHERE ${column} >= @start AND ${column} < @start || '{' ${condition}
        ORDER BY ${column} LIMIT @limit`,
    )
    .pluck();
  return (start, limit) => connection.read(() => select.all({ start, limit }));
}
