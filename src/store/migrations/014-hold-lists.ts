import type { Migration } from './migration.ts';

const HOLD_LISTS = `
  -- The newest list of holds that any worker read at a path: an older copy of the file releases nothing.
  -- Without a row: none was read yet, or before there were revisions.
  CREATE TABLE hold_lists (
    source   TEXT PRIMARY KEY,  -- absolute path, as in holds
    revision REAL NOT NULL      -- when the file was saved, in epoch ms, with fractions
  ) STRICT, WITHOUT ROWID;
`;

export const holdLists: Migration = { number: 14, name: 'hold-lists', sql: HOLD_LISTS };
