import type { Migration } from './migration.ts';

const VERIFIED = `
  -- When a conversation was last verified as deleted, asked before each intent.
  CREATE INDEX audit_verified_by_session ON audit_entries (project_id, session_id, time)
    WHERE event = 'deletion.verified';
`;

export const verified: Migration = { number: 11, name: 'verified', sql: VERIFIED };
