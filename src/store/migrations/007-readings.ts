import type { Migration } from './migration.ts';

const READINGS = `
  -- Dates that are known only roughly, as JSON; their own columns hold the later end.
  ALTER TABLE plan_items ADD COLUMN rough TEXT;
  -- null: the project was read in full. Else its order was sampled, and this is what the paginator counts; -1: it did not say.
  ALTER TABLE plan_projects ADD COLUMN sampled INTEGER;

  -- When planning last read a project in full; before it ever did, when it first listed the project.
  CREATE TABLE full_readings (
    project_id INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL
  ) STRICT;

  -- Conversations that were seen to have reappeared; the older event meant the same.
  DROP INDEX audit_marked_by_project;
  CREATE INDEX audit_reappeared_by_project ON audit_entries (project_id, seq, session_id)
    WHERE event IN ('conversation.marked', 'conversation.reappeared');
`;

export const readings: Migration = { number: 7, name: 'readings', sql: READINGS };
