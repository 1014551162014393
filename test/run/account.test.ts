import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/core/audit-entry.ts';
import { createCustomGptClient } from '../../src/customgpt/client.ts';
import { applyStoredPlan } from '../../src/run/apply-stored-plan.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { RunDeps } from '../../src/run/context.ts';
import { enterAccount } from '../../src/run/around/enter-account.ts';
import { makePlan } from '../../src/run/plan/make-plan.ts';
import { rebindAccount } from '../../src/run/around/rebind-account.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/server.ts';
import { addProject, AGE_POLICY, GO_ON, runOnce } from '../support/purge.ts';
import { createWorld, intentCheck, seededChance, type TestWorld } from '../support/world.ts';
import { NO_HOLDS } from '../../src/core/hold.ts';

let world: TestWorld;
let ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends) await end();
  ends = [];
  await world.assertSound();
  await world.close();
});

/** Somebody else's account at another address, and the same worker with its key. */
interface Other {
  readonly sandbox: Sandbox;
  readonly deps: RunDeps;
}

/** With the same projects and conversations, as a clone has them, or with none. */
async function anotherAccount(
  what: 'clone' | 'empty',
  options: { readonly port?: number; readonly apiKey?: string } = {},
): Promise<Other> {
  const { clock, log, stateDir } = world;
  const beforeDelete = intentCheck(stateDir);
  const sandbox = await startSandbox({ sample: 'empty', now: () => clock.now(), beforeDelete, ...options });
  sandbox.accounts.user.teamId = 702;
  if (what === 'clone') addProject({ ...world, sandbox }, 101, { old: 4, young: 3 });
  const client = createCustomGptClient({
    baseUrl: sandbox.url,
    apiKey: { reveal: () => sandbox.apiKey },
    requestsPerMinute: 'unlimited',
    ...{ clock, log, chance: seededChance(7) },
  });
  ends.push(async () => {
    await client.close();
    await sandbox.close();
    expect(sandbox.violations).toEqual([]);
  });
  return { sandbox, deps: { ...world.deps, openApi: () => client.view() } };
}

async function begin(): Promise<void> {
  world = await createWorld();
  addProject(world, 101, { old: 4, young: 3 });
}

const here = (owner = 'team:701'): string => `${world.sandbox.url} ${owner}`;

async function of(event: AuditEntry['event']): Promise<readonly AuditEntry[]> {
  return (await world.entries()).filter((entry) => entry.event === event);
}

function sentTo({ sandbox }: { readonly sandbox: Sandbox }): readonly string[] {
  return sandbox.journal.entries.map(({ method, path }) => `${method} ${path}`);
}

async function rebind(deps: RunDeps): ReturnType<typeof rebindAccount> {
  const { store } = deps;
  const parts = {
    reader: deps.openApi().reader,
    accounts: store.accounts,
    audit: store.audit,
    signal: undefined,
  };
  return rebindAccount(parts, { by: 'J. Doe', reason: 'ticket 4711' });
}

/** A run whose DELETEs were carried out, and of which nobody can tell: they stay open. */
async function leaveOpen(): Promise<RunResult> {
  world.sandbox.faults.staleReadsMs = 3_600_000;
  const result = await runOnce(world, await world.policy(AGE_POLICY));
  world.sandbox.faults.staleReadsMs = 0;
  expect(result.counts.unverified).toBeGreaterThan(0);
  return result;
}

