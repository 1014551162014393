import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditEntry, AuditFacts, AuditHead } from '../core/audit-entry.ts';
import { linkEntries } from '../core/checkpoint.ts';
import type { Link } from '../core/checkpoint.ts';
import { ClaimedError, HeldError, RetentionError } from '../core/errors.ts';
import { isOver } from '../core/hold.ts';
import type { Hold } from '../core/hold.ts';
import { formatInstant } from '../core/instant.ts';
import { openChangeOf } from '../core/open-words.ts';
import type { Fence } from '../core/ports/audit-log.ts';
import type { NoteSigner } from '../core/signed-note.ts';
import { BOUND_ACCOUNT } from './account-rows.ts';
import { prepareInsert, recordedHead } from './audit-rows.ts';
import { prepareClaims } from './claims.ts';
import type { Connection } from './connection.ts';
import { prepareAreThereHolds, prepareHoldsAbout } from './hold-rows.ts';
import { rememberCheckpoint } from './last-checkpoint.ts';
import { HeadNotes } from './last-head.ts';
import { prepareTroubled } from './troubled.ts';

/** Called after each commit with what became durable, in order. Must not throw. */
export type OnAppended = (entries: readonly AuditEntry[]) => void;

/** Callers that share one commit at most, so that a burst does not hold up timers for long. */
const LARGEST_GROUP = 1_000;

/** What a commit costs beside its entries is worth some turns of the event loop, until so many callers share it. */
const PATIENT_TURNS = 16;
const GOOD_COMPANY = 128;

/** What a caller wants to be written. */
interface Draft {
  /** None: there is nothing to do, and then nothing is. */
  readonly entries: readonly AuditFacts[];
  /** Changes other tables in the same transaction. */
  readonly alongside?: () => void;
}

interface Caller {
  /** Called in the transaction, so that it can look first at how things are. */
  readonly draft: () => Draft;
  readonly fence: Fence | undefined;
  readonly resolve: (entries: readonly AuditEntry[]) => void;
  readonly reject: (reason: unknown) => void;
}

/** What became of one caller inside the transaction; told only after it is durable. */
interface Answer {
  /** With the checkpoints in between, which the caller did not ask for and is not told of. */
  readonly written: readonly Link[];
  readonly refusal?: unknown;
}

