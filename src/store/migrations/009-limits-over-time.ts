import type { Migration } from './migration.ts';

const LIMITS_OVER_TIME = `
  -- Which runs of a policy started since a day began, and which of them a person let pass the limits.
  CREATE INDEX audit_runs_by_start ON audit_entries (policy, time, run_id) WHERE event = 'run.started';
  CREATE INDEX audit_overrides ON audit_entries (run_id) WHERE event = 'limits.overridden';

  -- Conversations whose last DELETE failed or stayed unverified, kept in step by the commit that writes the entries: a handful
  -- of rows, like open_intents. They come last in every plan.
  CREATE TABLE troubled (
    project_id INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    PRIMARY KEY (project_id, session_id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO troubled (project_id, session_id)
    SELECT project_id, session_id FROM (
      SELECT project_id, session_id, event, MAX(seq) FROM audit_entries
       WHERE event IN ('deletion.failed', 'deletion.unverified', 'deletion.verified', 'deletion.already_gone')
         AND project_id IS NOT NULL AND session_id IS NOT NULL
       GROUP BY project_id, session_id)
     WHERE event IN ('deletion.failed', 'deletion.unverified');

  -- Decided when a plan is about to be applied; the plan itself, and its fingerprint, stay what they are.
  ALTER TABLE plan_items ADD COLUMN deferred INTEGER NOT NULL DEFAULT 0;       -- left to a later run
  ALTER TABLE plan_items ADD COLUMN failed_before INTEGER NOT NULL DEFAULT 0;  -- comes last
  ALTER TABLE plans ADD COLUMN deferred INTEGER NOT NULL DEFAULT 0;            -- how many

  ALTER TABLE runs ADD COLUMN ended_as TEXT;           -- equal for two runs that ended in the same way; null: completed
  ALTER TABLE runs ADD COLUMN alike_since INTEGER;     -- when the first of those that ended in the same way started
  ALTER TABLE runs ADD COLUMN runs_remaining INTEGER;  -- for what was deferred
  CREATE INDEX runs_under_way ON runs (number) WHERE status = 'running';
`;

export const limitsOverTime: Migration = {
  number: 9,
  name: 'limits over time, runs that end alike',
  sql: LIMITS_OVER_TIME,
};
