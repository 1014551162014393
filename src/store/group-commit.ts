import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditEntry, AuditFacts, AuditHead } from '../core/audit-entry.ts';
import { noteOf } from '../core/checkpoint.ts';
import { commitGroup } from '../core/commit-group.ts';
import type { Decided, Draft } from '../core/commit-group.ts';
import type { Fence } from '../core/ports/audit-log.ts';
import type { KeptHeads } from '../core/ports/state-home.ts';
import type { NoteSigner } from '../core/signed-note.ts';
import { recordedHead } from './audit-rows.ts';
import type { Connection } from './connection.ts';
import { prepareSnapshot } from './group-snapshot.ts';
import { prepareStoring } from './group-storing.ts';
import { HeadNotes } from './head-notes.ts';

/** Called after each commit with what became durable, in order. Must not throw. */
export type OnAppended = (entries: readonly AuditEntry[]) => void;

/** Callers that share one commit at most, so that a burst does not hold up timers for long. */
const LARGEST_GROUP = 1_000;

/** What a commit costs beside its entries is worth some turns of the event loop, until so many callers share it. */
const PATIENT_TURNS = 16;
const GOOD_COMPANY = 128;

interface GroupCommitOptions {
  readonly heads: KeptHeads;
  readonly onAppended?: OnAppended | undefined;
  readonly signer?: NoteSigner | undefined;
}

interface Caller {
  readonly draft: Draft;
  readonly resolve: (decided: Decided) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The one writer of the audit log in this process. A commit waits for the disk, so callers share one: whoever comes while
 * one is on its way is in the next. With a `signer` it puts in the checkpoints, so that nobody can write without them.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #options: GroupCommitOptions;
  readonly #snapshotOf: ReturnType<typeof prepareSnapshot>;
  readonly #storing: ReturnType<typeof prepareStoring>;
  readonly #head: () => AuditHead;
  readonly #notes: HeadNotes;
  readonly #waiting: Caller[] = [];
  /** Resolves when nobody waits any more. */
  #running: Promise<void> | undefined;
  /** The first failed commit. From then on nothing is written, so no DELETE can be intended any more. */
  #failure: Error | undefined;

  constructor(connection: Connection, options: GroupCommitOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#snapshotOf = prepareSnapshot(connection);
    this.#storing = prepareStoring(connection);
    this.#head = recordedHead(connection);
    this.#notes = new HeadNotes(connection, options.heads);
  }

  /** Resolves with these entries and those that they brought along. */
  async append(entries: readonly AuditFacts[], fence: Fence | undefined): Promise<readonly AuditEntry[]> {
    const { links } = await this.write({ kind: 'append', entries, fence });
    return links.filter(({ isOwn }) => isOwn).map(({ entry }) => entry);
  }

  /** Rejects with the reason where the draft is refused, and where the disk fails. */
  write(draft: Draft): Promise<Decided> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ draft, resolve, reject });
      this.#running ??= this.#commitAll();
    });
  }

  /** Resolves when everybody who waits has an answer. */
  flushed(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Once nobody writes any more: notes where the log ends. */
  async close(): Promise<void> {
    await this.flushed();
    if (this.#failure === undefined) await this.#notes.close(this.#head);
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#gather();
      await this.#commitGroup();
    }
    this.#running = undefined;
  }

  /** Until a turn brings nobody new, but some turns in any case: answers that arrive close together share a commit. */
  async #gather(): Promise<void> {
    for (let turn = 1; this.#waiting.length < LARGEST_GROUP; turn += 1) {
      const known = this.#waiting.length;
      await nextTurn();
      const isAlone = this.#waiting.length === known;
      if (isAlone && (turn >= PATIENT_TURNS || known >= GOOD_COMPANY)) return;
    }
  }

  async #commitGroup(): Promise<void> {
    const group = this.#waiting.splice(0, LARGEST_GROUP);
    try {
      const { decided, written, note } = this.#connection.writeNow(() => {
        const decided = this.#writeGroup(group);
        const written = decided.flatMap(({ links }) => links.map(({ entry }) => entry));
        return { decided, written, note: this.#notes.after(written) };
      });
      if (written.length > 0) this.#options.onAppended?.(written);
      await this.#keepCheckpoint(written);
      await this.#notes.write(note);
      group.forEach((caller, index) => {
        settle(caller, decided[index]);
      });
    } catch (error) {
      this.#failure = error as Error;
      for (const caller of [...group, ...this.#waiting.splice(0)]) caller.reject(error);
    }
  }

  async #keepCheckpoint(written: readonly AuditEntry[]): Promise<void> {
    const last = written.findLast(({ event }) => event === 'checkpoint');
    const note = noteOf(last);
    if (last !== undefined && note !== undefined) await this.#options.heads.keepCheckpoint(note, last.seq);
  }

  /** Inside the transaction: head, lease and clock are those of now, whatever other processes did since. */
  #writeGroup(group: readonly Caller[]): readonly Decided[] {
    const drafts = group.map(({ draft }) => draft);
    const before = this.#snapshotOf(drafts);
    const { decided, head } = commitGroup(drafts, before, this.#options.signer);
    decided.forEach(this.#storing.store);
    if (head.seq > before.head.seq) this.#storing.moveHead(head);
    return decided;
  }
}

function settle(caller: Caller, decided: Decided | undefined): void {
  if (decided === undefined || 'refusal' in decided) caller.reject(decided?.refusal);
  else caller.resolve(decided);
}
