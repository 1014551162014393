import type { Migration } from './migration.ts';

const EVIDENCE = `
  -- How far it is: 'intended', then 'absent' by its own GET, or 'unverified'.
  ALTER TABLE open_intents ADD COLUMN state TEXT NOT NULL DEFAULT 'intended';
  -- The run that reported that nothing more can be learned of it for now; null: nobody did.
  ALTER TABLE open_intents ADD COLUMN parked_by TEXT;
  CREATE INDEX open_intents_by_project ON open_intents (project_id, state);

  -- What earlier DELETEs of a conversation were answered that did not end it: a handful of rows.
  CREATE INDEX audit_undone ON audit_entries (seq)
    WHERE event IN ('deletion.failed', 'deletion.unverified');

  -- What a run deletes in one project, in order, without reading the others.
  CREATE INDEX plan_items_to_delete ON plan_items (plan_id, project_id, ordinal) WHERE verdict = 'delete';
`;

export const evidence: Migration = { number: 6, name: 'evidence', sql: EVIDENCE };
