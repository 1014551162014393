import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AuditEntry, AuditHead } from '../core/audit-entry.ts';
import { endsRun } from '../core/checkpoint.ts';
import { RetentionError } from '../core/errors.ts';
import { parseStrictJson } from '../core/strict-json.ts';
import { contentOf, databaseGone, putBeside } from './beside.ts';
import type { Connection } from './connection.ts';
import { FILE_NAME, LAST_HEAD } from './open-database.ts';

/*
 * Where the audit log ended a moment ago, in a file of its own beside the database: a database that lost its WAL, or was
 * replaced by an older copy, is sound in itself and shorter. The note is written only after what it names is durable, so it
 * is never ahead of the database; how far it may be behind is decided below.
 */

/** Entries after which the head is noted anew. */
const NOTE_EVERY = 1_000;
/** The same in time: a file that is synced for each commit would cost more than the commit. */
const NOTE_AFTER_MS = 10_000;

export interface NotedHead extends AuditHead {
  /** `seq` of each entry that is open at this head, see `OpenWords`. */
  readonly open: readonly number[];
}

/** Undefined without a file. @throws RetentionError `state_unusable` when it cannot be used, or the database is gone */
export function lastHead(stateDir: string): NotedHead | undefined {
  const path = join(stateDir, LAST_HEAD);
  if (!existsSync(path)) return undefined;
  const note = noteIn(contentOf(path));
  if (note === undefined) {
    throw new RetentionError('state_unusable', `${path} is damaged, or not a note of the audit log's head`, {
      hint: 'Run `audit verify` with a checkpoint from the program log; if the log holds, remove the file.',
    });
  }
  if (existsSync(join(stateDir, FILE_NAME))) return note;
  throw databaseGone(stateDir, `${note.seq} audit entries when it was last noted`);
}

/** Decides when this process notes the head, and does it. */
export class HeadNotes {
  readonly #connection: Connection;
  readonly #openSeqs: () => readonly number[];
  #noted = { seq: 0, at: Number.NEGATIVE_INFINITY };
  #lastWritten: AuditHead | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    const open = connection.prepare<[], number>('SELECT seq FROM open_intents ORDER BY seq').pluck();
    this.#openSeqs = () => open.all();
  }

  /** What is to be noted of a commit; to be called at its end, inside its transaction. */
  after(entries: readonly AuditEntry[]): NotedHead | undefined {
    const last = entries.at(-1);
    if (last === undefined) return undefined;
    const { seq, hash } = last;
    this.#lastWritten = { seq, hash };
    const now = this.#connection.clock.now();
    const isDue =
      seq >= this.#noted.seq + NOTE_EVERY ||
      Math.abs(now - this.#noted.at) >= NOTE_AFTER_MS ||
      entries.some(endsRun);
    return isDue ? { seq, hash, open: this.#openSeqs() } : undefined;
  }

  /** To be called once the commit is durable. @throws RetentionError `state_unusable` when the disk fails */
  async write(note: NotedHead | undefined): Promise<void> {
    if (note === undefined) return;
    const text = JSON.stringify({ seq: note.seq, hash: note.hash, open: note.open });
    // Each number is written by one process only, so nobody else has this draft.
    await putBeside(join(dirname(this.#connection.path), LAST_HEAD), `${text}\n`, note.seq);
    this.#noted = { seq: note.seq, at: this.#connection.clock.now() };
  }

  /** Notes the end of what this process wrote, unless somebody wrote on, who will note it himself. */
  async close(head: () => AuditHead): Promise<void> {
    const last = this.#lastWritten;
    if (last === undefined || last.seq <= this.#noted.seq) return;
    const note = await this.#connection.read(() =>
      this.#connection.snapshotNow(() =>
        head().hash === last.hash ? { ...last, open: this.#openSeqs() } : undefined,
      ),
    );
    await this.write(note);
  }
}

function noteIn(text: string): NotedHead | undefined {
  const value = parseStrictJson(text.trim());
  if (typeof value !== 'object' || value === null || !('seq' in value && 'hash' in value && 'open' in value))
    return undefined;
  const { seq, hash, open } = value;
  const isCount = (one: unknown): one is number => typeof one === 'number' && Number.isSafeInteger(one);
  if (!isCount(seq) || typeof hash !== 'string' || !Array.isArray(open) || !open.every(isCount))
    return undefined;
  return { seq, hash, open };
}
