import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AuditEntry, AuditHead } from '../core/audit-entry.ts';
import { noteOf } from '../core/checkpoint.ts';
import { RetentionError } from '../core/errors.ts';
import { readNote } from '../core/signed-note.ts';
import type { Connection } from './connection.ts';
import { FILE_NAME, LAST_CHECKPOINT } from './open-database.ts';
import { stateFault } from './state-fault.ts';

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
  throw new RetentionError(
    'state_unusable',
    `${FILE_NAME} is gone from ${stateDir}: it held ${head.seq} audit entries at the last checkpoint`,
    { hint: 'Restore the state directory from a backup, or choose another one for a new start.' },
  );
}

/** @throws RetentionError `state_unusable` when the log is not the one, or an older copy of the one, that was signed */
export function assertLeadsThrough(connection: Connection, known: AuditHead): void {
  const hash = connection.readNow(() =>
    connection
      .prepare<[number], string>('SELECT hash FROM audit_entries WHERE seq = ?')
      .pluck()
      .get(known.seq),
  );
  if (hash === known.hash) return;
  const problem =
    hash === undefined
      ? `is an older copy: ${known.seq} audit entries were signed in ${LAST_CHECKPOINT}, and entry ${known.seq} is missing`
      : `is not the one of ${LAST_CHECKPOINT}: audit entry ${known.seq} is another`;
  throw new RetentionError('state_unusable', `${connection.path} ${problem}`, {
    hint: `Restore the state directory as a whole. If this copy is the newest there is, export it, keep the log lines of what came after, and remove ${LAST_CHECKPOINT}.`,
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
  // Each number is written by one process only, so nobody else has this file.
  const fresh = `${path}.${last.seq}`;
  try {
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(note);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    throw stateFault(error, path);
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw stateFault(error, path) as Error;
  }
}
