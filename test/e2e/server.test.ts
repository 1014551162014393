import { describe, expect } from 'vitest';
import { addConversations, onlyPlan, onlyRun } from '../support/command.ts';
import { addHostileRows } from '../../src/sandbox/hostile-rows.ts';
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

describe.concurrent('what the server does wrong', () => {
  // First, because it waits longest.
  test('a page stays broken: nothing of that project is deleted, the others finish', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 102, { old: 25 });
    terminal.sandbox.faults.add({
      when: { route: 'conversations.list', projectId: 102, page: 2 },
      then: { truncateBody: true },
    });
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(3);
    expect(onlyRun(ended)).toMatchObject({ status: 'partial', counts: { planned: 6, verified: 6 } });
    expect(terminal.sandbox.accounts.count(102)).toBe(25);
    expect(terminal.sandbox.journal.count({ method: 'DELETE', projectId: 102 })).toBe(0);
    const incomplete = await terminal.entries('listing.incomplete');
    expect(incomplete).toMatchObject([{ project_id: 102, phase: 'plan' }]);
  });

  test('every DELETE answers 500 but was carried out: verified, with one DELETE each', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    terminal.sandbox.faults.add({ when: { method: 'DELETE' }, then: { status: 500, executed: true } });
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(0);
    expect(onlyRun(ended).counts).toMatchObject({ verified: 6 });
    expect(terminal.deleteCount()).toBe(6);
    const [verified] = await terminal.entries('deletion.verified');
    expect(verified).toMatchObject({ delete_status: null, verify_status: 404, attempts: 1 });
  });

  test('the connection is cut after the DELETE was sent: never a second one', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    terminal.sandbox.faults.add({ when: { method: 'DELETE' }, then: { cut: 'after' } });
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(0);
    expect(onlyRun(ended).counts).toMatchObject({ verified: 6 });
    expect(terminal.deleteCount()).toBe(6);
  });

  test('a deleted conversation answers a while longer: polled, verified, one DELETE each', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    terminal.sandbox.faults.staleReadsMs = 300;
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(0);
    expect(onlyRun(ended).counts).toMatchObject({ verified: 6 });
    expect(terminal.deleteCount()).toBe(6);
    expect(terminal.sandbox.journal.count({ route: 'messages.list', status: 200 })).toBeGreaterThanOrEqual(6);
  });

  test('new conversations arrive after each page: every one is met once, none is missed', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    const old = addConversations(terminal.sandbox, 102, { old: 35, young: 10 });
    terminal.sandbox.faults.shiftingPages = true;
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(0);
    expect(onlyRun(ended).counts).toMatchObject({ planned: 41, verified: 41 });
    expect(terminal.deleteCount()).toBe(41);
    const left = terminal.sandbox.accounts.conversationIds(102);
    expect(left.filter((session) => old.includes(session))).toEqual([]);
    expect(left.filter((session) => session.startsWith('young-'))).toHaveLength(10);
  });

  test('lists in another order, or with everything as strings: the same decisions', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 102, { old: 25, young: 12 });
    const decided = async (): Promise<readonly string[]> => {
      const { decisions } = onlyPlan(await terminal.run(['plan', '--json']));
      return decisions.map(({ session_id, rule, age_days }) => `${session_id} ${rule} ${age_days}`).sort();
    };
    const { faults } = terminal.sandbox;
    const plain = await decided();
    expect(plain).toHaveLength(31);
    for (const ignoreOrder of [true, 'scrambled'] as const) {
      faults.ignoreOrder = ignoreOrder;
      expect(await decided()).toEqual(plain);
    }
    faults.ignoreOrder = false;
    faults.stringlyTyped = true;
    expect(await decided()).toEqual(plain);
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(0);
    expect(onlyRun(ended).counts).toMatchObject({ verified: 31 });
  });
});

describe.concurrent('3, not all deleted', () => {
  test('a forbidden project is reported, and the others finish', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 102, { old: 5 });
    addConversations(terminal.sandbox, 103, { old: 5 });
    terminal.sandbox.faults.forbiddenProjects.set(102, 403);
    const ended = await terminal.run(['run']);
    expect(ended.code).toBe(3);
    expect(ended.stdout).toContain('Project 102 could not be listed in full (page 1: HTTP 403)');
    const { accounts } = terminal.sandbox;
    expect([accounts.count(101), accounts.count(102), accounts.count(103)]).toEqual([4, 5, 0]);
    const events = await terminal.entries('listing.incomplete');
    expect(events).toMatchObject([{ project_id: 102 }]);
  });

  test('a DELETE that was swallowed is never called deleted', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    terminal.sandbox.faults.swallowDeletes = true;
    const ended = await terminal.run(['run', '--json'], { RETENTION_VERIFY_TIMEOUT: '500ms' });
    expect(ended.code).toBe(3);
    expect(onlyRun(ended)).toMatchObject({ status: 'partial', counts: { verified: 0, unverified: 6 } });
    expect(terminal.deleteCount()).toBe(6);
    expect(terminal.sandbox.accounts.count(101)).toBe(10);
  });
});

