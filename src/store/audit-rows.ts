import { checkEntry } from '../core/audit-chain.ts';
import { GENESIS } from '../core/audit-entry.ts';
import type { AuditEntry, AuditHead } from '../core/audit-entry.ts';
import { RetentionError } from '../core/errors.ts';
import type { Connection } from './connection.ts';

export interface AuditRow {
  readonly seq: number;
  readonly time: string;
  readonly event: string;
  readonly run_id: string | null;
  readonly policy: string | null;
  readonly project_id: number | null;
  readonly session_id: string | null;
  readonly entry: string;
  readonly hash: string;
}

const COLUMNS = ['seq', 'time', 'event', 'run_id', 'policy', 'project_id', 'session_id', 'hash'] as const;
export const AUDIT_COLUMNS = [...COLUMNS, 'entry'].join(', ');

/** Entries whose chain is checked when the state is opened; the whole log is a command's matter. */
const TAIL_ENTRIES = 1_000;

/**
 * The entry that a row holds; undefined when its text is not JSON as it was written here, or when a column says
 * something else than the text (the searches look at the columns, the hashes only protect the text).
 */
export function entryOf(row: AuditRow): AuditEntry | undefined {
  let entry: AuditEntry;
  try {
    entry = JSON.parse(row.entry) as AuditEntry;
  } catch {
    return undefined;
  }
  if (JSON.stringify(entry) !== row.entry) return undefined;
  return COLUMNS.every((column) => entry[column] === row[column]) ? entry : undefined;
}

/** @throws RetentionError `state_unusable` where {@link entryOf} finds nothing */
export function readableEntry(row: AuditRow): AuditEntry {
  const entry = entryOf(row);
  if (entry === undefined) throw auditBroken(row.seq, 'is not as it was written');
  return entry;
}

export function auditBroken(seq: number, problem: string): RetentionError {
  return new RetentionError('state_unusable', `audit log is broken at entry ${seq}: it ${problem}`, {
    hint: 'Run `audit verify`, find out who changed it, and restore the state directory from a backup.',
  });
}

export function recordedHead(connection: Connection): () => AuditHead {
  const select = connection.prepare<[], AuditHead>('SELECT seq, hash FROM audit_head WHERE id = 1');
  return () => {
    const head = select.get();
    if (head === undefined) throw auditBroken(1, 'has no recorded head');
    return head;
  };
}

/** @throws RetentionError `state_unusable` when an entry is missing anywhere, or the end of the chain does not hold */
export function assertSoundTail(connection: Connection): void {
  // One snapshot: another process may be appending meanwhile.
  connection.snapshotNow(() => {
    const end = recordedHead(connection)();
    const { count, last } = connection
      .prepare<[], { count: number; last: number }>(
        'SELECT COUNT(*) AS count, COALESCE(MAX(seq), 0) AS last FROM audit_entries',
      )
      .get() ?? { count: 0, last: 0 };
    if (count !== last) throw auditBroken(firstMissing(connection), 'is missing');
    const rows = connection
      .prepare<[number], AuditRow>(`SELECT ${AUDIT_COLUMNS} FROM audit_entries WHERE seq > ? ORDER BY seq`)
      .all(last - TAIL_ENTRIES);
    let head = headBefore(rows[0]);
    for (const row of rows) {
      const check = checkEntry(entryOf(row), head);
      if (!check.ok) throw auditBroken(check.seq, check.problem);
      head = check.head;
    }
    if (head.seq < end.seq) throw auditBroken(head.seq + 1, `is missing: ${end.seq} entries were recorded`);
    if (head.seq > end.seq || head.hash !== end.hash) throw auditBroken(head.seq, 'is not the recorded head');
  });
}

/** What the first entry of the tail builds on: by its own word, unless it is the start of the log. */
function headBefore(first: AuditRow | undefined): AuditHead {
  const entry = first === undefined ? undefined : entryOf(first);
  return entry === undefined || entry.seq === 1 ? GENESIS : { seq: entry.seq - 1, hash: entry.prev };
}

function firstMissing(connection: Connection): number {
  const gap = connection
    .prepare<[], number>(
      `SELECT MIN(seq) + 1 FROM (SELECT 0 AS seq UNION ALL SELECT seq FROM audit_entries) AS present
        WHERE NOT EXISTS (SELECT 1 FROM audit_entries AS next WHERE next.seq = present.seq + 1)`,
    )
    .pluck()
    .get();
  return gap ?? 1;
}
