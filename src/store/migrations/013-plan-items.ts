import type { Migration } from './migration.ts';

const PLAN_ITEMS = `
  -- Numbered for each project of a plan, so that projects can be planned apart from each other; read in the order of their ids,
  -- which is the order that the plans of before have.
  CREATE TABLE items (
    plan_id              TEXT NOT NULL REFERENCES plans (plan_id),
    project_id           INTEGER NOT NULL,
    ordinal              INTEGER NOT NULL,
    session_id           TEXT,
    verdict              TEXT NOT NULL CHECK (verdict IN ('delete', 'keep', 'held', 'unknown')),
    rule                 TEXT,
    reason               TEXT NOT NULL,
    age_days             INTEGER,
    name                 TEXT,  -- as JSON text, like created_by: the vendor's strings may hold what UTF-8 cannot
    created_by           TEXT,
    created_at           INTEGER,
    updated_at           INTEGER,
    seen_at              INTEGER NOT NULL,
    last_message_at      INTEGER,
    last_message_read_at INTEGER,
    rough                TEXT,
    deferred             INTEGER NOT NULL DEFAULT 0,  -- left to a later run
    failed_before        INTEGER NOT NULL DEFAULT 0,  -- comes last
    PRIMARY KEY (plan_id, project_id, ordinal)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO items
    SELECT plan_id, project_id, ordinal, session_id, verdict, rule, reason, age_days, name, created_by, created_at, updated_at,
           seen_at, last_message_at, last_message_read_at, rough, deferred, failed_before
      FROM plan_items;
  DROP TABLE plan_items;
  ALTER TABLE items RENAME TO plan_items;
`;

export const planItems: Migration = { number: 13, name: 'plan_items', sql: PLAN_ITEMS };