describe.concurrent('8, the key', () => {
  test('is refused at once', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const ended = await terminal.run(['run'], { CUSTOMGPT_API_KEY: 'some-other-key' });
    expect(ended.code).toBe(8);
    expectPlainWords(ended, 'CUSTOMGPT_API_KEY');
    expect(ended.stderr).not.toContain('some-other-key');
    expect(terminal.sandbox.journal.count()).toBe(1);
  });

  test('is revoked in mid-run: no further DELETE, and nothing counts as gone because of a 401', async ({
    terminal,
  }) => {
    addConversations(terminal.sandbox, 102, { old: 40 });
    terminal.policy(`${AGE_POLICY}concurrency: 1\n`);
    let count = 0;
    terminal.onDelete = () => {
      count += 1;
      // The DELETE that is about to be answered is still carried out; its follow-up is refused.
      if (count === 10) setImmediate(() => (terminal.sandbox.faults.revokedKey = true));
    };
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(8);
    const { entries } = terminal.sandbox.journal;
    const refusedAt = entries.findIndex(({ status }) => status === 401);
    expect(entries.slice(refusedAt + 1).filter(({ method }) => method === 'DELETE')).toEqual([]);
    const gone = 46 - terminal.sandbox.accounts.count(102) - (terminal.sandbox.accounts.count(101) - 4);
    const { status, counts } = onlyRun(ended);
    expect(status).toBe('failed');
    expect(counts['verified']).toBeLessThanOrEqual(gone);
    expect(counts['already_gone']).toBe(0);

    terminal.sandbox.faults.revokedKey = false;
    expect((await terminal.run(['run'])).code).toBe(0);
    const verified = await terminal.entries('deletion.verified');
    expect(new Set(verified.map(({ session_id }) => session_id)).size).toBe(46);
    expect(verified).toHaveLength(46);
  });
});

describe.concurrent('9, the clock', () => {
  test.for([
    ['three minutes ahead', { shiftMs: 180_000 }],
    ['two minutes behind', { shiftMs: -120_000 }],
    ['unknown', 'absent'],
  ] as const)('of the server is %s', async ([, date], { terminal }) => {
    terminal.policy(AGE_POLICY);
    terminal.sandbox.faults.add({ then: { date } });
    const ended = await terminal.run(['run']);
    expect(ended.code).toBe(9);
    expectPlainWords(ended, /clock/);
    expect(terminal.deleteCount()).toBe(0);
  });

  test('went wrong between plan and apply', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const plan = await terminal.plan();
    terminal.sandbox.faults.add({ then: { date: { shiftMs: 61_500 } } });
    expect((await terminal.run(['apply', plan])).code).toBe(9);
    expect(terminal.deleteCount()).toBe(0);
    terminal.sandbox.faults.clearRules();
    expect((await terminal.run(['apply', plan])).code).toBe(0);
  });
});

describe.concurrent('10, the API', () => {
  test.for(['html', 'api-json'] as const)('answers 404 to everything (%s)', async (body, { terminal }) => {
    terminal.policy(AGE_POLICY);
    terminal.sandbox.faults.everything404 = body;
    const ended = await terminal.run(['run']);
    expect(ended.code).toBe(10);
    expectPlainWords(ended, 'CUSTOMGPT_BASE_URL');
    expect(terminal.deleteCount()).toBe(0);
  });

  test('is not there', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    // Nobody listens on the port of TCP's own multiplexer.
    const ended = await terminal.run(['run'], { CUSTOMGPT_BASE_URL: 'http://127.0.0.1:1' });
    expect(ended.code).toBe(10);
    expectPlainWords(ended, 'CUSTOMGPT_BASE_URL');
    expect(ended.tookMs).toBeLessThan(20_000);
  });
});

describe.concurrent('rows as a list should never contain them', () => {
  const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

  test('two with one session id: nothing of that project is deleted, the others finish', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    const { accounts } = terminal.sandbox;
    accounts.addProject({ id: 102, name: 'hostile' });
    addHostileRows(accounts, 102, Date.now());
    const before = accounts.count(102);
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(3);
    expect(onlyRun(ended).counts).toMatchObject({ verified: 6 });
    expect(accounts.count(102)).toBe(before);
  });

  test('are kept where they are unknown, and nothing that prints them obeys them', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const { accounts, journal } = terminal.sandbox;
    accounts.addProject({ id: 102, name: 'hostile' });
    addHostileRows(accounts, 102, Date.now());
    const idOf = new Map(accounts.conversations(102).map(({ name, sessionId }) => [name, sessionId]));
    const isThere = (name: string): boolean => accounts.has(102, idOf.get(name) ?? 'none');
    for (const twin of ['first', 'second']) {
      accounts.removeConversation(102, idOf.get(`${twin} of two with one session id`) ?? 'none');
    }

    const planned = await terminal.run(['plan', '--all']);
    expect(planned.code).toBe(0);
    expect(planned.stdout).not.toMatch(CONTROL);
    expect(planned.stdout.length).toBeLessThan(100_000);
    const ended = await terminal.run(['run']);
    expect(ended.code).toBe(0);
    expect(ended.stdout + ended.stderr).not.toMatch(CONTROL);

    for (const { path } of journal.entries.filter(({ method }) => method === 'DELETE')) {
      expect(path).toMatch(/^\/api\/v1\/projects\/\d+\/conversations\/[A-Za-z0-9_-]{8,128}$/);
    }
    const unusable = ['no created_at', 'no session id', 'session id climbs', 'belongs elsewhere'];
    const dateless = ['0', '""', '"0"', 'null', '"yesterday"'];
    for (const name of [...unusable, ...dateless.map((date) => `created_at is ${date}`)]) {
      expect({ name, isThere: isThere(name) }).toEqual({ name, isThere: true });
    }
    // Known only roughly, and past the cutoff whichever instant it was.
    expect(isThere('created_at is "25 Jun 2023 05:01:11"')).toBe(false);
    expect(isThere('<script>alert("name")</script>')).toBe(false);
  });
});
