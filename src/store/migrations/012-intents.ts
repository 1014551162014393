import type { Migration } from './migration.ts';

const INTENTS = `
  -- Which conversations were intended to be deleted since an entry, in order, without a look at the entries themselves.
  CREATE INDEX audit_intents ON audit_entries (seq, project_id, session_id) WHERE event = 'deletion.intended';
`;

export const intents: Migration = { number: 12, name: 'intents', sql: INTENTS };
