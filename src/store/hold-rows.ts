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
}

/** Neither released nor over at `now` (epoch ms). */
export function prepareHoldsInForce(connection: Connection): (now: number) => readonly Hold[] {
  const select = connection.prepare<[number], HoldRow>(
    'SELECT * FROM holds WHERE released_at IS NULL AND (until_at IS NULL OR until_at > ?) ORDER BY rowid',
  );
  return (now) => select.all(now).map(holdOf);
}

export function holdOf(row: HoldRow): Hold {
  return {
    holdId: row.hold_id,
    projectId: row.project_id,
    sessionId: row.session_id ?? undefined,
    matter: row.matter,
    untilAt: row.until_at ?? undefined,
  };
}

export function recordOf(row: HoldRow): HoldRecord {
  const { released_at: at, released_by: by, release_reason: reason } = row;
  return {
    ...holdOf(row),
    reason: row.reason,
    by: row.added_by,
    addedAt: row.added_at,
    release: at === null ? undefined : { at, by: by ?? '', reason: reason ?? '' },
  };
}
