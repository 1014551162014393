import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_FINDINGS } from '../../src/core/findings.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { openState } from '../support/state.ts';
import { HOLD, RELEASE } from './store-holds.ts';
import { facts, header, item, manualClock } from './store-samples.ts';

/* What stands beside the audit log: tables that repeat it, and the note of where it ends. */

const clock = manualClock();
const RUN = { run_id: 'run-1', session_id: null, project_id: null } as const;

let root: string;
let stateDir: string;
let stores: Store[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'derived-'));
  stateDir = join(root, 'state');
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(root, { recursive: true });
});

async function open(
  options: { readonly readOnly?: boolean; readonly onRepaired?: (sentence: string) => void } = {},
): Promise<Store> {
  const store = await openState(stateDir, { clock, ...options });
  stores.push(store);
  return store;
}

async function closeAll(): Promise<void> {
  for (const store of stores.splice(0)) await store.close();
}

/** A run that intended two deletions of its plan, one of which stayed unverified, a hold, and one that was released. */
async function history(): Promise<Store> {
  const store = await open();
  const common = { runId: 'run-1', policy: 'support-chats', policyHash: 'ab'.repeat(32) };
  await store.runs.startRun({
    ...common,
    ...{ mode: 'enforce', trigger: 'manual', slotAt: undefined, planId: undefined, status: 'running' },
    ...{ startedAt: clock.now(), endedAt: undefined, requests: undefined, auditHead: undefined },
    ...{ problem: undefined, warnings: [], asBefore: 0 },
  });
  await store.audit.append([facts('run.started', RUN)]);
  const writer = await store.plans.createPlan(header('plan-1', { decidedAt: clock.now() }));
  await writer.add([item(1), item(2)]);
  const counts = { listed: 2, total: 7, kept: 0, held: 0, unknown: 0, planned: 2, incomplete: undefined };
  await writer.finish({ projects: [{ projectId: 42, ...counts }], requestsUsed: 1, findings: NO_FINDINGS });
  await store.plans.consumePlan('plan-1', 'run-1');
  await store.populations.recordPopulations('support-chats', [{ projectId: 42, count: 7 }]);
  await store.audit.append([
    facts('deletion.intended', { session_id: 'session-0001' }),
    facts('deletion.intended', { session_id: 'session-0002' }),
    facts('deletion.unverified', { session_id: 'session-0001' }),
    facts('deletion.verified', { session_id: 'session-0002' }),
  ]);
  const end = await store.audit.append([facts('run.completed', { ...RUN, facts: { status: 'partial' } })]);
  await store.runs.updateRun('run-1', { status: 'partial', auditHead: end.at(-1)?.hash });
  await store.holds.addHold(HOLD);
  await store.holds.addHold({ ...HOLD, holdId: 'hold-2' });
  await store.holds.releaseHold('hold-2', RELEASE);
  return store;
}

/** As somebody would who has the file and an SQLite shell. */
function tamper(sql: string): void {
  const database = new Database(join(stateDir, 'retention.db'));
  const triggers = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all();
  for (const trigger of triggers) database.exec(`DROP TRIGGER ${String(trigger)}`);
  database.exec(sql);
  database.close();
}

