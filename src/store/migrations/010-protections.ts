import type { Migration } from './migration.ts';

const PROTECTIONS = `
  -- What a plan found out about the protections of its policy, as JSON; null: made before they were looked at.
  ALTER TABLE plans ADD COLUMN findings TEXT;

  -- Projects that an entry of a policy's exclude list was seen to keep out. Never removed: an entry that has lost one stops its policy.
  CREATE TABLE kept_out (
    policy     TEXT NOT NULL,
    entry      TEXT NOT NULL,        -- as written
    project_id INTEGER NOT NULL,
    first_at   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    PRIMARY KEY (policy, entry, project_id)
  ) STRICT, WITHOUT ROWID;

  -- How often each protection of a policy matched in the latest plan in which it matched at all.
  CREATE TABLE protections (
    policy  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    matched INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (policy, kind, name)
  ) STRICT, WITHOUT ROWID;
`;

export const protections: Migration = { number: 10, name: 'protections', sql: PROTECTIONS };
