import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RetentionError } from '../core/errors.ts';
import type { KeptHead, KeptHeads, NotedHead } from '../core/ports/state-home.ts';
import type { Connection } from './connection.ts';
import { FILE_NAME } from './open-database.ts';

/** What is remembered of the log that the database must hold. */
interface KnownHeads {
  readonly signed: KeptHead | undefined;
  readonly noted: (KeptHead & NotedHead) | undefined;
}

/**
 * To be called before the database is opened: another process may be writing both, and what is kept beside it is always the
 * older of the two. @throws RetentionError `state_unusable` when there is no database that it could be about
 */
export function knownHeads(heads: KeptHeads, stateDir: string): KnownHeads {
  const known = { signed: heads.checkpoint(), noted: heads.noted() };
  const { signed, noted } = known;
  if ((signed ?? noted) === undefined || existsSync(join(stateDir, FILE_NAME))) return known;
  const held =
    signed === undefined
      ? `${noted?.seq} audit entries when it was last noted`
      : `${signed.seq} audit entries at the last checkpoint`;
  throw new RetentionError('state_unusable', `${FILE_NAME} is gone from ${stateDir}: it held ${held}`, {
    hint: 'Restore the state directory from a backup, or choose another one for a new start.',
  });
}

/** @throws RetentionError `state_unusable` when the log is not the one, or an older copy of the one, that is remembered */
export function assertLeadsThrough(connection: Connection, { signed, noted }: KnownHeads): void {
  const select = connection.prepare<[number], string>('SELECT hash FROM audit_entries WHERE seq = ?').pluck();
  const all = [signed, noted].flatMap((head) => (head === undefined ? [] : [head]));
  for (const { seq, hash: known, file, how } of all) {
    const hash = connection.readNow(() => select.get(seq));
    if (hash === known) continue;
    const problem =
      hash === undefined
        ? `is an older copy: ${seq} audit entries were ${how} in ${file}, and entry ${seq} is missing`
        : `is not the one of ${file}: audit entry ${seq} is another`;
    throw new RetentionError('state_unusable', `${connection.path} ${problem}`, {
      hint:
        `If ${FILE_NAME}-wal was removed, put it back; else restore the state directory as a whole. If this copy is the newest there is, ` +
        `export it, keep the log lines of what came after, and remove ${all.map((head) => head.file).join(' and ')}.`,
    });
  }
}
