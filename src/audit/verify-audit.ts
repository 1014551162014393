import type { LogBreak } from '../core/audit-chain.ts';
import { isFault } from '../core/errors.ts';
import type { AuditLog } from '../core/ports/audit-log.ts';
import type { DerivedDifference } from '../core/ports/store.ts';
import { LogCheck } from '../core/verify-log.ts';
import type { KnownHead, LogCheckOptions, WholeLog } from '../core/verify-log.ts';

/** The log in a state directory. */
export interface StoredLog {
  readonly audit: Pick<AuditLog, 'entries' | 'head'>;
  /** Heads that are kept beside the database: of the last checkpoint, and the last one that was noted. */
  readonly remembered: readonly KnownHead[];
  /** See `Store.derivedDifferences`; asked once the log has been found sound. */
  readonly derivedDifferences: () => Promise<readonly DerivedDifference[]>;
}

export interface VerifyRequest extends Pick<LogCheckOptions, 'trusted' | 'mustBeSigned'> {
  /** Parsed lines of an exported log, in batches; what is no entry counts as unreadable. */
  readonly file?: AsyncIterable<readonly unknown[]> | undefined;
  readonly stored?: StoredLog | undefined;
  /** Heads kept elsewhere: the stored log, or the file where there is no other, must lead through them. */
  readonly known: readonly KnownHead[];
}

export type AuditVerdict =
  | {
      readonly ok: true;
      readonly log: WholeLog;
      /** Entries of the store, all of whose beginning the file is; undefined where nothing was compared. */
      readonly storeEntries: number | undefined;
    }
  | (LogBreak & { readonly in: 'file' | 'store' })
  | Derived;

/** The log is whole, but what the store derives from it is not what it says. */
export interface Derived {
  readonly ok: false;
  readonly in: 'store';
  readonly seq: null;
  readonly differs: readonly DerivedDifference[];
}

/**
 * Checks one log, or two against each other: then the file has to be sound, the store has to be sound, and the file has
 * to be the beginning of what the store holds.
 */
export async function verifyAudit(request: VerifyRequest): Promise<AuditVerdict> {
  const { file, stored, known, trusted, mustBeSigned = false } = request;
  const common = { trusted, mustBeSigned };
  if (stored === undefined) {
    const check = new LogCheck({ ...common, known });
    for await (const lines of file ?? []) if (!lines.every((line) => check.take(line))) break;
    return verdictOf(check, 'file');
  }
  const verdict = await verifyStored(request, stored, common);
  if (!verdict.ok) return verdict;
  const differs = await stored.derivedDifferences();
  return differs.length === 0 ? verdict : { ok: false, in: 'store', seq: null, differs };
}

async function verifyStored(
  { file, known }: VerifyRequest,
  stored: StoredLog,
  common: LogCheckOptions,
): Promise<AuditVerdict> {
  const { audit, remembered } = stored;
  // What the state directory itself says of the head is known, too.
  const all = [...(await recordedHead(audit)), ...remembered, ...known];
  const walk = new StoreWalk(audit, new LogCheck({ ...common, known: all }));
  if (file !== undefined) return verifyBoth(new LogCheck(common), file, walk);
  while (await walk.step());
  return verdictOf(walk.check, 'store');
}

async function verifyBoth(
  fileCheck: LogCheck,
  file: AsyncIterable<readonly unknown[]>,
  walk: StoreWalk,
): Promise<AuditVerdict> {
  let differsAt: number | undefined;
  for await (const lines of file) {
    for (const line of lines) {
      if (!fileCheck.take(line)) return verdictOf(fileCheck, 'file');
      const { seq, hash } = fileCheck.head;
      await walk.step();
      const { head } = walk.check;
      // Where the store ends first, or is broken itself, that is what is wrong with it.
      if (head.seq === seq && head.hash !== hash) differsAt ??= seq;
    }
  }
  while (await walk.step());
  return compared(fileCheck, walk.check, differsAt);
}

function compared(file: LogCheck, store: LogCheck, differsAt: number | undefined): AuditVerdict {
  const fileVerdict = verdictOf(file, 'file');
  if (!fileVerdict.ok) return fileVerdict;
  const storeVerdict = verdictOf(store, 'store');
  if (!storeVerdict.ok) return storeVerdict;
  const lost = (seq: number, problem: string): AuditVerdict => ({ ok: false, in: 'store', seq, problem });
  if (differsAt !== undefined) return lost(differsAt, 'is not the one in the file');
  const { seq } = store.head;
  if (seq < file.head.seq) return lost(seq + 1, `is lost: the file goes on to entry ${file.head.seq}`);
  return { ...fileVerdict, storeEntries: seq };
}

function verdictOf(check: LogCheck, where: 'file' | 'store'): AuditVerdict {
  const log = check.end();
  return log.ok ? { ok: true, log, storeEntries: undefined } : { ...log, in: where };
}

/** Reads the stored log one entry at a time, beside something else. */
class StoreWalk {
  readonly check: LogCheck;
  readonly #entries: AsyncIterator<unknown>;

  constructor(audit: Pick<AuditLog, 'entries'>, check: LogCheck) {
    this.check = check;
    this.#entries = audit.entries()[Symbol.asyncIterator]();
  }

  /** False at the end, and once the log is broken. */
  async step(): Promise<boolean> {
    try {
      const next = await this.#entries.next();
      return next.done !== true && this.check.take(next.value);
    } catch (error) {
      if (!isFault(error, 'state_unusable')) throw error;
      // A row that contradicts itself cannot even be read; those before it were in order.
      this.check.breakOff('is not as it was written');
      return false;
    }
  }
}

/** None where that record is lost, which is a difference of its own. */
async function recordedHead(audit: StoredLog['audit']): Promise<readonly KnownHead[]> {
  try {
    return [{ ...(await audit.head()), how: 'recorded' }];
  } catch (error) {
    if (!isFault(error, 'state_unusable')) throw error;
    return [];
  }
}
