import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AuditEntry, AuditHead } from '../core/audit-entry.ts';
import { noteOf } from '../core/checkpoint.ts';
import { RetentionError } from '../core/errors.ts';
import { readNote } from '../core/signed-note.ts';
import { contentOf, databaseGone, putBeside } from './beside.ts';
import type { Connection } from './connection.ts';
import { FILE_NAME, LAST_CHECKPOINT, LAST_HEAD } from './open-database.ts';

/*
 * The note of the last checkpoint, in a file of its own beside the database: where only the database was removed, or
 * replaced by an older copy, the next one who opens it notices.
 */

/**
 * The head that the file signs; undefined without a file.
 * @throws RetentionError `state_unusable` when it cannot be read, or there is no database that it could be about
 */
export function lastCheckpoint(stateDir: string): AuditHead | undefined {
  const path = join(stateDir, LAST_CHECKPOINT);
  if (!existsSync(path)) return undefined;
  const head = readNote(contentOf(path));
  if (head === undefined) {
    throw new RetentionError('state_unusable', `${path} is damaged, or not a checkpoint`, {
      hint: 'Run `audit verify` with a checkpoint from the program log; if the log holds, remove the file.',
    });
  }
  if (existsSync(join(stateDir, FILE_NAME))) return head;
  throw databaseGone(stateDir, `${head.seq} audit entries at the last checkpoint`);
}

/** A head that is kept beside the database. */
export interface RememberedHead extends AuditHead {
  readonly file: string;
  /** Reads on from "entries were": `signed`, `noted`. */
  readonly how: string;
}

/** @throws RetentionError `state_unusable` when the log is not the one, or an older copy of the one, that was remembered */
export function assertLeadsThrough(connection: Connection, known: RememberedHead): void {
  const { seq, file, how } = known;
  const hash = connection.readNow(() =>
    connection.prepare<[number], string>('SELECT hash FROM audit_entries WHERE seq = ?').pluck().get(seq),
  );
  if (hash === known.hash) return;
  const problem =
    hash === undefined
      ? `is an older copy: ${seq} audit entries were ${how} in ${file}, and entry ${seq} is missing`
      : `is not the one of ${file}: audit entry ${seq} is another`;
  throw new RetentionError('state_unusable', `${connection.path} ${problem}`, {
    hint:
      `If ${FILE_NAME}-wal was removed, put it back; else restore the state directory as a whole. If this copy is the newest there is, ` +
      `export it, keep the log lines of what came after, and remove ${LAST_CHECKPOINT} and ${LAST_HEAD}.`,
  });
}

/** To be called with what has become durable. @throws RetentionError `state_unusable` when the disk fails */
export async function rememberCheckpoint(
  databasePath: string,
  entries: readonly AuditEntry[],
): Promise<void> {
  const last = entries.findLast(({ event }) => event === 'checkpoint');
  const note = noteOf(last);
  if (last === undefined || note === undefined) return;
  const path = join(dirname(databasePath), LAST_CHECKPOINT);
  // Each number is written by one process only, so nobody else has its draft.
  await putBeside(path, note, last.seq);
}
