import type { Migration } from './migration.ts';

const HOLD_FILES = `
  -- Absolute path of the file that lists the hold; null: placed by command.
  ALTER TABLE holds ADD COLUMN source TEXT;
  CREATE TRIGGER holds_source_never_changes BEFORE UPDATE OF source ON holds
    BEGIN SELECT RAISE(ABORT, 'holds are never changed'); END;
  CREATE INDEX holds_by_source ON holds (source) WHERE released_at IS NULL;
  -- Asked for each intent: is there a hold on the project ('') or on the conversation?
  CREATE INDEX holds_by_target ON holds (project_id, LOWER(COALESCE(session_id, ''))) WHERE released_at IS NULL;

  -- What the log says of holds, to be compared with the table.
  CREATE INDEX audit_hold_events ON audit_entries (seq) WHERE event IN ('hold.added', 'hold.released');
`;

export const holdFiles: Migration = { number: 4, name: 'hold-files', sql: HOLD_FILES };
