import { isFault, RetentionError } from '../core/errors.ts';
import type { KeptHead, KeptHeads, NotedHead } from '../core/ports/state-home.ts';
import type { Connection } from './connection.ts';

/** What is remembered of the log that a database must hold. */
export interface KnownHeads {
  readonly signed: KeptHead | undefined;
  readonly noted: (KeptHead & NotedHead) | undefined;
  /** Of what is there and cannot be read. */
  readonly problems: readonly RetentionError[];
}

/**
 * To be asked before the database is opened: another process may be writing both, and what is kept beside it is always the
 * older of the two.
 */
export function knownHeads(heads: KeptHeads): KnownHeads {
  const problems: RetentionError[] = [];
  const unless = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!isFault(error, 'state_unusable')) throw error;
      problems.push(error);
      return undefined;
    }
  };
  return { signed: unless(() => heads.checkpoint()), noted: unless(() => heads.noted()), problems };
}

export function headsIn({ signed, noted }: KnownHeads): KeptHead[] {
  return [signed, noted].filter((head) => head !== undefined);
}

/** @throws RetentionError `state_unusable` where the state at `path`, which is gone or empty, held something */
export function assertNothingKnown(known: KnownHeads, path: string, state: 'gone' | 'empty'): void {
  const [problem] = known.problems;
  const [last] = headsIn(known).sort((a, b) => b.seq - a.seq);
  if (last !== undefined)
    throw new RetentionError('state_unusable', `${path} is ${state}, but ${entriesOf(last)}`, {
      hint:
        state === 'gone'
          ? 'Restore the state directory from a backup, or choose another one for a new start.'
          : restore(path),
    });
  if (problem !== undefined) throw problem;
}

/** The fault of a log that is not the one, or an older copy of the one, that is remembered. */
export function problemOfHeads(connection: Connection, known: KnownHeads): RetentionError | undefined {
  const { path } = connection;
  const all = headsIn(known);
  const select = connection.prepare<[number], string>('SELECT hash FROM audit_entries WHERE seq = ?').pluck();
  for (const head of all) {
    const hash = connection.readNow(() => select.get(head.seq));
    if (hash === head.hash) continue;
    const problem = hash === undefined ? 'is an older copy' : 'holds another log';
    const found = `its entry ${head.seq} is ${hash === undefined ? 'missing' : 'a different one'}`;
    return new RetentionError('state_unusable', `${path} ${problem}: ${entriesOf(head)}, and ${found}`, {
      hint: `${restore(path)} If this copy is the newest there is, export it, keep the log lines of what came after, and remove ${all.map(({ file }) => file).join(' and ')}.`,
    });
  }
  return undefined;
}

function entriesOf({ seq, how, file }: KeptHead): string {
  return `${seq} audit ${seq === 1 ? 'entry was' : 'entries were'} ${how} in ${file}`;
}

function restore(path: string): string {
  return `If ${path}-wal was removed, put it back; else restore the state directory as a whole from a backup.`;
}