describe('another account', () => {
  test('settles nothing that was left open: its 404 says nothing about the first', async () => {
    await begin();
    const first = await leaveOpen();
    const open = await world.store.audit.openIntents();
    const other = await anotherAccount('empty');
    other.sandbox.accounts.addProject({ id: 101, name: 'project-101' });

    const { run, fault } = await runPolicy(other.deps, {
      ...{ policy: await world.policy(AGE_POLICY), trigger: 'manual', signals: GO_ON },
    });
    expect(run.status).toBe('failed');
    expect(fault).toMatchObject({ kind: 'other_account' });
    expect(fault?.message).toContain(here());
    expect(fault?.message).toContain(`${other.sandbox.url} team:702`);
    expect(sentTo(other)).toEqual(['GET /api/v1/user']);
    expect(await world.store.audit.openIntents()).toEqual(open);
    expect((await of('deletion.verified')).length).toBe(first.counts.verified);
  });

  test('of the same address is told by its team', async () => {
    await begin();
    await runOnce(world, await world.policy(AGE_POLICY));
    const before = world.sandbox.journal.count();
    world.sandbox.accounts.user.teamId = 702;
    const { fault } = await runOnce(world, await world.policy(AGE_POLICY));
    expect(fault).toMatchObject({ kind: 'other_account' });
    expect(world.sandbox.journal.count()).toBe(before + 1);
  });

  test('does not get a plan that was made for the first', async () => {
    await begin();
    const policy = await world.policy(AGE_POLICY);
    const { store } = world.deps;
    const { reader } = world.deps.openApi();
    const { text: account } = await enterAccount({ reader, accounts: store.accounts, signal: undefined });
    const plan = await makePlan(
      { ...world.deps, reader },
      { policy, account, others: [], holds: NO_HOLDS, withKept: false },
    );
    expect(plan).toMatchObject({ account: here() });
    const clone = await anotherAccount('clone');
    const asked = { plan, policy, override: undefined, signals: GO_ON };
    const { fault } = await applyStoredPlan(clone.deps, asked);
    expect(fault).toMatchObject({ kind: 'plan_stale' });
    expect(fault?.message).toContain(here());
    expect(sentTo(clone)).toEqual(['GET /api/v1/user']);
    // It is not used up by that.
    expect((await applyStoredPlan(world.deps, asked)).counts).toMatchObject({ verified: 4 });
  });

  test('gets the state by a person’s word, and neither plans nor open deletions with it', async () => {
    await begin();
    const first = await leaveOpen();
    const open = await world.store.audit.openIntents();
    const clone = await anotherAccount('clone');
    expect(await rebind(clone.deps)).toEqual({
      from: here(),
      to: `${clone.sandbox.url} team:702`,
      kind: 'replaced',
      leftOpen: open.length,
    });
    expect(await of('account.rebound')).toMatchObject([
      { from: here(), account: `${clone.sandbox.url} team:702`, by: 'J. Doe', reason: 'ticket 4711' },
    ]);
    const plan = first.plan;
    if (plan === undefined) throw new Error('no plan');
    const policy = await world.policy(AGE_POLICY);
    // The clone has the same ids, and its own deletions are its own.
    const run = await runPolicy(clone.deps, { policy, trigger: 'manual', signals: GO_ON });
    expect(run.run.status).toBe('completed');
    expect(run.counts.verified).toBe(4);
    expect(await world.store.audit.openIntents()).toEqual(open);
    expect((await runOnce(world, policy)).fault).toMatchObject({ kind: 'other_account' });

    // Given back, the first account settles what is its own.
    expect(await rebind(world.deps)).toMatchObject({ kind: 'replaced', leftOpen: 0 });
    await world.clock.advance(3_700_000);
    expect((await runOnce(world, policy)).run.status).toBe('completed');
    expect(await world.store.audit.openIntents()).toEqual([]);
    expect((await world.store.audit.outcomes(first.run.runId)).counts).toMatchObject({ verified: 4 });
  });
});

