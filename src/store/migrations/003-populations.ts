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
`;

export const populations: Migration = { number: 3, name: 'populations', sql: POPULATIONS };
