import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_FINDINGS } from '../../src/core/findings.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { openState } from '../support/state.ts';
import { verifyChain } from '../support/verify-chain.ts';
import { HOLD, RELEASE } from './store-holds.ts';
import { NOON, collect, facts, header, item, manualClock } from './store-samples.ts';
import { storeSuite } from './store-suite.ts';

storeSuite('SQLite', async (clock) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'store-suite-'));
  let store = await openState(stateDir, { clock });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openState(stateDir, { clock });
      return store;
    },
    dispose: async () => {
      await store.close();
      rmSync(stateDir, { recursive: true });
    },
  };
});

describe('SQLite file', () => {
  const clock = manualClock();
  let root: string;
  let stateDir: string;
  let file: string;
  const opened: { close(): unknown }[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sqlite-store-'));
    stateDir = join(root, 'nested', 'state');
    file = join(stateDir, 'retention.db');
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    rmSync(root, { recursive: true });
  });

  async function open(options: Omit<Parameters<typeof openState>[1], 'clock'> = {}) {
    const store = await openState(stateDir, { clock, ...options });
    opened.push(store);
    return store;
  }
  /** Somebody with a database browser. */
  function stranger(path = file): Database.Database {
    const database = new Database(path);
    opened.push(database);
    return database;
  }
  async function withEntries(count: number): Promise<void> {
    const store = await open();
    await store.audit.append(Array.from({ length: count }, () => facts('deletion.skipped')));
    await store.close();
  }
  /** Does to the log what its triggers refuse. */
  function tamper(sql: string): void {
    const database = stranger();
    const triggers = database
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
      .pluck()
      .all();
    for (const trigger of triggers) database.exec(`DROP TRIGGER ${trigger}`);
    database.exec(sql);
    database.close();
  }

  describe('as it is made', () => {
    it('belongs to its user alone', async () => {
      const store = await open();
      await store.audit.append([facts('run.started')]);
      expect(statSync(stateDir).mode & 0o777).toBe(0o700);
      for (const path of [file, `${file}-wal`, `${file}-shm`]) {
        expect(statSync(path).mode & 0o777, path).toBe(0o600);
      }
    });

    it('is written through to the disk, in WAL mode', async () => {
      await open();
      expect(stranger().pragma('journal_mode', { simple: true })).toBe('wal');
    });

    it.each<[string, () => void]>([
      [
        'was removed',
        () => {
          rmSync(file);
        },
      ],
      [
        'lost its -wal',
        () => {
          rmSync(`${file}-wal`);
        },
      ],
      [
        'was moved away with its folder',
        () => {
          renameSync(stateDir, `${stateDir}-moved`);
        },
      ],
      [
        'was put back from a copy',
        () => {
          copyFileSync(file, `${file}.copy`);
          renameSync(`${file}.copy`, file);
        },
      ],
    ])('takes no further entry once it %s under it', async (_, act) => {
      const store = await open();
      await store.audit.append([facts('run.started')]);
      act();
      await expect(store.audit.append([facts('deletion.intended')])).rejects.toMatchObject({
        kind: 'state_unusable',
        message: `${file} was removed or replaced while it was in use: what was written since is lost with it`,
      });
    });

    it('refuses changed, deleted, replaced and inserted entries, and a head that goes back', async () => {
      await withEntries(3);
      const database = stranger();
      database.pragma('recursive_triggers = OFF');
      const row = "'t', 'run.started', NULL, NULL, NULL, NULL, NULL, NULL, '{}', 'h'";
      for (const [sql, message] of [
        ["UPDATE audit_entries SET event = 'run.started' WHERE seq = 2", 'never changed'],
        ['DELETE FROM audit_entries WHERE seq = 3', 'never deleted'],
        [`REPLACE INTO audit_entries VALUES (2, ${row})`, 'only appended'],
        [`INSERT OR REPLACE INTO audit_entries VALUES (3, ${row})`, 'only appended'],
        [`INSERT INTO audit_entries VALUES (9, ${row})`, 'only appended'],
        [`INSERT INTO audit_entries VALUES (0, ${row})`, 'only appended'],
        ['UPDATE audit_head SET seq = 2', 'only grows'],
        ['DELETE FROM audit_head', 'never deleted'],
      ] as const) {
        expect(() => database.exec(sql), sql).toThrow(message);
      }
    });

    it('keeps numbers exact and refuses values of another type', async () => {
      await open();
      expect(() => stranger().exec("INSERT INTO slots VALUES ('p', 'soon')")).toThrow(/INTEGER/);
    });
  });

  describe('that cannot be used', () => {
    const rejects = async (promise: Promise<unknown>, message: RegExp): Promise<void> => {
      await expect(promise).rejects.toMatchObject({
        kind: 'state_unusable',
        message: expect.stringMatching(message) as string,
        hint: expect.any(String) as string,
      });
    };

    it('is not a database', async () => {
      stateDir = root;
      file = join(root, 'retention.db');
      writeFileSync(file, 'something else entirely, '.repeat(100));
      await rejects(open(), /damaged, or not a database/);
      await rejects(open({ readOnly: true }), /damaged, or not a database/);
      expect(readFileSync(file, 'utf8')).toContain('something else entirely');
    });

    it("is another program's, and stays as it is", async () => {
      stateDir = root;
      file = join(root, 'retention.db');
      const other = stranger();
      other.exec('CREATE TABLE theirs (id INTEGER)');
      other.close();
      const before = readFileSync(file);
      await rejects(open(), /another program/);
      await rejects(open({ readOnly: true }), /another program/);
      expect(readFileSync(file).equals(before)).toBe(true);
    });

    it('was made by a newer version', async () => {
      await withEntries(1);
      const database = stranger();
      database.exec("INSERT INTO migrations VALUES (999, 'from the future', 't')");
      database.close();
      await rejects(open(), /newer version/);
      await rejects(open({ readOnly: true }), /newer version/);
    });

    it('is in the place of a directory, or the directory in the place of it', async () => {
      writeFileSync(join(root, 'nested'), '');
      await rejects(open(), /cannot open or write/);
      stateDir = root;
      rmSync(join(root, 'nested'));
      mkdirSync(join(root, 'retention.db'));
      await rejects(open(), /cannot open or write/);
    });

    it('is held by another program for too long', { timeout: 20_000 }, async () => {
      const store = await open();
      const blocker = stranger();
      blocker.exec('BEGIN IMMEDIATE');
      await rejects(store.runs.recordSlot('p', 1), /locked by another program/);
      blocker.exec('ROLLBACK');
      await store.runs.recordSlot('p', 1);
    });

    it.each([
      ['a changed rule', "UPDATE audit_entries SET rule = 'vip1' WHERE seq = 2990", 2990],
      ['a changed fact', `UPDATE audit_entries SET facts = '{"reason":"x"}' WHERE seq = 2991`, 2991],
      ['a changed hash', `UPDATE audit_entries SET hash = '${'0'.repeat(64)}' WHERE seq = 2989`, 2989],
      ['a missing entry', 'DELETE FROM audit_entries WHERE seq = 2992', 2992],
      ['a missing entry long ago', 'DELETE FROM audit_entries WHERE seq = 7', 7],
      ['a missing start', 'DELETE FROM audit_entries WHERE seq = 1', 1],
      ['a tail that was cut off', 'DELETE FROM audit_entries WHERE seq > 2980', 2981],
      ['nothing left', 'DELETE FROM audit_entries', 1],
      ['another head', "UPDATE audit_head SET hash = 'ff'", 3000],
      ['facts that are no JSON', "UPDATE audit_entries SET facts = '{' WHERE seq = 2993", 2993],
      [
        'a column that a fact hides',
        `UPDATE audit_entries SET policy = 'x', facts = json_set(facts, '$.policy', policy) WHERE seq = 2995`,
        2995,
      ],
      ['facts that are no object', "UPDATE audit_entries SET facts = 'null' WHERE seq = 2994", 2994],
    ])('has an audit log with %s', async (_what, sql, seq) => {
      await withEntries(3_000);
      tamper(sql);
      await rejects(open(), new RegExp(`audit log is broken at entry ${seq}:`));
    });

    it('has an audit log with a head that is gone', async () => {
      await withEntries(3);
      tamper('DELETE FROM audit_head');
      await rejects(open(), /audit_head is empty/);
    });

    it('has an entry that was changed long ago: it opens, and a full check names it', async () => {
      await withEntries(3_000);
      tamper("UPDATE audit_entries SET rule = 'vip1' WHERE seq = 5");
      const store = await open();
      expect(await verifyChain(store.audit.entries())).toEqual({
        ok: false,
        seq: 5,
        problem: 'does not match its hash',
      });
    });

    it('has an open intent that was changed: it is not taken for the truth', async () => {
      const writer = await open();
      await writer.audit.append([
        facts('deletion.intended'),
        facts('deletion.intended', { session_id: null }),
      ]);
      await writer.close();
      tamper("UPDATE audit_entries SET session_id = 'session-9999' WHERE seq = 1");
      const store = await open({ readOnly: true });
      await rejects(store.audit.openIntents(), /entry 1: it is not as it was written/);
    });
  });

  describe('has a table of holds that the audit log must bear out', () => {
    const TWO = { ...HOLD, holdId: 'hold-2', untilAt: NOON + 1 };
    it.each([
      ["DELETE FROM holds WHERE hold_id = 'hold-1'", /hold-1: it was not released, and is missing there/],
      ['UPDATE holds SET released_at = 1', /hold-1: it was not released, and is missing there/],
      ["UPDATE holds SET until_at = 1 WHERE hold_id = 'hold-1'", /hold-1: what it says was altered/],
      ["UPDATE holds SET session_id = 'session-0002' WHERE hold_id = 'hold-1'", /hold-1: what it says was/],
      ['UPDATE holds SET project_id = 41', /hold-1: what it says was altered/],
      ["UPDATE holds SET source = '/policies/holds.yaml'", /hold-1: what it says was altered/],
      ["UPDATE holds SET hold_id = 'hold-9' WHERE hold_id = 'hold-1'", /hold-9: the log says nothing of it/],
      ["UPDATE holds SET released_at = NULL WHERE hold_id = 'hold-3'", /hold-3: .* that it was released/],
      ["UPDATE audit_entries SET facts = '{' WHERE seq = 1", /entry 1: it is not as it was written/],
      ["UPDATE audit_entries SET facts = '{}' WHERE seq = 1", /entry 1: it is not as it was written/],
    ])('%s', async (sql, message) => {
      const store = await open();
      await store.holds.addHold(HOLD);
      await store.holds.addHold(TWO);
      await store.holds.addHold({ ...HOLD, holdId: 'hold-3' });
      await store.holds.releaseHold('hold-3', RELEASE);
      expect(await store.holds.holdsInForce(NOON)).toHaveLength(2);
      expect(await store.holds.holdsInForce(NOON + 1)).toHaveLength(1);
      const reader = sql.includes('audit_entries') ? await open({ readOnly: true }) : store;
      tamper(sql);
      await expect(reader.holds.holdsInForce(NOON)).rejects.toMatchObject({
        kind: 'state_unusable',
        message: expect.stringMatching(message) as string,
      });
    });

    it('must bear out those that are over, too', async () => {
      const store = await open();
      await store.holds.addHold(TWO);
      expect(await store.holds.holdsInForce(NOON + 1)).toEqual([]);
      tamper("DELETE FROM holds WHERE hold_id = 'hold-2'");
      await expect(store.holds.holdsInForce(NOON + 1)).rejects.toThrow(/hold-2/);
    });

    it('is read anew only when somebody has written since', async () => {
      const store = await open();
      await store.holds.addHold(HOLD);
      await store.holds.addHold(TWO);
      const held = await store.holds.holdsInForce(NOON - 1);
      expect(await store.holds.holdsInForce(NOON)).toBe(held);
      expect(await store.holds.holdsInForce(NOON + 1)).toHaveLength(1);
      expect(await store.holds.holdsInForce(NOON)).toEqual(held);
      await store.holds.releaseHold(TWO.holdId, RELEASE);
      expect(await store.holds.holdsInForce(NOON)).toHaveLength(1);
      const other = await open();
      await other.holds.addHold({ ...HOLD, holdId: 'hold-4' });
      expect(await store.holds.holdsInForce(NOON)).toHaveLength(2);
    });
  });

  describe('open for reading', () => {
    it('needs a state to read', async () => {
      await expect(open({ readOnly: true })).rejects.toMatchObject({
        kind: 'state_unusable',
        message: `no state in ${stateDir} yet`,
      });
      expect(existsSync(stateDir)).toBe(false);
      stateDir = root;
      writeFileSync(join(root, 'retention.db'), '');
      await expect(open({ readOnly: true })).rejects.toThrow(/no state in/);
      // A file in the place of the directory is not the same as none.
      writeFileSync(join(root, 'file'), '');
      stateDir = join(root, 'file');
      await expect(open({ readOnly: true })).rejects.toThrow(/cannot open or write .*ENOTDIR/);
    });

    it.skipIf(process.getuid?.() === 0)('says so where it may not look', async () => {
      await withEntries(1);
      chmodSync(stateDir, 0);
      await expect(open({ readOnly: true })).rejects.toThrow(/cannot open or write .*EACCES/);
      chmodSync(stateDir, 0o700);
    });

    it('is told of a new state, and only then', async () => {
      let told = 0;
      const onNew = (): void => void (told += 1);
      stateDir = root;
      writeFileSync(join(root, 'retention.db'), '');
      await open({ onNew });
      await open({ onNew });
      expect(told).toBe(1);
    });

    it('shows everything and changes nothing', async () => {
      const writer = await open();
      await writer.audit.append([facts('run.started')]);
      const reader = await open({ readOnly: true });
      expect((await collect(reader.audit.entries())).length).toBe(1);
      await writer.audit.append([facts('run.completed')]);
      expect((await reader.audit.head()).seq).toBe(2);
      await expect(reader.audit.append([facts('run.started')])).rejects.toMatchObject({
        kind: 'state_unusable',
        message: expect.stringContaining('reading only') as string,
      });
      await expect(reader.runs.recordSlot('p', 1)).rejects.toMatchObject({ kind: 'state_unusable' });
    });

    it('opens a broken log, so that it can be examined', async () => {
      await withEntries(20);
      tamper('DELETE FROM audit_entries WHERE seq > 15');
      await expect(open({ readOnly: true })).rejects.toThrow(/older copy/);
      const reader = await open({ readOnly: true, onUnlike: () => undefined });
      expect(await verifyChain(reader.audit.entries(), await reader.audit.head())).toEqual({
        ok: false,
        seq: 16,
        problem: 'is missing: 20 entries were recorded',
      });
    });

    it('reads what a crash left in the WAL', async () => {
      const writer = await open();
      await writer.audit.append([facts('run.started'), facts('run.interrupted')]);
      const copy = join(root, 'copy');
      mkdirSync(copy);
      for (const end of ['', '-wal']) copyFileSync(file + end, join(copy, `retention.db${end}`));
      stateDir = copy;
      const reader = await open({ readOnly: true });
      expect((await reader.audit.head()).seq).toBe(2);
    });
  });

  describe('what is removed from it', () => {
    const SECRET = 'Zebra Xylophone 4711';
    const USER = 'user-8086-secret';
    const traces = (): string[] =>
      [file, `${file}-wal`].filter((path) => {
        const text = existsSync(path) ? readFileSync(path, 'latin1') : '';
        return text.includes(SECRET) || text.includes(USER);
      });
    async function plan(store: Store, planId: string) {
      const writer = await store.plans.createPlan(header(planId, { expiresAt: NOON - 1 }));
      const seen = { name: SECRET, createdBy: USER, createdAt: undefined, updatedAt: undefined };
      await writer.add(Array.from({ length: 3_000 }, (_, index) => item(index + 1, { seen })));
      return writer;
    }

    it('leaves no trace of a name or a user in the files: scrubbed plans', async () => {
      const store = await open();
      await (await plan(store, 'plan-1')).finish({ projects: [], requestsUsed: 0, findings: NO_FINDINGS });
      expect(traces()).not.toEqual([]);
      await store.plans.scrubPlans(NOON);
      expect(traces()).toEqual([]);
    });

    it('leaves no trace of a name or a user in the files: discarded plans', async () => {
      const store = await open();
      const writer = await plan(store, 'plan-1');
      await writer.discard();
      expect(traces()).toEqual([]);
    });
  });

  it('tells every entry once it is durable, in order', async () => {
    const told: number[] = [];
    const store = await open({ onAppended: (entries) => told.push(...entries.map(({ seq }) => seq)) });
    const first = store.audit.append([facts('run.started'), facts('run.refused')]).then(() => [...told]);
    const refused = store.audit.append([facts('run.started')], { name: 'p', holder: 'h', token: 1 });
    await expect(refused).rejects.toMatchObject({ kind: 'lease_held' });
    await store.audit.append([facts('run.completed')]);
    expect(await first).toEqual([1, 2]);
    expect(told).toEqual([1, 2, 3]);
  });

  describe('used by several processes', { timeout: 60_000 }, () => {
    const script = fileURLToPath(new URL('append-worker.ts', import.meta.url));
    function start(runId: string, count: number): ChildProcessWithoutNullStreams {
      return spawn(process.execPath, ['--import', 'tsx', script, stateDir, runId, String(count)]);
    }
    async function outputOf(child: ChildProcessWithoutNullStreams): Promise<number[]> {
      let output = '';
      let errors = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      await new Promise((resolve) => child.on('close', resolve));
      expect(errors).toBe('');
      return output.split('\n').filter(Boolean).map(Number);
    }

    it('is made once, and holds one sound chain of what they all wrote', async () => {
      const runIds = ['run-a', 'run-b', 'run-c'];
      const written = await Promise.all(runIds.map((runId) => outputOf(start(runId, 200))));
      const store = await open();
      const entries = await collect(store.audit.entries());
      expect(await verifyChain(store.audit.entries(), await store.audit.head())).toMatchObject({ ok: true });
      expect(entries.length).toBe(600);
      for (const [index, runId] of runIds.entries()) {
        const own = entries.filter((entry) => entry.run_id === runId).map((entry) => entry.seq);
        expect(own).toEqual(written[index]);
      }
    });

    it('loses nothing that it said was written when one is killed', async () => {
      const child = start('run-a', 1_000_000);
      let lines = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        lines += chunk.toString().split('\n').length - 1;
        if (lines > 100) child.kill('SIGKILL');
      });
      const told = await outputOf(child);
      const store = await open();
      const { seq } = await store.audit.head();
      expect(seq).toBeGreaterThanOrEqual(told.length);
      expect((await store.audit.append([facts('run.started')]))[0]?.seq).toBe(seq + 1);
    });
  });

  it('says so where a folder takes no others', async () => {
    const nowhere = openState('/proc/retention-state/deeper', { clock });
    await expect(nowhere).rejects.toMatchObject({ kind: 'state_unusable' });
  });
});