describe('a table that repeats the log', () => {
  it('is as the log says, while it is written and afterwards', async () => {
    const store = await history();
    expect(await store.derivedDifferences()).toEqual([]);
    await closeAll();
    expect(await (await open({ readOnly: true })).derivedDifferences()).toEqual([]);
  });

  it.each<readonly [string, string, string]>([
    ['open_intents', 'DELETE FROM open_intents', 'lacks the deletion that entry 2 left open'],
    [
      'open_intents',
      "INSERT INTO open_intents (policy, project_id, session_id, run_id, seq, account) VALUES ('support-chats', 42, 'session-0002', 'run-1', 3, '')",
      'shows entry 3 as open, but the log says otherwise',
    ],
    ['audit_head', 'DELETE FROM audit_head', 'is empty'],
    [
      'audit_head',
      'UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit_entries WHERE seq = 3)',
      'names entry 3, and the log ends at entry 9',
    ],
    ['audit_head', "UPDATE audit_head SET hash = 'ff'", 'has another hash than entry 9'],
    ['holds', 'DELETE FROM holds', `is not what the audit log says of ${HOLD.holdId}: it is missing here`],
    [
      'holds',
      'UPDATE holds SET project_id = 9',
      `is not what the audit log says of ${HOLD.holdId}: what it says was altered`,
    ],
    [
      'holds',
      "UPDATE holds SET released_at = NULL, released_by = NULL WHERE hold_id = 'hold-2'",
      'is not what the audit log says of hold-2: its release was altered',
    ],
    [
      'holds',
      "UPDATE holds SET hold_id = 'hold-3' WHERE hold_id = 'hold-2'",
      'is not what the audit log says of hold-3: it says nothing',
    ],
    ['runs', 'DELETE FROM runs', 'lacks run-1, which began with entry 1'],
    ['runs', "UPDATE runs SET status = 'completed'", 'calls run-1 completed, and the log partial'],
    ['runs', "UPDATE runs SET policy = 'other'", 'names another policy for run-1 than entry 1'],
    ['runs', "UPDATE runs SET audit_head = 'ff'", 'names a last entry of run-1 that it did not write'],
    ['populations', 'DELETE FROM populations', 'lacks what run-1 counted in project 42'],
    ['populations', 'UPDATE populations SET total = 3', 'is not what run-1 counted in project 42'],
    ['populations', 'UPDATE populations SET audit_seq = 8', 'is not what run-1 counted in project 42'],
  ])('%s after %s: said', async (table, sql, problem) => {
    await history();
    await closeAll();
    tamper(sql);
    const differences = await (await open({ readOnly: true })).derivedDifferences();
    expect(differences).toEqual([{ table, problem }]);
  });

  it.each<readonly [string, string]>([
    ['emptied', 'DELETE FROM open_intents'],
    ['altered', "UPDATE open_intents SET run_id = 'run-9', seq = 1"],
  ])('open_intents, %s: made anew from the log before anybody writes, and said', async (_, sql) => {
    const before = await (await history()).audit.openIntents();
    expect(before).toMatchObject([{ runId: 'run-1', sessionId: 'session-0001' }]);
    // With the note of the head, from its entries on; without it, from the first entry on.
    for (const isNoted of [true, false]) {
      await closeAll();
      tamper(sql);
      if (!isNoted) rmSync(join(stateDir, 'last-head'));
      const said: string[] = [];
      const store = await open({ onRepaired: (sentence) => said.push(sentence) });
      expect(await store.audit.openIntents()).toEqual(before);
      expect(said).toEqual([expect.stringContaining('lacks the deletion that entry 2 left open')]);
      expect(await store.derivedDifferences()).toEqual([]);
      await store.audit.append([facts('checkpoint', RUN)]);
    }
    await closeAll();
    const said: string[] = [];
    await open({ onRepaired: (sentence) => said.push(sentence) });
    expect(said).toEqual([]);
  });

  it('open_intents is made anew, too, where the note of what is open was altered with it', async () => {
    const before = await (await history()).audit.openIntents();
    await closeAll();
    tamper('DELETE FROM open_intents');
    const path = join(stateDir, 'last-head');
    const note = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...note, open: [3, 4] }));
    expect(await (await open()).audit.openIntents()).toEqual(before);
  });
});