/**
 * The one writer of the audit log in this process. A commit waits for the disk, so callers share one: whoever comes while
 * one is on its way is in the next. With a `signer` it puts in the checkpoints, so that nobody can write without them.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #onAppended: OnAppended | undefined;
  readonly #signer: NoteSigner | undefined;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #notes: HeadNotes;
  readonly #waiting: Caller[] = [];
  /** Resolves when nobody waits any more. */
  #running: Promise<void> | undefined;
  /** The first failed commit. From then on nothing is written, so no DELETE can be intended any more. */
  #failure: Error | undefined;

  constructor(connection: Connection, onAppended?: OnAppended, signer?: NoteSigner) {
    this.#connection = connection;
    this.#onAppended = onAppended;
    this.#signer = signer;
    this.#statements = prepareStatements(connection);
    this.#notes = new HeadNotes(connection);
  }

  append(entries: readonly AuditFacts[], fence: Fence | undefined): Promise<readonly AuditEntry[]> {
    return this.change(() => ({ entries }), fence);
  }

  /** Writes what `draft`, called in the transaction, asks for. */
  change(draft: () => Draft, fence?: Fence): Promise<readonly AuditEntry[]> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ draft, fence, resolve, reject });
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
    if (this.#failure === undefined) await this.#notes.close(this.#statements.head);
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
      const { result, durable } = this.#connection.writeAhead(() => {
        const answers = this.#write(group);
        const written = answers.flatMap((answer) => answer.written.map(({ entry }) => entry));
        return { answers, written, note: this.#notes.after(written) };
      });
      const { answers, written, note } = result;
      await durable;
      if (written.length > 0) this.#onAppended?.(written);
      await rememberCheckpoint(this.#connection.path, written);
      await this.#notes.write(note);
      group.forEach((caller, index) => {
        settle(caller, answers[index]);
      });
    } catch (error) {
      this.#failure = error as Error;
      for (const caller of [...group, ...this.#waiting.splice(0)]) caller.reject(error);
    }
  }

  /** Inside the transaction: head, lease and clock are those of now, whatever other processes did since. */
  #write(group: readonly Caller[]): readonly Answer[] {
    const now = this.#connection.clock.now();
    const time = formatInstant(now);
    const before = this.#statements.head();
    let head = before;
    const isHeld = this.#statements.fencesAt(now);
    let areThereHolds = this.#statements.areThereHolds();
    const answers = group.map(({ draft, fence }): Answer => {
      if (fence !== undefined && !isHeld(fence)) return { refusal: leaseLost(fence), written: [] };
      const { entries, alongside } = draft();
      const hold = areThereHolds ? this.#holdAmong(entries, now) : undefined;
      if (hold !== undefined) return { refusal: new HeldError(hold.matter), written: [] };
      if (this.#statements.isClaimed(entries, now)) return { refusal: new ClaimedError(), written: [] };
      let links: readonly Link[];
      try {
        links = linkEntries(entries, { head, time, signer: this.#signer });
      } catch (refusal) {
        // Facts that cannot be written are the mistake of one caller; nothing of them is in the chain yet.
        return { refusal, written: [] };
      }
      if (links.length === 0) return { written: [] };
      if (alongside !== undefined) {
        alongside();
        areThereHolds = this.#statements.areThereHolds();
      }
      links.forEach(this.#statements.insert);
      head = links.at(-1)?.entry ?? head;
      return { written: links };
    });
    if (head.seq > before.seq) this.#statements.moveHead(head);
    return answers;
  }

  /** The hold that one of the entries, as an intent to delete, would break. */
  #holdAmong(entries: readonly AuditFacts[], now: number): Hold | undefined {
    for (const { event, project_id: projectId, session_id: sessionId } of entries) {
      if (event !== 'deletion.intended' || projectId === null || sessionId === null) continue;
      const hold = this.#statements.holdsAbout({ projectId, sessionId }).find((one) => !isOver(one, now));
      if (hold !== undefined) return hold;
    }
    return undefined;
  }
}

function settle(caller: Caller, answer: Answer | undefined): void {
  if (answer === undefined || 'refusal' in answer) caller.reject(answer?.refusal);
  else caller.resolve(answer.written.filter(({ isOwn }) => isOwn).map(({ entry }) => entry));
}

function leaseLost(fence: Fence): RetentionError {
  return new RetentionError('lease_held', `the lease ${fence.name} is no longer ours`, {
    hint: 'Let the other worker finish; this one has stopped.',
  });
}

function prepareStatements(connection: Connection) {
  const insert = prepareInsert(connection);
  const moveHead = connection.prepare<[number, string]>(
    'UPDATE audit_head SET seq = ?, hash = ? WHERE id = 1',
  );
  const lease = connection.prepare<[string, string, number, number], number>(
    'SELECT 1 FROM leases WHERE name = ? AND holder = ? AND token = ? AND expires_at > ?',
  );
  const track = prepareTracking(connection);
  const trackTrouble = prepareTroubled(connection);
  return {
    head: recordedHead(connection),
    areThereHolds: prepareAreThereHolds(connection),
    holdsAbout: prepareHoldsAbout(connection),
    isClaimed: prepareClaims(connection),
    /** Asks for each fence once: most callers of a group share theirs. */
    fencesAt: (now: number): ((fence: Fence) => boolean) => {
      const known = new Map<Fence, boolean>();
      return (fence) => {
        const isHeld =
          known.get(fence) ?? lease.get(fence.name, fence.holder, fence.token, now) !== undefined;
        known.set(fence, isHeld);
        return isHeld;
      };
    },
    insert: ({ facts, entry }: Link): void => {
      insert(entry, facts);
      track(entry);
      trackTrouble(entry);
    },
    moveHead: (head: AuditHead): void => {
      moveHead.run(head.seq, head.hash);
    },
  };
}

/** Keeps `open_intents` in step with what is written: {@link OpenWords} in SQL. */
function prepareTracking(connection: Connection): (entry: AuditEntry) => void {
  const into = `INTO open_intents (policy, project_id, session_id, run_id, seq, account) VALUES (?, ?, ?, ?, ?, ${BOUND_ACCOUNT})`;
  const whose = 'policy = ? AND project_id = ? AND session_id = ? AND run_id = ?';
  // A replaced row starts as `intended` again.
  const open = connection.prepare(`INSERT OR REPLACE ${into}`);
  const absent = connection.prepare(`UPDATE open_intents SET state = 'absent' WHERE ${whose}`);
  const reopen = connection.prepare(`INSERT OR IGNORE ${into}`);
  const unverified = connection.prepare(
    `UPDATE open_intents SET state = 'unverified', parked_by = ? WHERE ${whose}`,
  );
  // A run settles only what it intended itself: what it says of a conversation is silent about a later run's DELETE.
  const settle = connection.prepare(`DELETE FROM open_intents WHERE ${whose}`);
  return (entry) => {
    const { policy, project_id: projectId, session_id: sessionId, run_id: runId, seq } = entry;
    const own = [policy, projectId, sessionId, runId];
    if (own.includes(null)) return;
    const change = openChangeOf(entry);
    if (change === 'opens') open.run(...own, seq);
    else if (change === 'stays_open') {
      reopen.run(...own, seq);
      unverified.run(entry['parked'] === true ? (entry['settled_by'] ?? runId) : null, ...own);
    } else if (change === 'settles') settle.run(...own);
    else if (entry.event === 'deletion.absent') absent.run(...own);
  };
}
