import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListedHold } from '../../src/core/hold.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { openState } from '../support/state.ts';
import { FILE, LISTED, syncAt } from './store-hold-lists.ts';
import { DONE, facts, header, item, manualClock, RUN } from './store-samples.ts';

/* A state that was written before states belonged to an account, and is opened by today's program. */

const clock = manualClock();
let stateDir: string;
let store: Store;

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'old-state-'));
  store = await openState(stateDir, { clock });
});
afterEach(async () => {
  await store.close();
  rmSync(stateDir, { recursive: true });
});

/** The file as the version before had it. */
async function reopenAsOld(): Promise<void> {
  await store.close();
  const database = new Database(join(stateDir, 'retention.db'));
  database.exec(`
    DROP TABLE account_bindings;
    DROP TABLE hold_lists;
    DROP TABLE policies;
    DROP INDEX audit_account_events;
    DROP INDEX audit_verified_by_session;
    DROP INDEX audit_intents;
    ALTER TABLE plans DROP COLUMN account;
    CREATE TABLE before (
      policy TEXT NOT NULL, project_id INTEGER NOT NULL, session_id TEXT NOT NULL, run_id TEXT NOT NULL,
      seq INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'intended', parked_by TEXT,
      PRIMARY KEY (policy, project_id, session_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO before SELECT policy, project_id, session_id, run_id, seq, state, parked_by FROM open_intents;
    DROP TABLE open_intents;
    ALTER TABLE before RENAME TO open_intents;
    DROP TABLE protections;
    DROP TABLE kept_out;
    ALTER TABLE plans DROP COLUMN findings;
    DROP INDEX audit_runs_by_start;
    DROP INDEX audit_overrides;
    DROP INDEX runs_under_way;
    DROP TABLE troubled;
    CREATE TABLE items_before (
      plan_id TEXT NOT NULL, ordinal INTEGER NOT NULL, project_id INTEGER NOT NULL, session_id TEXT, verdict TEXT NOT NULL,
      rule TEXT, reason TEXT NOT NULL, age_days INTEGER, name TEXT, created_by TEXT, created_at INTEGER, updated_at INTEGER,
      seen_at INTEGER NOT NULL, last_message_at INTEGER, last_message_read_at INTEGER, rough TEXT,
      PRIMARY KEY (plan_id, ordinal)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO items_before
      SELECT plan_id, ordinal, project_id, session_id, verdict, rule, reason, age_days, name, created_by, created_at, updated_at,
             seen_at, last_message_at, last_message_read_at, rough FROM plan_items;
    DROP TABLE plan_items;
    ALTER TABLE items_before RENAME TO plan_items;
    CREATE INDEX plan_items_to_delete ON plan_items (plan_id, project_id, ordinal) WHERE verdict = 'delete';
    ALTER TABLE plans DROP COLUMN deferred;
    ALTER TABLE runs DROP COLUMN ended_as;
    ALTER TABLE runs DROP COLUMN alike_since;
    ALTER TABLE runs DROP COLUMN runs_remaining;
    DELETE FROM migrations WHERE number >= (SELECT number FROM migrations WHERE name = 'accounts');
    UPDATE runs SET requests = '{"list":3,"messages":0,"delete":1,"verify":1,"control":1,"other":0}';
  `);
  database.close();
  store = await openState(stateDir, { clock });
}

/** What it was before plans had findings. */
async function fingerprintWithoutFindings(): Promise<string> {
  const database = new Database(join(stateDir, 'retention.db'));
  database.exec('UPDATE plans SET findings = NULL');
  database.close();
  const fingerprint = await store.plans.planFingerprint('plan-1');
  const again = new Database(join(stateDir, 'retention.db'));
  again.prepare('UPDATE plans SET fingerprint = ?').run(fingerprint);
  again.close();
  return fingerprint;
}

const syncList = (revision: number, ...holds: readonly ListedHold[]) =>
  store.holds.syncHolds({ source: FILE, holds, revision }, syncAt());

describe('an old state', () => {
  it('keeps its open deletions, which go with the account that it is bound to', async () => {
    await store.audit.append([facts('deletion.intended'), facts('deletion.unverified')]);
    await reopenAsOld();
    expect(await store.accounts.accountBindings()).toEqual([]);
    expect(await store.audit.openIntents()).toMatchObject([{ runId: 'run-1', account: undefined }]);
    const account = { origin: 'https://app.customgpt.ai', owner: 'team:7' };
    await store.accounts.bindAccount({ account, kind: 'bound' }, { known: 0, by: null, reason: 'first use' });
    expect(await store.audit.openIntentCount('support-chats', 'run-now')).toBe(1);
    await store.audit.append([facts('deletion.verified')]);
    expect(await store.audit.openIntents()).toEqual([]);
  });

  it('keeps its plans, each with the fingerprint that it had', async () => {
    const writer = await store.plans.createPlan(header('plan-1', { account: undefined }));
    // Numbered through all projects, as they were.
    const items = [item(1, { projectId: 7 }), item(2, { projectId: 7 }), item(3, { projectId: 12 })];
    await writer.add(items);
    await writer.finish(DONE);
    const fingerprint = await fingerprintWithoutFindings();
    await reopenAsOld();
    expect(await store.plans.plan('plan-1')).toMatchObject({ account: undefined, fingerprint });
    expect(await store.plans.planFingerprint('plan-1')).toBe(fingerprint);
    const found: unknown[] = [];
    for await (const one of store.plans.planItems('plan-1')) found.push(one);
    expect(found).toEqual(items);
  });

  it('keeps the holds of a file, which the first list that is read may release', async () => {
    await syncList(100, LISTED, { ...LISTED, projectId: 43 });
    await reopenAsOld();
    expect(await store.holds.knownList(FILE)).toMatchObject({ held: [{}, {}], revision: undefined });
    expect((await syncList(1, LISTED)).standing).toHaveLength(1);
    expect(await store.holds.holdsInForce(clock.now())).toMatchObject([{ projectId: 42 }]);
    expect(await store.derivedDifferences()).toEqual([]);
  });

  it('counts the requests of its runs by today’s purposes', async () => {
    await store.runs.startRun(RUN);
    await reopenAsOld();
    const requests = { list: 3, messages: 0, calibrate: 0, delete: 1, verify: 1, control: 1, account: 0 };
    expect(await store.runs.run('run-1')).toEqual({ ...RUN, requests });
  });
});

describe('the account of a plan', () => {
  const planned = async (account: string | undefined): Promise<string> => {
    const writer = await store.plans.createPlan(header(`plan-${account ?? ''}`, { account }));
    await writer.finish(DONE);
    return `plan-${account ?? ''}`;
  };

  it('is covered by its fingerprint', async () => {
    const planId = await planned('https://app.customgpt.ai team:7');
    const before = await store.plans.plan(planId);
    expect(before?.account).toBe('https://app.customgpt.ai team:7');
    for (const account of ["'https://app.customgpt.ai team:8'", 'NULL']) {
      const database = new Database(join(stateDir, 'retention.db'));
      database.exec(`UPDATE plans SET account = ${account}`);
      database.close();
      expect(await store.plans.planFingerprint(planId)).not.toBe(before?.fingerprint);
    }
  });
});
