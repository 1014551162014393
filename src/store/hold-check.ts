import { setImmediate as nextTurn } from 'node:timers/promises';
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

type HoldFacts = Readonly<Record<string, string | null | undefined>>;

/** What the log says of the holds that are not released. Reads of it only what is new since the last time, by an index. */
export interface HoldCheck {
  /** In pages, so that little is left to be read in the transaction that compares. */
  readonly catchUp: () => Promise<void>;
  /** To be called in a transaction. @throws RetentionError `state_unusable` where the table says otherwise than the log */
  readonly assertLogged: (held: readonly HoldRecord[]) => void;
}

export function prepareHoldCheck(connection: Connection): HoldCheck {
  const select = selectHoldEvents(connection);
  /** By id: what it says, by the log's word. */
  const logged = new Map<string, string>();
  let readTo = 0;
  const read = (most: number): readonly EventRow[] => {
    const rows = select.all(readTo, most);
    for (const row of rows) {
      note(row, logged);
      readTo = row.seq;
    }
    return rows;
  };
  const catchUp = async (): Promise<void> => {
    while ((await connection.read(() => read(PAGE_EVENTS))).length === PAGE_EVENTS) await nextTurn();
  };
  const assertLogged = (held: readonly HoldRecord[]): void => {
    read(ALL);
    const unseen = new Set(logged.keys());
    for (const hold of held) {
      unseen.delete(hold.holdId);
      const said = logged.get(hold.holdId);
      if (said === undefined)
        throw unlike(hold.holdId, 'the log says nothing of it, or that it was released');
      if (said !== contentOfRecord(hold)) throw unlike(hold.holdId, 'what it says was altered');
    }
    for (const holdId of unseen) throw unlike(holdId, 'it was not released, and is missing there');
  };
  return { catchUp, assertLogged };
}

const PAGE_EVENTS = 500;
/** As a limit in SQL: none. */
export const ALL = -1;

function note(row: EventRow, logged: Map<string, string>): void {
  const { holdId, content } = loggedHold(row);
  if (row.event === 'hold.released') logged.delete(holdId);
  else logged.set(holdId, content);
}

/** Entries on holds behind a `seq`, in order and so many at most (-1: all), by an index over them. */
export function selectHoldEvents(connection: Connection): Statement<[seq: number, most: number], EventRow> {
  return connection.prepare<[number, number], EventRow>(
    `SELECT seq, event, project_id, session_id, facts FROM audit_entries INDEXED BY audit_hold_events
      WHERE event IN ('hold.added', 'hold.released') AND seq > ? ORDER BY seq LIMIT ?`,
  );
}

/** `content` is to be compared with {@link contentOfRecord}. @throws RetentionError `state_unusable` when it is unreadable */
export function loggedHold({ seq, facts: text, ...target }: EventRow): {
  readonly holdId: string;
  readonly content: string;
  readonly facts: HoldFacts;
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

function factsIn(text: string): HoldFacts | undefined {
  try {
    return JSON.parse(text) as HoldFacts;
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
