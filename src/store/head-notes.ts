import type { AuditEntry, AuditHead } from '../core/audit-entry.ts';
import { endsRun } from '../core/checkpoint.ts';
import type { KeptHeads, NotedHead } from '../core/ports/state-home.ts';
import type { Connection } from './connection.ts';

/** Entries after which the head is noted anew. */
const NOTE_EVERY = 1_000;
/** The same in time: a file that is synced for each commit would cost more than the commit. */
const NOTE_AFTER_MS = 10_000;

/**
 * Decides when this process notes the audit log's head, and does it: only what is durable, so a note is never ahead of the
 * database; how far it may be behind is decided here.
 */
export class HeadNotes {
  readonly #connection: Connection;
  readonly #heads: KeptHeads;
  readonly #openSeqs: () => readonly number[];
  #noted = { seq: 0, at: Number.NEGATIVE_INFINITY };
  #lastWritten: AuditHead | undefined;

  constructor(connection: Connection, heads: KeptHeads) {
    this.#connection = connection;
    this.#heads = heads;
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
    await this.#heads.keepNoted(note);
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
