import { describe, expect, it } from 'vitest';
import { RetentionError } from './errors.ts';
import { stateFault } from './state-fault.ts';

function coded(code: unknown): Error {
  return Object.assign(new Error('as the library says it'), { code });
}

describe('stateFault', () => {
  it.each([
    ['SQLITE_FULL', 'no space left to write /state/retention.db (SQLITE_FULL)'],
    ['ENOSPC', 'no space left to write /state/retention.db (ENOSPC)'],
    ['SQLITE_READONLY_DBMOVED', 'cannot open or write /state/retention.db (SQLITE_READONLY_DBMOVED)'],
    ['EROFS', 'cannot open or write /state/retention.db (EROFS)'],
    ['EMFILE', 'too many open files to open /state/retention.db (EMFILE)'],
    ['SQLITE_BUSY', '/state/retention.db is locked by another program (SQLITE_BUSY)'],
    ['SQLITE_CORRUPT_INDEX', '/state/retention.db is damaged, or not a database (SQLITE_CORRUPT_INDEX)'],
    ['SQLITE_IOERR_FSYNC', 'cannot use /state/retention.db (SQLITE_IOERR_FSYNC)'],
  ])('says what %s means, and what to do', (code, message) => {
    const cause = coded(code);
    const fault = stateFault(cause, '/state/retention.db');
    expect(fault).toBeInstanceOf(RetentionError);
    expect(fault).toMatchObject({ kind: 'state_unusable', message, cause });
    expect((fault as RetentionError).hint).toMatch(/\.$/);
  });

  it.each([
    [new TypeError('ours')],
    [coded('ERR_INVALID_ARG_TYPE')],
    [coded(7)],
    [new RetentionError('usage', 'x')],
    ['text'],
  ])('leaves %s as it is', (error) => {
    expect(stateFault(error, '/state/retention.db')).toBe(error);
  });
});
