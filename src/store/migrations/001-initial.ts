import type { Migration } from './migration.ts';

const AUDIT = `
  CREATE TABLE audit_entries (
    seq         INTEGER PRIMARY KEY,
    time        TEXT NOT NULL,
    event       TEXT NOT NULL,
    run_id      TEXT,
    policy      TEXT,
    policy_hash TEXT,
    rule        TEXT,
    project_id  INTEGER,
    session_id  TEXT,
    facts       TEXT NOT NULL,  -- the event's own facts, a JSON object
    hash        TEXT NOT NULL   -- over all of the above and the hash of the entry before
  ) STRICT;

  -- What a run wrote, in order.
  CREATE INDEX audit_entries_by_run ON audit_entries (run_id, seq);
  -- How much a policy deleted lately.
  CREATE INDEX audit_intents_by_time ON audit_entries (policy, time) WHERE event = 'deletion.intended';
  CREATE TRIGGER audit_entries_never_change BEFORE UPDATE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END;
  CREATE TRIGGER audit_entries_never_go BEFORE DELETE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'audit entries are never deleted'); END;
  -- REPLACE deletes without asking the trigger above, unless recursive_triggers is on.
  CREATE TRIGGER audit_entries_only_append BEFORE INSERT ON audit_entries
    WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_entries)
    BEGIN SELECT RAISE(ABORT, 'audit entries are only appended'); END;

  -- The intents that no final outcome follows yet (none, or unverified), kept in step by the commit that writes the entries: a handful of rows, where
  -- an index over the last word on every conversation would grow with the log and cost a random page for each entry.
  CREATE TABLE open_intents (
    policy     TEXT NOT NULL,
    project_id INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    run_id     TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    PRIMARY KEY (policy, project_id, session_id)
  ) STRICT, WITHOUT ROWID;

  -- Where the chain ended at the last commit: without it a tail that was cut off would leave a sound, shorter chain.
  CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '${'0'.repeat(64)}');
  CREATE TRIGGER audit_head_only_grows BEFORE UPDATE ON audit_head WHEN NEW.seq <= OLD.seq
    BEGIN SELECT RAISE(ABORT, 'the audit head only grows'); END;
  CREATE TRIGGER audit_head_never_goes BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'the audit head is never deleted'); END;
`;

const PLANS = `
  CREATE TABLE plans (
    plan_id       TEXT PRIMARY KEY,
    policy        TEXT NOT NULL,
    policy_hash   TEXT NOT NULL,
    policy_path   TEXT NOT NULL,
    mode          TEXT NOT NULL CHECK (mode IN ('dry-run', 'enforce')),
    decided_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('draft', 'open', 'applied', 'expired')),
    created_at    INTEGER NOT NULL,
    requests_used INTEGER,
    fingerprint   TEXT,
    file_hash     TEXT,
    applied_by    TEXT,     -- run_id
    scrubbed_at   INTEGER   -- when names and user ids were removed
  ) STRICT;
  CREATE INDEX plans_by_file ON plans (file_hash);
  CREATE INDEX plans_by_status ON plans (status);

  CREATE TABLE plan_projects (
    plan_id    TEXT NOT NULL REFERENCES plans (plan_id),
    position   INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    listed     INTEGER NOT NULL,
    total      INTEGER NOT NULL,
    kept       INTEGER NOT NULL,
    held       INTEGER NOT NULL,
    unknown    INTEGER NOT NULL,
    planned    INTEGER NOT NULL,
    incomplete TEXT,
    PRIMARY KEY (plan_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE plan_items (
    plan_id              TEXT NOT NULL REFERENCES plans (plan_id),
    ordinal              INTEGER NOT NULL,
    project_id           INTEGER NOT NULL,
    session_id           TEXT,
    verdict              TEXT NOT NULL CHECK (verdict IN ('delete', 'keep', 'held', 'unknown')),
    rule                 TEXT,
    reason               TEXT NOT NULL,
    age_days             INTEGER,
    name                 TEXT,  -- as JSON text, like created_by: the vendor's strings may hold what UTF-8 cannot
    created_by           TEXT,
    created_at           INTEGER,
    updated_at           INTEGER,
    seen_at              INTEGER NOT NULL,
    last_message_at      INTEGER,
    last_message_read_at INTEGER,
    PRIMARY KEY (plan_id, ordinal)
  ) STRICT, WITHOUT ROWID;
`;

const RUNS = `
  CREATE TABLE runs (
    number      INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL UNIQUE,
    policy      TEXT NOT NULL,
    policy_hash TEXT NOT NULL,
    mode        TEXT NOT NULL,
    trigger     TEXT NOT NULL,
    slot_at     INTEGER,
    plan_id     TEXT,
    status      TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    requests    TEXT,  -- JSON: purpose to count
    audit_head  TEXT,
    problem     TEXT
  ) STRICT;
  CREATE INDEX runs_by_start ON runs (started_at, number);
  CREATE INDEX runs_by_policy ON runs (policy, started_at, number);

  CREATE TABLE slots (
    policy  TEXT PRIMARY KEY,
    slot_at INTEGER NOT NULL
  ) STRICT;

  -- A released lease keeps its row: the token must never be given out twice.
  CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     TEXT,
    token      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
`;

export const initial: Migration = { number: 1, name: 'initial', sql: AUDIT + PLANS + RUNS };