describe('the note of the last head', () => {
  const noted = () =>
    JSON.parse(readFileSync(join(stateDir, 'last-head'), 'utf8')) as { seq: number; open: number[] };

  it('is written at the first entry, at the end of a run, after a while, and at the end', async () => {
    const store = await open();
    await store.audit.append([facts('run.started', RUN)]);
    expect(noted()).toMatchObject({ seq: 1, open: [] });
    await store.audit.append([facts('deletion.intended')]);
    expect(noted()).toMatchObject({ seq: 1 });
    await clock.sleep(10_000);
    await store.audit.append([facts('deletion.unverified')]);
    expect(noted()).toMatchObject({ seq: 3, open: [2] });
    await store.audit.append([facts('run.completed', RUN)]);
    expect(noted()).toMatchObject({ seq: 4 });
    await store.audit.append([facts('deletion.verified')]);
    await closeAll();
    expect(noted()).toEqual({ seq: 5, hash: expect.any(String) as string, open: [] });
  });

  it('finds a WAL that was lost after a crash, and says what to do', async () => {
    const store = await history();
    await closeAll();
    const again = await open();
    await again.audit.append([facts('run.started', { ...RUN, run_id: 'run-2' })]);
    await again.audit.append([facts('deletion.intended', { run_id: 'run-2', project_id: 43 })]);
    expect(store).not.toBe(again);
    // The directory as the crash left it, without the WAL.
    const crashed = join(root, 'crashed');
    copyTo(crashed, ['retention.db', 'last-head']);
    stateDir = crashed;
    await expect(open()).rejects.toMatchObject({
      kind: 'state_unusable',
      message: expect.stringMatching(/older copy: 10 audit entries were noted in last-head/) as string,
      hint: expect.stringMatching(/retention\.db-wal was removed, put it back/) as string,
    });
  });

  it('finds it in the very first run, too, whoever opens the state', async () => {
    const store = await open();
    await store.audit.append([facts('run.started', RUN)]);
    const crashed = join(root, 'crashed');
    copyTo(crashed, ['last-head']);
    writeFileSync(join(crashed, 'retention.db'), '');
    stateDir = crashed;
    for (const readOnly of [true, false]) {
      await expect(open({ readOnly })).rejects.toThrow(/is empty, but 1 audit entry was noted in last-head/);
      // What is refused is left as it was found: it is evidence.
      expect(readFileSync(join(crashed, 'retention.db'), 'utf8')).toBe('');
      expect(readdirSync(crashed).sort()).toEqual(['last-head', 'retention.db']);
    }
  });

  it('refuses an older copy to readers, too, unless they want to hear of it', async () => {
    await history();
    await closeAll();
    const older = join(root, 'older');
    copyTo(older, ['retention.db']);
    await (
      await open()
    ).audit.append([facts('run.started', { ...RUN, run_id: 'run-2' }), facts('run.failed')]);
    await closeAll();
    copyFileSync(join(stateDir, 'last-head'), join(older, 'last-head'));
    stateDir = older;
    const message = /is an older copy: 11 audit entries were noted in last-head, and its entry 11 is missing/;
    await expect(open({ readOnly: true })).rejects.toThrow(message);
    const told: string[] = [];
    const reader = await openState(stateDir, {
      clock,
      readOnly: true,
      onUnlike: (problem) => told.push(problem.message),
    });
    stores.push(reader);
    expect(told).toEqual([expect.stringMatching(message)]);
    expect((await reader.audit.head()).seq).toBe(9);
  });

  it('finds a database that is gone, and a note that is none', async () => {
    await history();
    await closeAll();
    const path = join(stateDir, 'last-head');
    const note = readFileSync(path, 'utf8');
    for (const text of [
      '',
      '{}',
      '[]',
      '{"seq":1,"hash":2,"open":[]}',
      '{"seq":1,"hash":"x","open":["y"]}',
    ]) {
      writeFileSync(path, text);
      await expect(open()).rejects.toThrow(/last-head is damaged/);
    }
    writeFileSync(path, note);
    rmSync(join(stateDir, 'retention.db'));
    await expect(open()).rejects.toThrow(
      /retention\.db is gone, but 9 audit entries were noted in last-head/,
    );
    expect(existsSync(join(stateDir, 'retention.db'))).toBe(false);
  });

  it('is left to whoever wrote last', async () => {
    const [one, other] = [await open(), await open()];
    await one.audit.append([facts('run.started', RUN)]);
    await one.audit.append([facts('deletion.intended')]);
    await other.audit.append([facts('deletion.verified')]);
    await one.close();
    stores = [other];
    expect(noted()).toMatchObject({ seq: 3 });
  });
});

function copyTo(folder: string, names: readonly string[]): void {
  mkdirSync(folder);
  for (const name of names) copyFileSync(join(stateDir, name), join(folder, name));
}
