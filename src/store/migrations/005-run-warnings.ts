import type { Migration } from './migration.ts';

const RUN_WARNINGS = `
  ALTER TABLE runs ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]';  -- JSON: sentences
  ALTER TABLE runs ADD COLUMN as_before INTEGER NOT NULL DEFAULT 0;
`;

export const runWarnings: Migration = { number: 5, name: 'run-warnings', sql: RUN_WARNINGS };
