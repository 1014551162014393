import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditFacts } from '../core/audit-entry.ts';
import { Connection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import { openForWriting } from './open-database.ts';

const clock = { now: () => 1_763_900_000_000, monotonic: () => 0, sleep: () => Promise.resolve() };

function facts(change: Partial<AuditFacts> = {}): AuditFacts {
  return {
    event: 'deletion.intended',
    run_id: 'run-1',
    policy: 'support-chats',
    policy_hash: null,
    rule: 'idle',
    project_id: 42,
    session_id: 'session-0001',
    facts: { seen_at: 'x'.repeat(500) },
    ...change,
  };
}

describe('group commit', () => {
  let stateDir: string;
  let database: Database;
  let connection: Connection;
  let commits: GroupCommit;

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'group-commit-'));
    const { path, database: opened } = openForWriting(stateDir, clock);
    database = opened;
    connection = new Connection(database, { path, clock, readOnly: false });
    commits = new GroupCommit(connection);
  });
  afterEach(async () => {
    await connection.close();
    rmSync(stateDir, { recursive: true });
  });

  const append = (count = 1) =>
    commits.append(
      Array.from({ length: count }, () => facts()),
      undefined,
    );
  const entryCount = () => database.prepare<[], number>('SELECT COUNT(*) FROM audit_entries').pluck().get();
  function fillDisk(): void {
    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages + 4}`);
  }
  function freeDisk(): void {
    database.pragma('max_page_count = 1000000');
  }

  it('makes one transaction for all callers of a turn', async () => {
    const groups: number[] = [];
    commits = new GroupCommit(connection, (entries) => groups.push(entries.length));
    await Promise.all(Array.from({ length: 500 }, () => append()));
    expect(groups).toEqual([500]);
    await Promise.all(Array.from({ length: 2_500 }, () => append()));
    expect(groups).toEqual([500, 1_000, 1_000, 500]);
    expect(entryCount()).toBe(3_000);
  });

  it('gathers in the next commit whoever comes while one is on its way to the disk', async () => {
    const groups: number[] = [];
    commits = new GroupCommit(connection, (entries) => groups.push(entries.length));
    await append();
    const first = append();
    // Not yet durable, but written: seen by a reader.
    while (entryCount() === 1) await nextTurn();
    await Promise.all([first, append(), append(), append()]);
    expect(groups).toEqual([1, 1, 3]);
  });

  it('tells nobody of a commit that could not be made durable, and writes nothing after it', async () => {
    const told: number[] = [];
    const elsewhere = join(stateDir, 'no-such.db');
    connection = new Connection(database, { path: elsewhere, clock, readOnly: false });
    commits = new GroupCommit(connection, (entries) => told.push(entries.length));
    await append();
    const answers = await Promise.allSettled([append(), append()]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { kind: 'state_unusable' } });
    }
    await expect(append()).rejects.toMatchObject({ kind: 'state_unusable' });
    expect(told).toEqual([1]);
    expect(entryCount()).toBe(3);
  });

  it('refuses the whole group when the disk is full, and everything after it', async () => {
    await append();
    fillDisk();
    const answers = await Promise.allSettled([append(), append(500), append()]);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 'rejected',
        reason: { kind: 'state_unusable', message: expect.stringContaining('no space left') as string },
      });
    }
    expect(entryCount()).toBe(1);

    freeDisk();
    await expect(append()).rejects.toMatchObject({ kind: 'state_unusable' });
    expect(entryCount()).toBe(1);

    commits = new GroupCommit(connection);
    expect((await append())[0]?.seq).toBe(2);
  });

  it('refuses those who wait behind a group that failed', async () => {
    fillDisk();
    const answers = await Promise.allSettled(Array.from({ length: 2_500 }, () => append()));
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    expect(entryCount()).toBe(0);
  });

  it('stops when somebody cut the log off under its hands', async () => {
    await append(3);
    database.exec('DROP TRIGGER audit_entries_never_go');
    database.exec('DELETE FROM audit_entries WHERE seq = 3');
    await expect(append()).rejects.toMatchObject({ kind: 'state_unusable' });
    expect(entryCount()).toBe(2);
  });
});
