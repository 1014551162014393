import { checkEntry, type LogBreak } from './audit-chain.ts';
import { GENESIS } from './audit-entry.ts';
import type { AuditEntry, AuditHead } from './audit-entry.ts';
import { checkCheckpoint, CHECKPOINT_EVERY, endsRun, isCheckpointDue } from './checkpoint.ts';
import type { VerifierKey } from './signed-note.ts';

/** A head that somebody saw earlier: the log must still lead through it. */
export interface KnownHead extends AuditHead {
  /** Reads on from "6 entries were …": `recorded`, `signed in head.note`. */
  readonly how: string;
}

export interface WholeLog {
  readonly ok: true;
  readonly head: AuditHead;
  readonly checkpoints: number;
  /** The last checkpoint's own number: it signs all before it. */
  readonly lastCheckpoint: number | undefined;
  /** Verifier keys of the checkpoints, in the order in which they came. */
  readonly keys: readonly string[];
}

export type LogVerdict = WholeLog | LogBreak;

export interface LogCheckOptions {
  /** Whose checkpoints count; undefined: whoever they say, which proves consistency and not authorship. */
  readonly trusted?: readonly VerifierKey[] | undefined;
  /** At least one checkpoint is expected. */
  readonly mustBeSigned?: boolean;
  readonly known?: readonly KnownHead[];
}

/**
 * A walk through a whole log, entry by entry from its first: chain, gaps, checkpoints where they belong, their
 * signatures, and the heads that are known from elsewhere. Once something is wrong, that is the answer.
 */
export class LogCheck {
  readonly #options: LogCheckOptions;
  readonly #known = new Map<number, readonly KnownHead[]>();
  #furthest: KnownHead | undefined;
  readonly #keys = new Map<string, VerifierKey>();
  #head = GENESIS;
  #checkpoints = 0;
  #lastCheckpoint: number | undefined;
  /** A checkpoint has to come next, because a run ended. */
  #isDue = false;
  #broken: LogBreak | undefined;

  constructor(options: LogCheckOptions) {
    this.#options = options;
    for (const head of options.known ?? []) {
      this.#known.set(head.seq, [...(this.#known.get(head.seq) ?? []), head]);
      if (this.#furthest === undefined || head.seq > this.#furthest.seq) this.#furthest = head;
    }
  }

  get head(): AuditHead {
    return this.#head;
  }

  /** False once the log is broken: nothing behind that place counts. */
  take(entry: unknown): boolean {
    if (this.#broken !== undefined) return false;
    const check = checkEntry(entry, this.#head);
    if (!check.ok) return this.#fail(check.seq, check.problem);
    this.#head = check.head;
    const { seq, hash } = check.head;
    const other = this.#known.get(seq)?.find((known) => known.hash !== hash);
    if (other !== undefined) return this.#fail(seq, `is not the one that was ${other.how}`);
    // It has just been found to be one.
    const problem = this.#problemOfSigning(entry as AuditEntry);
    return problem === undefined ? true : this.#fail(seq, problem);
  }

  /** Something that only the reader of the log could see. */
  breakOff(problem: string): void {
    if (this.#broken === undefined) this.#fail(this.#head.seq + 1, problem);
  }

  end(): LogVerdict {
    const next = this.#head.seq + 1;
    if (this.#broken !== undefined) return this.#broken;
    const furthest = this.#furthest;
    if (furthest !== undefined && furthest.seq >= next)
      return { ok: false, seq: next, problem: `is missing: ${furthest.seq} entries were ${furthest.how}` };
    if (this.#isDue && this.#lastCheckpoint !== undefined)
      return { ok: false, seq: next, problem: 'is missing: a checkpoint follows the end of a run' };
    if (this.#options.mustBeSigned === true && this.#checkpoints === 0)
      return { ok: false, seq: next, problem: 'is missing: there is no checkpoint, so nothing is signed' };
    return {
      ok: true,
      head: this.#head,
      checkpoints: this.#checkpoints,
      lastCheckpoint: this.#lastCheckpoint,
      keys: [...this.#keys.keys()],
    };
  }

  #problemOfSigning(entry: AuditEntry): string | undefined {
    const isDue = this.#isDue;
    this.#isDue = endsRun(entry);
    if (entry.event === 'checkpoint') {
      const check = checkCheckpoint(entry, this.#options.trusted, this.#keys);
      if (!check.ok) return check.problem;
      this.#keys.set(check.key.text, check.key);
      this.#checkpoints += 1;
      this.#lastCheckpoint = entry.seq;
      return undefined;
    }
    // What was written before there were checkpoints has none.
    if (this.#lastCheckpoint === undefined) return undefined;
    if (isDue) return 'is not the checkpoint that follows the end of a run';
    return isCheckpointDue(entry.seq)
      ? `is not a checkpoint, and each ${CHECKPOINT_EVERY}th entry has to be one`
      : undefined;
  }

  #fail(seq: number, problem: string): false {
    this.#broken = { ok: false, seq, problem };
    return false;
  }
}