describe('the account of a state', () => {
  test('is written at its first use, and stands in each intent and plan', async () => {
    await begin();
    const { plan, run } = await runOnce(world, await world.policy(AGE_POLICY));
    expect(await of('account.bound')).toMatchObject([{ account: here(), kind: 'bound', by: null }]);
    expect((await of('deletion.intended')).map((entry) => entry['account'])).toEqual(Array(4).fill(here()));
    expect(plan?.account).toBe(here());
    expect(run.requests?.account).toBe(1);
    expect(sentTo(world)[0]).toBe('GET /api/v1/user');
    await runOnce(world, await world.policy(AGE_POLICY));
    expect(await of('account.bound')).toHaveLength(1);
  });

  test('is the user where there is no team', async () => {
    await begin();
    world.sandbox.accounts.user.teamId = null;
    await runOnce(world, await world.policy(AGE_POLICY));
    expect(await of('account.bound')).toMatchObject([{ account: here('user:9001') }]);
    expect(JSON.stringify(await world.entries())).not.toContain('owner@example.com');
  });

  test('may get a new key', async () => {
    await begin();
    await runOnce(world, await world.policy(AGE_POLICY));
    const { port } = new URL(world.sandbox.url);
    await world.sandbox.close();
    const again = await anotherAccount('clone', { port: Number(port), apiKey: 'a-new-key' });
    again.sandbox.accounts.user.teamId = 701;
    const policy = await world.policy(AGE_POLICY);
    const { run, counts } = await runPolicy(again.deps, { policy, trigger: 'manual', signals: GO_ON });
    expect(run.status).toBe('completed');
    expect(counts.verified).toBe(4);
  });

  test.each([403, 404, 500, 'html'] as const)('is the key where GET /user answers %s', async (user) => {
    await begin();
    world.sandbox.faults.user = user;
    const { run } = await runOnce(world, await world.policy(AGE_POLICY));
    expect(run.status).toBe('completed');
    const [bound] = await of('account.bound');
    expect(bound?.['account']).toMatch(/ key:[0-9a-f]{16}$/);
    expect((await runOnce(world, await world.policy(AGE_POLICY))).run.status).toBe('completed');
    // It is named by now: the same key, the same account.
    world.sandbox.faults.user = 'named';
    expect((await runOnce(world, await world.policy(AGE_POLICY))).run.status).toBe('completed');
    expect(await of('account.rebound')).toMatchObject([
      { from: bound?.['account'], account: here(), kind: 'named', by: null },
    ]);
  });

  test('another key is another account where nobody is named', async () => {
    await begin();
    world.sandbox.faults.user = 404;
    await runOnce(world, await world.policy(AGE_POLICY));
    const { port } = new URL(world.sandbox.url);
    await world.sandbox.close();
    const again = await anotherAccount('clone', { port: Number(port), apiKey: 'a-new-key' });
    const policy = await world.policy(AGE_POLICY);
    for (const user of [404, 'named'] as const) {
      again.sandbox.faults.user = user;
      const { fault } = await runPolicy(again.deps, { policy, trigger: 'manual', signals: GO_ON });
      expect(fault).toMatchObject({ kind: 'other_account' });
    }
    expect(again.sandbox.journal.count({ method: 'DELETE' })).toBe(0);
  });

  test.each([403, 404, 500, 'html'] as const)(
    'is not believed unsaid: with %s, where it was named before, nothing is deleted',
    async (user) => {
      await begin();
      await world.policy(AGE_POLICY);
      const { reader } = world.deps.openApi();
      await enterAccount({ reader, accounts: world.store.accounts, signal: undefined });
      world.sandbox.faults.user = user;
      const { fault } = await runOnce(world, await world.policy(AGE_POLICY));
      expect(fault).toMatchObject({ kind: 'api_unreachable' });
      expect(fault?.message).toContain('GET /api/v1/user');
      expect(world.sandbox.journal.count({ method: 'DELETE' })).toBe(0);
      expect(world.sandbox.journal.count({ route: 'projects.list' })).toBe(0);
    },
  );

  test('is not a wrong address: where every route answers 404, nothing is bound', async () => {
    await begin();
    world.sandbox.faults.everything404 = true;
    expect((await runOnce(world, await world.policy(AGE_POLICY))).fault).toMatchObject({
      kind: 'api_unreachable',
    });
    expect(await world.store.accounts.accountBindings()).toEqual([]);
  });

  test('is not that of a key that is refused', async () => {
    await begin();
    world.sandbox.faults.revokedKey = true;
    expect((await runOnce(world, await world.policy(AGE_POLICY))).fault).toMatchObject({
      kind: 'credential_refused',
    });
    expect(await world.store.accounts.accountBindings()).toEqual([]);
  });

  test('cannot be altered by hand', async () => {
    await begin();
    await runOnce(world, await world.policy(AGE_POLICY));
    const database = new Database(join(world.stateDir, 'retention.db'));
    const change = (sql: string) => () => database.exec(sql);
    expect(change("UPDATE account_bindings SET owner = 'team:702'")).toThrow(/never changed/);
    expect(change('DELETE FROM account_bindings')).toThrow(/never deleted/);
    expect(change("INSERT OR REPLACE INTO account_bindings VALUES (1, 'x', 'y', 'bound')")).toThrow(
      /only appended/,
    );
    database.exec('DROP TRIGGER account_bindings_never_change');
    database.exec("UPDATE account_bindings SET owner = 'team:702'");
    world.sandbox.accounts.user.teamId = 702;
    const { fault } = await runOnce(world, await world.policy(AGE_POLICY));
    expect(fault).toMatchObject({ kind: 'state_unusable' });
    database.exec("UPDATE account_bindings SET owner = 'team:701'");
    database.close();
  });
});

