import type { Migration } from './migration.ts';

const ACCOUNTS = `
  -- Whose conversations the state is about: the last row counts.
  CREATE TABLE account_bindings (
    number INTEGER PRIMARY KEY,
    origin TEXT NOT NULL,  -- scheme, host and port
    owner  TEXT NOT NULL,  -- team:ID, user:ID or key:FINGERPRINT
    kind   TEXT NOT NULL CHECK (kind IN ('bound', 'named', 'moved', 'replaced'))
  ) STRICT;
  CREATE TRIGGER account_bindings_never_change BEFORE UPDATE ON account_bindings
    BEGIN SELECT RAISE(ABORT, 'account bindings are never changed'); END;
  CREATE TRIGGER account_bindings_never_go BEFORE DELETE ON account_bindings
    BEGIN SELECT RAISE(ABORT, 'account bindings are never deleted'); END;
  CREATE TRIGGER account_bindings_only_append BEFORE INSERT ON account_bindings
    WHEN NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM account_bindings)
    BEGIN SELECT RAISE(ABORT, 'account bindings are only appended'); END;

  -- What the log says of them, to be compared with the table.
  CREATE INDEX audit_account_events ON audit_entries (seq) WHERE event IN ('account.bound', 'account.rebound');

  -- null: made before there were bindings. The fingerprint covers it where it is there.
  ALTER TABLE plans ADD COLUMN account TEXT;

  -- A clone has the same ids: what one account left open must not be forgotten because another begins the same.
  -- '': written before there were bindings.
  CREATE TABLE open_intents_by_account (
    policy     TEXT NOT NULL,
    project_id INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    account    TEXT NOT NULL,
    run_id     TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    state      TEXT NOT NULL DEFAULT 'intended',  -- then 'absent', or 'unverified'
    parked_by  TEXT,
    PRIMARY KEY (policy, project_id, session_id, account)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO open_intents_by_account (policy, project_id, session_id, account, run_id, seq, state, parked_by)
    SELECT policy, project_id, session_id, '', run_id, seq, state, parked_by FROM open_intents;
  DROP TABLE open_intents;
  ALTER TABLE open_intents_by_account RENAME TO open_intents;
  CREATE INDEX open_intents_by_project ON open_intents (project_id, state);
`;

export const accounts: Migration = { number: 8, name: 'accounts', sql: ACCOUNTS };
