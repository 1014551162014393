import type { Migration } from './migration.ts';

const POPULATIONS = `
  -- What the projects of a policy held when a plan of it was last applied. Intents since then are in the log, behind audit_seq.
  CREATE TABLE populations (
    policy     TEXT NOT NULL,
    project_id INTEGER NOT NULL,
    total      INTEGER NOT NULL,
    audit_seq  INTEGER NOT NULL,
    PRIMARY KEY (policy, project_id)
  ) STRICT, WITHOUT ROWID;

  -- Which conversations of a project were verified, and which of them were then seen to have reappeared. In the order of
  -- writing: an index by conversation would cost a random page for each entry.
  CREATE INDEX audit_verified_by_project ON audit_entries (project_id, seq, session_id)
    WHERE event = 'deletion.verified';
  CREATE INDEX audit_marked_by_project ON audit_entries (project_id, seq, session_id)
    WHERE event = 'conversation.marked';
`;

export const populations: Migration = {
  number: 3,
  name: 'populations and reappeared conversations',
  sql: POPULATIONS,
};
