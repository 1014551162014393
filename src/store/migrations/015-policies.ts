import type { Migration } from './migration.ts';

const POLICIES = `
  -- The policies that plans and runs went by, as their files were; none of those before this table.
  CREATE TABLE policies (
    hash   TEXT PRIMARY KEY,  -- SHA-256 of the source, hex
    source BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

export const policies: Migration = { number: 15, name: 'policies', sql: POLICIES };
