import type { LogBreak } from '../core/audit-chain.ts';
import { UNKNOWN_KEY } from '../core/checkpoint.ts';
import { RetentionError } from '../core/errors.ts';
import type { DerivedDifference } from '../core/ports/store.ts';
import type { WholeLog } from '../core/verify-log.ts';

/** Where the keys came from that the signatures were checked with: `log` is the checkpoints' own word. */
export type KeySource = 'given' | 'settings' | 'state' | 'log';

export interface AuditReport {
  readonly verdict:
    | { readonly ok: true; readonly log: WholeLog; readonly storeEntries: number | undefined }
    | (LogBreak & { readonly in: 'file' | 'store' })
    | {
        readonly ok: false;
        readonly in: 'store';
        readonly seq: null;
        readonly differs: readonly DerivedDifference[];
      };
  /** What else is wrong with the state, whose log may be whole. */
  readonly problem?: RetentionError | undefined;
  readonly stateDir: string;
  /** The exported file that was checked. */
  readonly file: string | undefined;
  readonly keysFrom: KeySource;
}

const TRUST: Readonly<Record<KeySource, string>> = {
  given: 'given with --key',
  settings: 'of RETENTION_SIGNING_KEY_FILE',
  state: 'of the state directory; compare it with the copy that you keep elsewhere',
  log: 'taken from the log itself; trust it only if it is the one that you keep',
};

/** For people; nothing for a log that is broken, which is an error's matter. */
export function auditVerdictLines({ verdict, stateDir, file, keysFrom }: AuditReport): readonly string[] {
  if (!verdict.ok) return [];
  const { head, checkpoints, lastCheckpoint, keys } = verdict.log;
  const count = checkpoints === 1 ? '1 checkpoint' : `${checkpoints} checkpoints`;
  return [
    `The audit log in ${file ?? stateDir} is whole: ${head.seq} entries, no gap, every hash fits.`,
    `Head: ${head.seq} ${head.hash}`,
    lastCheckpoint === undefined
      ? 'Signed: nothing yet, there is no checkpoint.'
      : `Signed: entries 1 to ${lastCheckpoint - 1}, by ${count}, the last one at entry ${lastCheckpoint}.`,
    ...keys.map((key) => `Key: ${key} (${TRUST[keysFrom]})`),
    ...comparison(verdict.storeEntries, head.seq, stateDir),
  ];
}

function comparison(
  storeEntries: number | undefined,
  fileEntries: number,
  stateDir: string,
): readonly string[] {
  if (storeEntries === undefined) return [];
  const more = storeEntries - fileEntries;
  return [`The store in ${stateDir} holds the same entries${more === 0 ? '' : `, and ${more} more`}.`];
}

export function auditVerdictJson({ verdict, problem, stateDir, file, keysFrom }: AuditReport): object {
  if (!verdict.ok) {
    if (verdict.seq === null) {
      const differs = verdict.differs.map(({ table, problem }) => ({ table, problem }));
      return { ok: false, seq: null, problem: differencesInWords(verdict.differs), differs, log: stateDir };
    }
    const { seq } = verdict;
    return { ok: false, seq, problem: verdict.problem, log: verdict.in === 'file' ? file : stateDir };
  }
  if (problem !== undefined) return { ok: false, seq: null, problem: problem.message, log: stateDir };
  const { log, storeEntries } = verdict;
  return {
    ok: true,
    entries: log.head.seq,
    head: log.head.hash,
    checkpoints: log.checkpoints,
    last_checkpoint: log.lastCheckpoint ?? null,
    verifier_keys: log.keys,
    keys_from: keysFrom,
    compared: storeEntries === undefined ? null : { state_dir: stateDir, entries: storeEntries },
  };
}

/** The error that a broken log is; undefined for a whole one. */
export function brokenAudit({ verdict, problem, stateDir, file }: AuditReport): RetentionError | undefined {
  if (verdict.ok) return problem;
  if (verdict.seq === null) {
    return new RetentionError(
      'state_unusable',
      `the audit log in ${stateDir} is whole, but what is derived from it differs: ${differencesInWords(verdict.differs)}`,
      { hint: 'Find out who changed the database, and restore the state directory from a backup.' },
    );
  }
  const { seq } = verdict;
  const where = verdict.in === 'file' ? (file ?? stateDir) : stateDir;
  return new RetentionError(
    'state_unusable',
    `the audit log in ${where} is broken at entry ${seq}: it ${verdict.problem}`,
    { hint: hintFor(verdict.problem) },
  );
}

/** Each begins with the table that it is about. */
function differencesInWords(differs: readonly DerivedDifference[]): string {
  return differs.map(({ table, problem }) => `${table} ${problem}`).join('; ');
}

function hintFor(problem: string): string {
  if (problem.startsWith(UNKNOWN_KEY))
    return 'If you changed the key, or a lost one was made anew, give the verifier keys of all: --key KEY --key KEY. If not, somebody else signed.';
  return 'Compare with the audit lines in the program log and with earlier exports; do not run until it is explained.';
}
