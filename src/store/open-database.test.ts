import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openForReading, openForWriting } from './open-database.ts';

const clock = { now: () => 1_763_900_000_000, monotonic: () => 0, sleep: () => Promise.resolve() };

describe('a connection', () => {
  let stateDir: string;

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'open-database-'));
  });
  afterEach(() => {
    rmSync(stateDir, { recursive: true });
  });

  it.each([
    // The library's own default in WAL mode is NORMAL (1): a power cut would lose commits that were acknowledged.
    ['synchronous', 2],
    ['journal_mode', 'wal'],
    ['foreign_keys', 1],
    ['secure_delete', 1],
    ['busy_timeout', 5_000],
  ])('that writes has %s = %s', (pragma, value) => {
    const { database } = openForWriting(stateDir, { clock });
    expect(database.pragma(pragma, { simple: true })).toBe(value);
    database.close();
  });

  it('that reads can do nothing else', () => {
    openForWriting(stateDir, { clock }).database.close();
    const { database } = openForReading(stateDir, { clock });
    expect(database.pragma('query_only', { simple: true })).toBe(1);
    expect(() => database.exec('DELETE FROM slots')).toThrow();
    database.close();
  });
});
