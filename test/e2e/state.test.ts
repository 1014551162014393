import Database from 'better-sqlite3';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { addConversations, documentOf, type Terminal, until } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest } from '../support/terminal-test.ts';

const test = terminalTest.extend<{ old: readonly string[] }>({
  old: [
    async ({ terminal }, use) => {
      await use(addConversations(terminal.sandbox, 101, { old: 6, young: 4 }));
    },
    { auto: true },
  ],
});

describe.concurrent('7, the lease', () => {
  test('a second run of the same policy gives way, and the first one finishes', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const listing = { route: 'conversations.list', nth: 1 } as const;
    terminal.sandbox.faults.add({ when: listing, then: { latencyMs: 6000 } });
    const first = terminal.start(['run', '--json']);
    await until(() => terminal.sandbox.journal.count({ route: 'conversations.list' }) === 1);
    const second = await terminal.run(['run']);
    expect(second.code).toBe(7);
    expectPlainWords(second, /another worker is running .*by-age/);
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(terminal.deleteCount()).toBe(6);
    expect((await terminal.run(['run'])).code).toBe(0);
  });
});

describe.concurrent('6, the state', () => {
  /** As somebody would who has the file and an SQLite shell. */
  function tamper({ stateDir }: Terminal, sql: string): void {
    const database = new Database(join(stateDir, 'retention.db'));
    const triggers = database.prepare(`SELECT name FROM sqlite_master WHERE type = 'trigger'`).pluck().all();
    for (const name of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
    database.exec(sql);
    database.close();
  }

  /** What the common check at the end of each test needs, after what was broken has been shown to be noticed. */
  function clearAway(terminal: Terminal): void {
    terminal.assertWireSound();
    rmSync(terminal.stateDir, { recursive: true, force: true });
  }

  test.for<readonly [string, string, number]>([
    [
      'a fact was changed',
      `UPDATE audit_entries SET facts = replace(facts, '"attempt":1', '"attempt":2') WHERE seq = 4`,
      4,
    ],
    ['a column was changed', `UPDATE audit_entries SET session_id = 'somebody-else' WHERE seq = 4`, 4],
    ['an entry was taken out', `DELETE FROM audit_entries WHERE seq = 5`, 5],
    ['the tail was cut off', `DELETE FROM audit_entries WHERE seq >= 13`, 13],
    [
      'two entries changed places',
      `UPDATE audit_entries SET seq = -seq WHERE seq IN (6, 7);
      UPDATE audit_entries SET seq = 13 + seq WHERE seq < 0`,
      6,
    ],
  ])('%s: audit verify names the first bad entry, and run refuses', async ([, sql, seq], { terminal }) => {
    terminal.policy(AGE_POLICY);
    expect((await terminal.run(['run'])).code).toBe(0);
    tamper(terminal, sql);
    terminal.sandbox.journal.clear();
    const verified = await terminal.run(['audit', 'verify']);
    expect(verified.code).toBe(6);
    expectPlainWords(verified, new RegExp(`broken at entry ${seq}`));
    const refused = await terminal.run(['run']);
    expect(refused.code).toBe(6);
    expectPlainWords(refused, /audit log is broken at entry/);
    expect(terminal.sandbox.journal.count()).toBe(0);
    clearAway(terminal);
  });

  test.for<readonly [string, string, number]>([
    [
      'in its facts',
      `UPDATE audit_entries SET facts = replace(facts, '"attempt":1', '"attempt":2') WHERE seq = 4`,
      4,
    ],
    ['in a column', `UPDATE audit_entries SET session_id = 'somebody-else' WHERE seq = 3`, 3],
  ])(
    'audit verify --json says in its document which entry was changed %s',
    async ([, sql, seq], { terminal }) => {
      terminal.policy(AGE_POLICY);
      expect((await terminal.run(['run'])).code).toBe(0);
      tamper(terminal, sql);
      const verified = await terminal.run(['audit', 'verify', '--json']);
      expect(verified.code).toBe(6);
      clearAway(terminal);
      expect(documentOf(verified)).toMatchObject({ ok: false, seq });
    },
  );

  test('retention.db is something else, and stays as it was', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    mkdirSync(terminal.stateDir);
    const file = join(terminal.stateDir, 'retention.db');
    const garbage = 'not a database, but somebody may need it '.repeat(100);
    writeFileSync(file, garbage);
    for (const command of [['run'], ['plan'], ['runs'], ['audit', 'verify'], ['audit', 'export']]) {
      const ended = await terminal.run(command);
      expect(ended).toMatchObject({ code: 6, stdout: '' });
      expectPlainWords(ended, 'retention.db');
    }
    expect(readFileSync(file, 'utf8')).toBe(garbage);
    expect(terminal.sandbox.journal.count()).toBe(0);
    clearAway(terminal);
  });

  test('the state directory cannot be written', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    writeFileSync(terminal.stateDir, 'a file where the directory should be');
    const ended = await terminal.run(['run']);
    expect(ended.code).toBe(6);
    expectPlainWords(ended, /state/);
    expect(terminal.sandbox.journal.count()).toBe(0);
  });

  test('the working directory has been removed', async ({ terminal }) => {
    const hold = ['hold', 'add', '101', '--matter', 'm', '--reason', 'r', '--by', 'w', '--offline'];
    const ended = await terminal.run(hold, {}, { inRemovedFolder: true });
    expect(ended.code).toBe(6);
    expectPlainWords(ended, /state\/retention\.db/);
  });

  test('the disk fills up in mid-run: no further DELETE, and with room again the next run settles', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 102, { old: 300 });
    const full = await terminal.run(['run'], { RETENTION_LEASE: '1s' }, { fileBlocks: 1500 });
    expect(full.code).toBe(6);
    expectPlainWords(full, /retention\.db[^]*disk/);
    expect(terminal.deleteCount()).toBeGreaterThan(0);
    expect(terminal.sandbox.accounts.count(102)).toBeGreaterThan(0);
    await terminal.assertSound();
    const intended = new Set((await terminal.entries('deletion.intended')).map((entry) => entry.session_id));
    const sent = terminal.sandbox.journal.entries.filter(({ method }) => method === 'DELETE');
    expect(sent.filter(({ sessionId }) => !intended.has(sessionId ?? ''))).toEqual([]);

    // A lease that could not be given back on a full disk lapses by itself.
    let next = await terminal.run(['run']);
    while (next.code === 7) next = await terminal.run(['run']);
    expect(next.code).toBe(0);
    const verified = await terminal.entries('deletion.verified');
    expect(new Set(verified.map((entry) => entry.session_id)).size).toBe(306);
    expect(verified).toHaveLength(306);
    expect(terminal.sandbox.accounts.count(102)).toBe(0);
  });

  test('history without state is an answer, not an empty list, and creates nothing', async ({ terminal }) => {
    for (const command of [['runs'], ['audit', 'verify'], ['audit', 'export']]) {
      expectPlainWords(await terminal.run(command), /no state in .*state/);
    }
    expect(existsSync(terminal.stateDir)).toBe(false);
  });

  test.skipIf(process.getuid?.() === 0)('the state directory is read-only', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    mkdirSync(terminal.stateDir, { mode: 0o500 });
    const ended = await terminal.run(['run']);
    expect(ended.code).toBe(6);
    expectPlainWords(ended, /retention\.db/);
    expect(terminal.sandbox.journal.count()).toBe(0);
  });

  test('--state-dir chooses another one', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    expect((await terminal.run(['plan', '--state-dir', 'elsewhere'])).code).toBe(0);
    expect(existsSync(join(terminal.folder, 'elsewhere', 'retention.db'))).toBe(true);
    expect(existsSync(terminal.stateDir)).toBe(false);
  });
});
