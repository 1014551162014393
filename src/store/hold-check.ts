import type { Statement } from 'better-sqlite3';
import { RetentionError } from '../core/errors.ts';
import type { HoldRecord } from '../core/hold.ts';
import { formatInstant } from '../core/instant.ts';
import { auditBroken } from './audit-rows.ts';
import type { Connection } from './connection.ts';

interface EventRow {
  readonly seq: number;
  readonly event: 'hold.added' | 'hold.released';
  readonly project_id: number | null;
  readonly session_id: string | null;
  readonly facts: string;
}

type Facts = Readonly<Record<string, string | null | undefined>>;

/** A hold by the log's word. */
interface Logged {
  readonly content: string;
  /** RFC 3339; null: until it is released. */
  readonly until: string | null;
}

/**
 * Compares the holds in force with what the log says of them. Reads of the log only what is new since the last time, by
 * an index over the entries on holds. To be called in a transaction.
 */
export function prepareHoldCheck(connection: Connection): (held: readonly HoldRecord[], now: number) => void {
  const select = selectHoldEvents(connection);
  const logged = new Map<string, Logged>();
  let readTo = 0;
  return (held, now) => {
    for (const row of select.all(readTo)) {
      note(row, logged);
      readTo = row.seq;
    }
    const unseen = new Set(logged.keys());
    for (const hold of held) {
      unseen.delete(hold.holdId);
      const said = logged.get(hold.holdId);
      if (said === undefined)
        throw unlike(hold.holdId, 'the log says nothing of it, or that it was released');
      if (said.content !== contentOfRecord(hold)) throw unlike(hold.holdId, 'what it says was altered');
    }
    const today = formatInstant(now);
    for (const holdId of unseen) {
      const until = logged.get(holdId)?.until ?? null;
      if (until === null || isAfter(until, today)) throw unlike(holdId, 'it is in force, and missing there');
    }
  };
}

function note(row: EventRow, logged: Map<string, Logged>): void {
  const { holdId, content, facts } = loggedHold(row);
  if (row.event === 'hold.released') logged.delete(holdId);
  else logged.set(holdId, { content, until: facts['until'] ?? null });
}

/** Entries on holds behind a `seq`, in order, by an index over them. */
export function selectHoldEvents(connection: Connection): Statement<[number], EventRow> {
  return connection.prepare<[number], EventRow>(
    `SELECT seq, event, project_id, session_id, facts FROM audit_entries INDEXED BY audit_hold_events
      WHERE event IN ('hold.added', 'hold.released') AND seq > ? ORDER BY seq`,
  );
}

/** `content` is to be compared with {@link contentOfRecord}. @throws RetentionError `state_unusable` when it is unreadable */
export function loggedHold({ seq, facts: text, ...target }: EventRow): {
  readonly holdId: string;
  readonly content: string;
  readonly facts: Facts;
} {
  const facts = factsIn(text);
  const holdId = facts?.['hold_id'];
  if (facts === undefined || typeof holdId !== 'string') throw auditBroken(seq, 'is not as it was written');
  const { matter, reason, by, until = null, source = 'command' } = facts;
  const content = JSON.stringify([target.project_id, target.session_id, matter, reason, by, until, source]);
  return { holdId, content, facts };
}

export function contentOfRecord(hold: HoldRecord): string {
  const { projectId, sessionId = null, matter, reason, by, untilAt, source } = hold;
  const until = untilAt === undefined ? null : formatInstant(untilAt);
  const from = source === undefined ? 'command' : 'file';
  return JSON.stringify([projectId, sessionId, matter, reason, by, until, from]);
}

/** Texts of this form sort as the instants do; after the year 9999 they begin with a sign. */
function isAfter(until: string, today: string): boolean {
  return until > today || until.startsWith('+');
}

function factsIn(text: string): Facts | undefined {
  try {
    return JSON.parse(text) as Facts;
  } catch {
    return undefined;
  }
}

function unlike(holdId: string, what: string): RetentionError {
  return new RetentionError(
    'state_unusable',
    `the table of holds is not what the audit log says of ${holdId}: ${what}`,
    { hint: 'Find out who changed the database, and restore the state directory from a backup.' },
  );
}
