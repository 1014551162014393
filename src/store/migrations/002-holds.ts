import type { Migration } from './migration.ts';

const HOLDS = `
  -- A hold is placed once, released once, and never removed or rewritten.
  CREATE TABLE holds (
    hold_id        TEXT PRIMARY KEY,
    project_id     INTEGER NOT NULL,
    session_id     TEXT,             -- null: the whole project
    matter         TEXT NOT NULL,
    reason         TEXT NOT NULL,
    added_by       TEXT NOT NULL,
    added_at       INTEGER NOT NULL,
    until_at       INTEGER,          -- null: until it is released
    released_at    INTEGER,
    released_by    TEXT,
    release_reason TEXT
  ) STRICT;
  CREATE TRIGGER holds_never_go BEFORE DELETE ON holds
    BEGIN SELECT RAISE(ABORT, 'holds are never deleted'); END;
  CREATE TRIGGER holds_never_change
    BEFORE UPDATE OF hold_id, project_id, session_id, matter, reason, added_by, added_at, until_at ON holds
    BEGIN SELECT RAISE(ABORT, 'holds are never changed'); END;
  CREATE TRIGGER holds_released_once BEFORE UPDATE ON holds WHEN OLD.released_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a hold is released once'); END;
`;

export const holds: Migration = { number: 2, name: 'holds', sql: HOLDS };
