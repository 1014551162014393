import { codeOf } from './error-code.ts';
import { RetentionError } from './errors.ts';

interface Cause {
  /** Start of the code: SQLite's extended codes (SQLITE_IOERR_WRITE) count with their family. */
  readonly codes: readonly string[];
  readonly message: (path: string) => string;
  readonly hint: string;
}

const CAUSES: readonly Cause[] = [
  {
    codes: ['SQLITE_FULL', 'ENOSPC', 'EDQUOT'],
    message: (path) => `no space left to write ${path}`,
    hint: 'Free disk space and run again; what was begun is settled first.',
  },
  {
    codes: [
      'SQLITE_READONLY',
      'SQLITE_CANTOPEN',
      'SQLITE_PERM',
      'EACCES',
      'EPERM',
      'EROFS',
      'ENOTDIR',
      'EISDIR',
      'ELOOP',
      'ENAMETOOLONG',
    ],
    message: (path) => `cannot open or write ${path}`,
    hint: 'Make the state directory writable for this user, or, to look at it only, use a copy.',
  },
  {
    codes: ['EMFILE', 'ENFILE'],
    message: (path) => `too many open files to open ${path}`,
    hint: 'Let this process have more open files (ulimit -n 1024, LimitNOFILE= in systemd) and run again.',
  },
  {
    codes: ['SQLITE_BUSY', 'SQLITE_LOCKED'],
    message: (path) => `${path} is locked by another program`,
    hint: 'Close what holds it open (a database browser, a backup) and run again.',
  },
  {
    codes: ['SQLITE_CORRUPT', 'SQLITE_NOTADB'],
    message: (path) => `${path} is damaged, or not a database`,
    hint: 'Restore the state directory from a backup.',
  },
];

const OTHERWISE: Cause = {
  codes: [],
  message: (path) => `cannot use ${path}`,
  hint: 'Check the disk that holds the state directory.',
};

/** The database's and the file system's errors as `state_unusable`; everything else (our own mistakes) as it is. */
export function stateFault(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (error instanceof RetentionError || code === undefined || !/^(SQLITE_|E[A-Z]+$)/.test(code))
    return error;
  const cause =
    CAUSES.find((candidate) => candidate.codes.some((start) => code.startsWith(start))) ?? OTHERWISE;
  return new RetentionError('state_unusable', `${cause.message(path)} (${code})`, {
    hint: cause.hint,
    cause: error,
  });
}
