import { describe, expect } from 'vitest';
import { addConversations, onlyRun } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';

describe.concurrent('who applied a plan', () => {
  test('stands in the audit log and in the report, where it was said', async ({ terminal }) => {
    terminal.policy(AGE_POLICY.replace('enforce', 'dry-run'));
    addConversations(terminal.sandbox, 101, { old: 3, young: 4 });
    const plan = await terminal.plan();
    const applied = await terminal.run([
      ...['apply', plan, '--by', 'J. Doe'],
      '--reason',
      'ticket 4710',
      '--json',
    ]);
    expect(applied.code).toBe(0);
    const [started] = await terminal.entries('run.started');
    expect(started).toMatchObject({ by: 'J. Doe', reason: 'ticket 4710' });
    const report = await terminal.run(['report', onlyRun(applied).run_id, '--format', 'md']);
    expect(report.stdout).toContain('Applied by J. Doe; reason given: ticket 4710.');
  });

  test('is not asked for, and a reason alone is nobody', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 3, young: 4 });
    const plan = await terminal.plan();
    const refused = await terminal.run(['apply', plan, '--reason', 'because']);
    expect(refused.code).toBe(2);
    expectPlainWords(refused, '--reason needs --by WHO');
    expect((await terminal.run(['apply', plan])).code).toBe(0);
    const [started] = await terminal.entries('run.started');
    expect(started).not.toHaveProperty('by');
  });
});

test('why makes no state where there is none', async ({ terminal }) => {
  terminal.policy(AGE_POLICY);
  const [old = ''] = addConversations(terminal.sandbox, 101, { old: 1, young: 0 });
  const asked = await terminal.run(['why', `101/${old}`, '--state-dir', 'mistyped']);
  expect(asked.code).toBe(6);
  expectPlainWords(asked, /no state in mistyped yet/);
  expect(terminal.sandbox.journal.count({})).toBe(0);
});
