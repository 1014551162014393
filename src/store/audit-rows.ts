import { checkEntry, commonKeyIn } from '../core/audit-chain.ts';
import { GENESIS } from '../core/audit-entry.ts';
import type { AuditEntry, AuditFacts, AuditHead } from '../core/audit-entry.ts';
import { RetentionError } from '../core/errors.ts';
import type { Connection } from './connection.ts';

/** An entry as it is stored, each fact once. */
export interface AuditRow extends Omit<AuditFacts, 'facts'> {
  readonly seq: number;
  readonly time: string;
  readonly facts: string;
  readonly hash: string;
  /** Hash of the row before, looked up there; null where that row is missing. */
  readonly prev: string | null;
}

const STORED_COLUMNS =
  'seq, time, event, run_id, policy, policy_hash, rule, project_id, session_id, facts, hash';

/** The {@link AuditRow}s; conditions on their columns may follow. */
export const SELECT_AUDIT = `SELECT ${STORED_COLUMNS},
    (SELECT hash FROM audit_entries AS before WHERE before.seq = audit_entries.seq - 1) AS prev FROM audit_entries`;

/** Inserts an entry; the own facts among it are those of `facts`. */
export function prepareInsert(connection: Connection) {
  const values = STORED_COLUMNS.replaceAll(/\w+/g, '@$&');
  const insert = connection.prepare<[object]>(
    `INSERT INTO audit_entries (${STORED_COLUMNS}) VALUES (${values})`,
  );
  return (entry: AuditEntry, { facts }: AuditFacts): void => {
    insert.run({ ...entry, facts: JSON.stringify(facts) });
  };
}

/** Entries whose chain is checked when the state is opened; the whole log is a command's matter. */
const TAIL_ENTRIES = 1_000;

/**
 * The entry that a row holds; undefined when the entry before it is missing, its facts are not a JSON object, or one of
 * them would hide what stands in a column (the searches look at the columns, the hash would only protect the fact).
 */
export function entryOf(row: AuditRow): AuditEntry | undefined {
  const before = row.seq === 1 ? GENESIS.hash : row.prev;
  const own = factsIn(row.facts);
  if (own === undefined || before === null) return undefined;
  const { seq, time, event, run_id, policy, policy_hash, rule, project_id, session_id, hash } = row;
  // One literal: a spread behind a spread takes eight times as long as all the rest.
  return {
    seq,
    time,
    event,
    run_id,
    policy,
    policy_hash,
    rule,
    project_id,
    session_id,
    ...own,
    prev: before,
    hash,
  };
}

function factsIn(text: string): AuditFacts['facts'] | undefined {
  try {
    const value = JSON.parse(text) as AuditFacts['facts'] | null;
    return typeof value === 'object' && value !== null && commonKeyIn(value) === undefined
      ? value
      : undefined;
  } catch {
    return undefined;
  }
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
    if (head === undefined) throw noHead();
    return head;
  };
}

/** Undefined where the table has been emptied. */
export function auditHeadOf(connection: Connection): AuditHead | undefined {
  return connection.prepare<[], AuditHead>('SELECT seq, hash FROM audit_head WHERE id = 1').get();
}

function noHead(): RetentionError {
  return new RetentionError(
    'state_unusable',
    'the table audit_head is empty: it says where the audit log ends',
    {
      hint: 'Run `audit verify`, find out who changed the database, and restore the state directory from a backup.',
    },
  );
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
    const tail = connection.prepare<[number], AuditRow>(`${SELECT_AUDIT} WHERE seq > ? ORDER BY seq`);
    const rows = tail.all(last - TAIL_ENTRIES);
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
