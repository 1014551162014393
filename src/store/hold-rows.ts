import type { KnownList } from '../core/hold-list.ts';
import type { Hold, HoldRecord } from '../core/hold.ts';
import type { Connection } from './connection.ts';

export interface HoldRow {
  readonly hold_id: string;
  readonly project_id: number;
  readonly session_id: string | null;
  readonly matter: string;
  readonly reason: string;
  readonly added_by: string;
  readonly added_at: number;
  readonly until_at: number | null;
  readonly released_at: number | null;
  readonly released_by: string | null;
  readonly release_reason: string | null;
  readonly source: string | null;
}

/** What is asked of holds in the transaction that writes intents and changes holds. */
export function prepareHoldLookups(connection: Connection) {
  const anyUnreleased = connection.prepare(
    'SELECT 1 FROM holds INDEXED BY holds_by_target WHERE released_at IS NULL LIMIT 1',
  );
  const about = connection.prepare<[number, string], HoldRow>(
    `SELECT * FROM holds INDEXED BY holds_by_target
      WHERE released_at IS NULL AND project_id = ? AND LOWER(COALESCE(session_id, '')) IN ('', LOWER(?))`,
  );
  const one = connection.prepare<[string], HoldRow>('SELECT * FROM holds WHERE hold_id = ?');
  /** Those that are over by their date, too: they stay as long as the file lists them. */
  const ofSource = connection.prepare<[string], HoldRow>(
    'SELECT * FROM holds WHERE released_at IS NULL AND source = ? ORDER BY rowid',
  );
  const revision = connection
    .prepare<[string], number>('SELECT revision FROM hold_lists WHERE source = ?')
    .pluck();
  return {
    /** Whether any hold is not released. */
    areThereHolds: () => anyUnreleased.get() !== undefined,
    /** Those that may cover a conversation, by an index: not released, on its project or on itself. */
    holdsAbout: (projectId: number, sessionId: string): readonly Hold[] =>
      about.all(projectId, sessionId).map(recordOf),
    /** Released or not. */
    holdOfId: (holdId: string): HoldRecord | undefined => {
      const row = one.get(holdId);
      return row && recordOf(row);
    },
    knownList: (source: string): KnownList => ({
      held: ofSource.all(source).map(recordOf),
      revision: revision.get(source),
    }),
  };
}

export function recordOf(row: HoldRow): HoldRecord {
  const { released_at: at, released_by: by, release_reason: reason } = row;
  // Thousands are read in one go: an object that is spread takes ten times as long as one that is written out.
  return {
    holdId: row.hold_id,
    projectId: row.project_id,
    sessionId: row.session_id ?? undefined,
    matter: row.matter,
    untilAt: row.until_at ?? undefined,
    source: row.source ?? undefined,
    reason: row.reason,
    by: row.added_by,
    addedAt: row.added_at,
    release: at === null ? undefined : { at, by: by ?? '', reason: reason ?? '' },
  };
}
