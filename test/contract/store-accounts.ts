import { expect, it } from 'vitest';
import type { AccountBinding } from '../../src/core/account.ts';
import { collect, DONE, facts, header, NOON, PROJECT } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

const HERE = 'https://app.customgpt.ai';

function binding(owner: string, kind: AccountBinding['kind'], origin = HERE): AccountBinding {
  return { account: { origin, owner }, kind };
}

export function accountTests({ store, clock, reopen }: Suite): void {
  const bind = (one: AccountBinding, known: number, whileIdle = false) =>
    store().accounts.bindAccount(one, { known, by: 'J. Doe', reason: 'ticket 4711', whileIdle });
  const intend = (runId: string, sessionId = 'session-0001') =>
    store().audit.append([facts('deletion.intended', { run_id: runId, session_id: sessionId })]);
  const openRuns = async () => (await store().audit.openIntents()).map(({ runId }) => runId);

  it('are none at first, then all that there were, each with its entry', async () => {
    expect(await store().accounts.accountBindings()).toEqual([]);
    const all = [
      binding('key:aa', 'bound'),
      binding('team:7', 'named'),
      binding('team:7', 'moved', 'https://eu.customgpt.ai'),
    ];
    for (const [known, one] of all.entries()) expect(await bind(one, known)).toBe('written');
    const again = await reopen();
    expect(await again.accounts.accountBindings()).toEqual(all);
    const said = { by: 'J. Doe', reason: 'ticket 4711' };
    const [first, second, third] = [`${HERE} key:aa`, `${HERE} team:7`, 'https://eu.customgpt.ai team:7'];
    expect(await collect(again.audit.entries())).toMatchObject([
      { event: 'account.bound', run_id: null, account: first, kind: 'bound', ...said },
      { event: 'account.rebound', from: first, account: second, kind: 'named', ...said },
      { event: 'account.rebound', from: second, account: third, kind: 'moved', ...said },
    ]);
  });

  it('are added by whoever knows the last one', async () => {
    const outcomes = await Promise.all([
      bind(binding('team:7', 'bound'), 0),
      bind(binding('team:8', 'bound'), 0),
    ]);
    expect(outcomes).toEqual(['written', 'outdated']);
    expect(await bind(binding('team:8', 'replaced'), 5)).toBe('outdated');
    expect(await store().accounts.accountBindings()).toEqual([binding('team:7', 'bound')]);
    expect((await store().audit.head()).seq).toBe(1);
  });

  it('are not added while a worker holds a lease, where that is asked for', async () => {
    const lease = await store().leases.acquireLease('policy:p', 'worker', { now: NOON, ttlMs: 1000 });
    expect(await bind(binding('team:7', 'bound'), 0, true)).toBe('under_way');
    expect(await bind(binding('team:7', 'bound'), 0)).toBe('written');
    clock().set(NOON + 1000);
    expect(await bind(binding('team:8', 'replaced'), 1, true)).toBe('written');
    clock().set(NOON);
    expect(await bind(binding('team:9', 'replaced'), 2, true)).toBe('under_way');
    if (lease !== undefined) await store().leases.releaseLease(lease);
    expect(await bind(binding('team:9', 'replaced'), 2, true)).toBe('written');
  });

  it('keep apart what each account left open, with the same ids', async () => {
    await bind(binding('team:7', 'bound'), 0);
    await intend('run-1');
    await bind(binding('team:8', 'replaced'), 1);
    expect(await store().audit.openIntentCount('support-chats', 'run-now')).toBe(0);
    await intend('run-2');
    expect(await openRuns()).toEqual(['run-1', 'run-2']);
    expect(await store().audit.openIntentCount('support-chats', 'run-now')).toBe(1);
    await store().audit.append([facts('deletion.verified', { run_id: 'run-2' })]);
    await store().audit.append([facts('deletion.unverified', { run_id: 'run-2' })]);
    expect(await store().audit.openIntentCount('support-chats', 'run-now')).toBe(1);
    await store().audit.append([facts('deletion.verified', { run_id: 'run-2' })]);
    expect(await openRuns()).toEqual(['run-1']);
  });

  it('take along what is open where the account stays the same', async () => {
    await intend('run-0', 'session-0000');
    await bind(binding('key:aa', 'bound'), 0);
    await intend('run-1');
    await bind(binding('team:7', 'named'), 1);
    expect(await store().audit.openIntentCount('support-chats', 'run-now')).toBe(2);
    await intend('run-2');
    expect(await openRuns()).toEqual(['run-0', 'run-2']);
  });

  it('forget the sizes of projects with an account that is replaced, and only then', async () => {
    const known = [{ projectId: 1, count: 5000 }];
    await store().populations.recordPopulations('p', known);
    await bind(binding('team:7', 'bound'), 0);
    await bind(binding('team:7', 'moved', 'https://eu.customgpt.ai'), 1);
    expect(await store().populations.knownPopulations('p')).toEqual(known);
    await bind(binding('team:8', 'replaced'), 2);
    expect(await store().populations.knownPopulations('p')).toEqual([]);
  });

  it('are judged by projects that deletions, plans and sizes speak of', async () => {
    expect([...(await store().accounts.projectsOnRecord())]).toEqual([]);
    await store().audit.append([
      facts('deletion.skipped', { project_id: 1 }),
      facts('deletion.intended', { project_id: 2 }),
      facts('listing.incomplete', { project_id: 3 }),
      facts('hold.added', { project_id: 4 }),
    ]);
    await store().populations.recordPopulations('p', [{ projectId: 5, count: 1 }]);
    const writer = await store().plans.createPlan(header('plan-1'));
    const unseen = { ...PROJECT, projectId: 7, incomplete: 'this key cannot see it' };
    await writer.finish({ ...DONE, projects: [{ ...PROJECT, projectId: 6 }, unseen] });
    expect([...(await store().accounts.projectsOnRecord())].sort()).toEqual([1, 2, 5, 6]);
  });
}
