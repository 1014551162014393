import { describe, expect } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { addConversations, documentOf, onlyRun, runsOf, type Env } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest } from '../support/terminal-test.ts';

const test = terminalTest.extend<{
  old: readonly string[];
  another: { readonly env: Env; readonly url: string; readonly sent: () => readonly string[] };
}>({
  old: [
    async ({ terminal }, use) => {
      await use(addConversations(terminal.sandbox, 101, { old: 6, young: 4 }));
    },
    { auto: true },
  ],
  another: async ({ terminal }, use) => {
    const sandbox = await startSandbox({ sample: 'empty', apiKey: 'the-key-of-another' });
    addConversations(sandbox, 101, { old: 6, young: 4 });
    await use({
      url: sandbox.url,
      env: { CUSTOMGPT_BASE_URL: sandbox.url, CUSTOMGPT_API_KEY: sandbox.apiKey },
      sent: () => sandbox.journal.entries.map(({ method, path }) => `${method} ${path}`),
    });
    expect(terminal.sandbox.violations).toEqual([]);
    await sandbox.close();
  },
});

const REBIND = ['state', 'rebind', '--by', 'J. Doe', '--reason', 'ticket 4711'];

describe.concurrent('2, the state of another account', () => {
  test('at another address is refused by every command, with both named', async ({ terminal, another }) => {
    terminal.policy(AGE_POLICY);
    await terminal.plan();
    const named = new RegExp(`belongs to ${terminal.sandbox.url} team:701.* is of ${another.url} team:701`);
    const planned = await terminal.run(['plan', '--json'], another.env);
    expect(planned).toMatchObject({ code: 2, stdout: '' });
    expectPlainWords(planned, named);
    const run = await terminal.run(['run', '--json'], another.env);
    expect(run.code).toBe(2);
    expect(onlyRun(run)).toMatchObject({ status: 'failed', plan_id: null });
    expectPlainWords(run, named);
    expect(another.sent()).toEqual(['GET /api/v1/user', 'GET /api/v1/user']);
    expect(`${planned.stderr}${run.stderr}${run.stdout}`).not.toContain('the-key-of-another');
    expect((await terminal.run(['run'])).code).toBe(0);
  });

  test('makes a plan stale: exit 5, and it is not used up', async ({ terminal, another }) => {
    terminal.policy(AGE_POLICY);
    const planId = await terminal.plan();
    const applied = await terminal.run(['apply', planId, '--json'], another.env);
    expect(applied.code).toBe(5);
    expect(runsOf(applied)).toMatchObject([{ status: 'failed' }]);
    expect(another.sent()).toEqual(['GET /api/v1/user']);
    expect((await terminal.run(['apply', planId])).code).toBe(0);
    expect(terminal.deleteCount()).toBe(6);
  });

  test('can be given to it, by name and reason', async ({ terminal, another }) => {
    terminal.policy(AGE_POLICY);
    const planId = await terminal.plan();
    const same = await terminal.run(REBIND);
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('already') as string });
    const rebound = await terminal.run([...REBIND, '--json'], another.env);
    expect(rebound.code).toBe(0);
    expect(documentOf(rebound)).toEqual({
      from: `${terminal.sandbox.url} team:701`,
      to: `${another.url} team:701`,
      changed: true,
      // The same number, and it sees the project of the plan.
      kind: 'moved',
      left_open: 0,
    });
    expect((await terminal.run(['apply', planId], another.env)).code).toBe(5);
    expect((await terminal.run(['plan'], another.env)).code).toBe(0);
    expect((await terminal.run(['plan'])).code).toBe(2);
    expect(await terminal.entries('account.rebound')).toMatchObject([
      { by: 'J. Doe', reason: 'ticket 4711' },
    ]);
  });

  test.for([
    ['no one', ['state', 'rebind', '--reason', 'x'], '--by'],
    ['no reason', ['state', 'rebind', '--by', 'x', '--reason', ' '], /--reason must not be empty/],
  ] as const)('is not given away by %s', async ([, args, words], { terminal }) => {
    const ended = await terminal.run(args);
    expect(ended.code).toBe(2);
    expectPlainWords(ended, words);
    expect(terminal.sandbox.journal.count()).toBe(0);
  });
});

describe.concurrent('10, an account that is not named any more', () => {
  test('deletes nothing', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    await terminal.plan();
    terminal.sandbox.faults.user = 403;
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(10);
    expectPlainWords(ended, /does not say whose key it is .*403/);
    expect(terminal.deleteCount()).toBe(0);
  });
});
