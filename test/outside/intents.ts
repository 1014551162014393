// Whether the intent of a DELETE was on disk before the DELETE was on the wire. The state's tables are nobody's
// contract, so any row of any table will do that speaks of an intent and of this session.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

export function intentIsDurable(stateDir: string, session: string): boolean {
  const file = join(stateDir, 'retention.db');
  if (!existsSync(file)) return false;
  const database = new Database(file, { readonly: true });
  try {
    return tables(database).some((table) => speaks(database, table, session));
  } finally {
    database.close();
  }
}

function tables(database: Database.Database): string[] {
  return database
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map((row) => row.name);
}

function speaks(database: Database.Database, table: string, session: string): boolean {
  const columns = database
    .prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)')
    .all(table);
  const text = columns.map((column) => `coalesce(CAST("${column.name}" AS TEXT), '')`).join(" || ' ' || ");
  const found = database
    .prepare(
      `SELECT 1 FROM "${table}" WHERE instr(${text}, 'deletion.intended') > 0 AND instr(${text}, ?) > 0 LIMIT 1`,
    )
    .get(session);
  return found !== undefined;
}