describe('a state from before there were bindings', () => {
  /** Entries as they were written then. */
  async function old(projectIds: readonly number[]): Promise<void> {
    const nobodys = { policy: 'by-age', policy_hash: 'ab'.repeat(32), rule: 'old', facts: {} };
    const of = (event: AuditEntry['event'], project_id: number | null, session_id: string | null) => ({
      ...{ event, run_id: 'run-old', project_id, session_id, ...nobodys },
    });
    await world.store.runs.startRun({
      ...{ runId: 'run-old', policy: nobodys.policy, policyHash: nobodys.policy_hash, mode: 'enforce' },
      ...{ trigger: 'manual', slotAt: undefined, planId: undefined, status: 'running', startedAt: 1 },
      ...{ endedAt: undefined, requests: undefined, auditHead: undefined, problem: undefined, warnings: [] },
      ...{ asBefore: 0, endedAs: undefined, alikeSince: undefined, runsRemaining: undefined },
    });
    await world.store.audit.append([
      of('run.started', null, null),
      ...projectIds.map((id) => of('deletion.intended', id, `old-${id}-00000000`)),
    ]);
  }

  test('is bound at its first run when the key sees a project of its log', async () => {
    await begin();
    await old([77, 101]);
    world.sandbox.accounts.addProject({ id: 77, name: 'project-77' });
    // One that is still listed speaks for the one that is not.
    world.sandbox.accounts.addConversation(77, {
      sessionId: 'young-77-00000000',
      createdAt: world.clock.now(),
    });
    world.sandbox.accounts.removeConversation(101, 'old-101-00000000');
    const { run } = await runOnce(world, await world.policy(AGE_POLICY));
    expect(run.status).toBe('completed');
    expect(await of('account.bound')).toMatchObject([{ account: here() }]);
    // What it left open is of that account.
    expect(await world.store.audit.openIntents()).toEqual([]);
  });

  test('is not when it sees none of them', async () => {
    await begin();
    await old([77, 78]);
    const { fault } = await runOnce(world, await world.policy(AGE_POLICY));
    expect(fault).toMatchObject({ kind: 'other_account' });
    expect(fault?.message).toContain('2 projects');
    expect(fault?.message).toContain(world.sandbox.url);
    expect(new Set(sentTo(world).map((line) => line.split('?')[0]))).toEqual(
      new Set(['GET /api/v1/user', 'GET /api/v1/projects']),
    );
    expect(await world.store.accounts.accountBindings()).toEqual([]);

    // By a person's word it is; what was left open then is nobody's, and nothing but its own key could settle it.
    expect(await rebind(world.deps)).toMatchObject({ from: undefined, kind: 'replaced', leftOpen: 2 });
    const { run } = await runOnce(world, await world.policy(AGE_POLICY));
    expect(run.status).toBe('completed');
    expect(await world.store.audit.openIntents()).toHaveLength(2);
  });

  test('is bound at once when its log speaks of no project', async () => {
    await begin();
    await old([]);
    world.sandbox.faults.add({ when: { route: 'projects.list' }, then: { status: 403 } });
    await runOnce(world, await world.policy(AGE_POLICY));
    expect(await of('account.bound')).toHaveLength(1);
  });
});

describe('a state that is given to another account', () => {
  test('does not change when it is that account’s already', async () => {
    await begin();
    await runOnce(world, await world.policy(AGE_POLICY));
    const head = await world.store.audit.head();
    expect(await rebind(world.deps)).toEqual({ from: here(), to: here(), kind: undefined, leftOpen: 0 });
    expect(await world.store.audit.head()).toEqual(head);
  });

  test('stays while a run is under way', async () => {
    await begin();
    await runOnce(world, await world.policy(AGE_POLICY));
    const { clock, store } = world;
    const other = await anotherAccount('empty');
    await store.leases.acquireLease('policy:any', 'worker', { now: clock.now(), ttlMs: 60_000 });
    await expect(rebind(other.deps)).rejects.toMatchObject({ kind: 'lease_held' });
    await clock.advance(61_000);
    expect(await rebind(other.deps)).toMatchObject({ kind: 'replaced' });
  });

  test('keeps what is open where only the host has moved', async () => {
    await begin();
    const first = await leaveOpen();
    await world.clock.advance(3_700_000);
    const moved = await anotherAccount('empty');
    moved.sandbox.accounts.user.teamId = 701;
    addProject({ ...world, sandbox: moved.sandbox }, 101, { old: 0, young: 3 });
    expect(await rebind(moved.deps)).toMatchObject({ kind: 'moved', leftOpen: 0 });
    const policy = await world.policy(AGE_POLICY);
    await runPolicy(moved.deps, { policy, trigger: 'manual', signals: GO_ON });
    expect(await world.store.audit.openIntents()).toEqual([]);
    expect((await world.store.audit.outcomes(first.run.runId)).counts).toMatchObject({ unverified: 0 });
  });

  test('has not moved where the same number sees none of its projects', async () => {
    await begin();
    await leaveOpen();
    const stranger = await anotherAccount('empty');
    stranger.sandbox.accounts.user.teamId = 701;
    expect(await rebind(stranger.deps)).toMatchObject({ kind: 'replaced' });
    expect((await world.store.audit.openIntents()).length).toBeGreaterThan(0);
  });

  test('may be known by its key alone, once nobody is named any more', async () => {
    await begin();
    await runOnce(world, await world.policy(AGE_POLICY));
    world.sandbox.faults.user = 404;
    expect((await rebind(world.deps)).to).toContain(' key:');
    expect((await runOnce(world, await world.policy(AGE_POLICY))).run.status).toBe('completed');
    world.sandbox.faults.everything404 = true;
    await expect(rebind(world.deps)).rejects.toMatchObject({ kind: 'api_unreachable' });
    world.sandbox.faults.everything404 = false;
  });
});
