import { afterEach, describe, expect, it } from 'vitest';

import { Account } from './accounts.ts';
import { loadSample, type SampleSize } from './sample-data.ts';
import { SCENARIOS, startSandbox, type Sandbox } from './server.ts';

const NOW = Date.UTC(2025, 10, 20, 12, 0, 0);
const DAY_MS = 86_400_000;

function sample(size: SampleSize, seed = 1): Account {
  const account = new Account(() => NOW, seed);
  loadSample(account, size, { seed, nowMs: NOW });
  return account;
}

function everything(account: Account): unknown[] {
  return account
    .projects()
    .map(({ id }) => account.conversationIds(id).map((sessionId) => account.conversation(id, sessionId)));
}

describe('the demo data', () => {
  it('depends on nothing but the seed and the present', () => {
    expect(everything(sample('demo'))).toEqual(everything(sample('demo')));
    expect(everything(sample('demo', 2))).not.toEqual(everything(sample('demo')));
  });

  it('has something of everything', () => {
    const account = sample('demo');
    const projects = account.projects();
    expect(projects.length).toBeGreaterThanOrEqual(6);
    expect(projects.some(({ name }) => name.endsWith('-archive'))).toBe(true);
    const all = projects.flatMap(({ id }) => account.conversations(id));
    expect(all.length).toBeGreaterThanOrEqual(400);
    expect(all.length).toBeLessThanOrEqual(600);
    for (const wanted of [/^test-/, /^demo/, /VIP/, /[äöü]/, /[ぁ-ん]/, /[ا-ي]/]) {
      expect(
        all.some(({ name }) => name !== null && wanted.test(name)),
        String(wanted),
      ).toBe(true);
    }
    expect(all.some(({ name }) => name === null)).toBe(true);
    expect(all.some(({ createdBy }) => createdBy === null)).toBe(true);
    expect(all.some(({ createdBy }) => createdBy === account.user.id)).toBe(true);
    expect(Math.min(...all.map(({ createdAt }) => createdAt))).toBeLessThan(NOW - 700 * DAY_MS);
    const whole = all.map(({ projectId, sessionId }) => account.conversation(projectId, sessionId));
    expect(whole.some((conversation) => conversation?.messages.length === 0)).toBe(true);
  });

  it('never contradicts itself', () => {
    const account = sample('demo');
    const ids = new Set<string>();
    for (const { id } of account.projects()) {
      for (const { sessionId, createdAt, updatedAt } of account.conversations(id)) {
        ids.add(sessionId);
        expect(sessionId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(createdAt).toBeLessThanOrEqual(updatedAt);
        expect(updatedAt).toBeLessThanOrEqual(NOW);
        const times = account.conversation(id, sessionId)?.messages.map((message) => message.createdAt) ?? [];
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        for (const at of times) expect(at >= createdAt && at <= NOW).toBe(true);
      }
    }
    expect(ids.size).toBe(account.projects().reduce((sum, { id }) => sum + account.count(id), 0));
  });
});

describe('a million conversations', () => {
  it('fit, page and delete', () => {
    const account = sample({ projects: 2, conversationsPerProject: 500_000, spanDays: 365 });
    const [first] = account.projects();
    const projectId = first?.id ?? 0;
    expect(account.count(projectId)).toBe(500_000);
    const store = account.store(projectId);
    const middle = store.select({ orderBy: 'created_at', descending: false, offset: 250_000, count: 10 });
    const sessionIds = middle.slots.map((slot) => store.record(slot).sessionId);
    for (const sessionId of sessionIds) expect(account.removeConversation(projectId, sessionId)).toBe(true);
    store.unlistRemoved(NOW);
    for (let index = 0; index < 20_000; index += 1) {
      const { slots } = store.select({ orderBy: 'id', descending: index % 2 === 0, offset: index, count: 1 });
      for (const slot of slots) store.remove(slot, NOW);
      store.unlistRemoved(NOW);
    }
    expect(account.count(projectId)).toBe(479_990);
    expect(store.select({ orderBy: 'created_at', descending: true, offset: 0, count: 1 }).total).toBe(
      479_990,
    );
    expect(sessionIds.some((sessionId) => account.has(projectId, sessionId))).toBe(false);
  });
});

describe('an account', () => {
  it('takes everything from bulk data to hand-made conversations', () => {
    const account = sample({ projects: 1, conversationsPerProject: 30, spanDays: 30 });
    const projectId = account.projects()[0]?.id ?? 0;
    const [oldest = '', second = ''] = account.conversationIds(projectId);
    account.rename(projectId, oldest, 'renamed');
    account.postMessage(projectId, oldest, { query: 'hello' });
    const renamed = account.conversation(projectId, oldest);
    expect(renamed).toMatchObject({ name: 'renamed', updatedAt: NOW, sessionId: oldest });
    expect(renamed?.messages.at(-1)).toMatchObject({ query: 'hello', createdAt: NOW });
    const added = account.addConversation(projectId, {
      sessionId: 'mine-mine-mine',
      createdAt: NOW - 90 * DAY_MS,
    });
    expect(account.conversationIds(projectId).slice(0, 3)).toEqual(['mine-mine-mine', oldest, second]);
    expect(() => account.addConversation(projectId, { sessionId: 'mine-mine-mine' })).toThrow('already');
    expect(account.removeConversation(projectId, added.sessionId)).toBe(true);
    expect(account.removeConversation(projectId, added.sessionId)).toBe(false);
    expect(account.rename(projectId, added.sessionId, 'x')).toBe(false);
    account.postMessage(projectId, added.sessionId, { query: 'back again' });
    expect(account.conversation(projectId, added.sessionId)?.id).toBeGreaterThan(added.id);
    expect(account.has(projectId, 'never-heard-of')).toBe(false);
    expect(account.conversationIds(999)).toEqual([]);
    expect(() => account.addConversation(projectId, { createdAt: 'yesterday' })).toThrow(
      'Not a point in time',
    );
    expect(() => account.addProject({ id: projectId, name: 'again' })).toThrow('already');
  });
});

describe('scenarios', () => {
  const at = async (path: string): Promise<string> => {
    const headers = { authorization: 'Bearer sandbox-key' };
    return (await fetch(`${sandbox?.url ?? ''}/api/v1/projects/${path}`, { headers })).text();
  };

  let sandbox: Sandbox | undefined;
  afterEach(() => sandbox?.close());

  it.each(SCENARIOS.map(({ name }) => name))('%s starts', async (scenario) => {
    sandbox = await startSandbox({ scenario });
    if (scenario === 'slow') sandbox.faults.clearRules();
    const response = await fetch(`${sandbox.url}/api/v1/projects`).catch(() => undefined);
    expect(sandbox.violations).toEqual([]);
    if (scenario === 'default' || scenario === 'hostile-rows') expect(response?.status).toBe(401);
    if (scenario === 'everything-404') expect(response?.status).toBe(404);
  });

  it('list hostile rows in one project only', async () => {
    sandbox = await startSandbox({
      scenario: 'hostile-rows',
      sample: { projects: 2, conversationsPerProject: 3, spanDays: 9 },
    });
    const [first, second] = sandbox.accounts.projects().map(({ id }) => id);
    sandbox.faults.conversationsPageSize = 100;
    const hostile = await at(`${first ?? 0}/conversations`);
    expect(hostile).toContain('25 Jun 2023 05:01:11');
    expect(hostile).toContain('"name":"no session id"');
    expect(JSON.parse(hostile)).toMatchObject({ status: 'success' });
    expect(JSON.parse(await at(`${second ?? 0}/conversations`))).toMatchObject({ data: { total: 3 } });
  });

  it('let a project vanish in mid-run', async () => {
    sandbox = await startSandbox({ scenario: 'vanishing-project' });
    const id = sandbox.accounts.projects()[0]?.id ?? 0;
    for (let index = 0; index < 40; index += 1) expect(await at(`${id}/settings`)).toContain('success');
    expect(await at(`${id}/settings`)).toContain('"code":404');
  });

  it('refuse an unknown name and list the known ones', async () => {
    await expect(startSandbox({ scenario: 'nonsense' })).rejects.toThrow(
      /nonsense.*default, slow, rate-limited/,
    );
  });
});
