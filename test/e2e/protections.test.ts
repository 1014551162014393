import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { documentOf, onlyPlan, type Terminal } from '../support/command.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';
import { DAY } from '../support/world.ts';

const OLD = '  - { name: old, match: { older_than: 90d }, action: delete }';

function yaml(name: string, ...rules: readonly string[]): string {
  return `version: 1\nname: ${name}\nmode: enforce\nprojects: { include: ["*"] }\nrules:\n${rules.join('\n')}\n`;
}

const keepNames = (test: string): string => `  - { name: vip, match: { name: ${test} }, action: keep }`;

/** Project 101 with these names, 120 days old; a session id may stand before the name. */
function add({ sandbox: { accounts } }: Terminal, ...names: readonly string[]): void {
  accounts.addProject({ id: 101, name: 'Support', retentionPeriod: 'custom', retentionDays: 200 });
  names.forEach((name, index) => {
    const createdAt = Date.now() - 120 * DAY + index * 60_000;
    accounts.addConversation(101, { sessionId: `session-000${index}`, name, createdAt });
  });
}

describe.concurrent('the other policies of the folder', () => {
  test('are asked whatever was given; plan shows the rule, and the retention of the vendor', async ({
    terminal,
  }) => {
    add(terminal, 'VIP Anna', 'order 1');
    const given = terminal.policy(yaml('a', OLD), 'a');
    terminal.policy(yaml('b', keepNames('"VIP*"')), 'b');
    for (const args of [[given], ['--policy', 'a']]) {
      const plan = onlyPlan(await terminal.run(['plan', ...args, '--all', '--json']));
      expect(plan).toMatchObject({
        policy: 'a',
        counts: { planned: 1, kept: 1 },
        protections: [{ kind: 'rule', name: 'vip of policy b', matched: 1 }],
        native_retention: [{ project_id: 101, period: 'custom', days: 200 }],
        refused_by: [],
      });
      const reasons = plan.decisions.map(({ reason }) => reason);
      expect(reasons).toEqual(['rule vip of policy b keeps it', 'rule old matches']);
    }
    const shown = await terminal.run(['plan', given]);
    expect(shown.stdout).toContain('  rule vip of policy b: 1 conversation\n');
    expect(shown.stdout).toContain('  of project 101 after 200 days\n');
  });

  test('run only together: while one is wrong, nothing is sent, and a plan is not applied', async ({
    terminal,
  }) => {
    add(terminal, 'VIP Anna', 'order 1');
    const given = terminal.policy(yaml('a', OLD), 'a');
    const plan = await terminal.plan();
    const asked = terminal.sandbox.journal.count();
    writeFileSync(join(terminal.folder, 'policies', 'b.yaml'), 'version: 2\n');
    for (const args of [
      ['run', given],
      ['run', '--policy', 'a'],
      ['apply', plan],
    ]) {
      const ended = await terminal.run(args);
      expect(ended.code).toBe(2);
      expectPlainWords(ended, /b\.yaml:1:/);
    }
    expect(terminal.sandbox.journal.count()).toBe(asked);
    terminal.policy(yaml('b', keepNames('"VIP*"')), 'b');
    expect(documentOf(await terminal.run(['apply', plan, '--json']))).toMatchObject({
      runs: [{ counts: { planned: 2, verified: 1, skipped: 1 } }],
    });
  });
});

describe.concurrent('a protection that protects nothing', () => {
  test('is named by plan and run', async ({ terminal }) => {
    add(terminal, 'order 1', 'order 2', 'order 3');
    const court =
      '  - { name: court, match: { session_ids: [2ddb32e7f1ca4e479b0f1b39c7a0ae10] }, action: keep }';
    terminal.policy(yaml('a', keepNames('"VIP*"'), court, OLD));
    const words = /Warning: keep rule vip matched none of the 3 conversations it was checked against\n/;
    const id = /rule court keeps session ids that none of .*: 2ddb32e7f1ca4e479b0f1b39c7a0ae10\n/;
    for (const command of ['plan', 'run']) {
      const { code, stdout } = await terminal.run([command]);
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(words) as string });
      expect(stdout).toMatch(id);
    }
  });

  test('but was meant to: plan says so, and nothing passes it', async ({ terminal }) => {
    add(terminal, 'VIP Anna', 'order 1');
    terminal.policy(yaml('a', keepNames('"vip*"'), OLD));
    const plan = await terminal.run(['plan']);
    expect(plan.code).toBe(0);
    expect(plan.stdout).toMatch(/A protection would refuse this plan: near miss: .*101\/session-0000/);
    expect(plan.stdout).not.toContain('--override-limits --by');
    expect(plan.stdout.slice(plan.stdout.indexOf('Plan '))).not.toContain('Anna');
    const word = ['--override-limits', '--by', 'J. Doe', '--reason', 'whatever'];
    const { plan_id: id, refused_by: by } = onlyPlan(await terminal.run(['plan', '--json']));
    expect(by).toMatchObject([{ kind: 'near_miss', rule: 'vip', session_id: 'session-0000' }]);
    for (const args of [['run'], ['apply', id], ['apply', id, ...word]]) {
      const { code, stdout } = await terminal.run(args);
      expect({ code, stdout }).toMatchObject({
        code: 4,
        stdout: expect.stringContaining('A protection refused this run') as string,
      });
    }
    expect(terminal.deleteCount()).toBe(0);
  });

  test('an exclusion that lost its project stops run with 4, plan with 0', async ({ terminal }) => {
    add(terminal, 'order 1');
    terminal.sandbox.accounts.addProject({ id: 202, name: 'Legal archive 2026' });
    const excluding = yaml('a', OLD).replace('["*"] }', '["*"], exclude: ["Legal archive*"] }');
    terminal.policy(excluding);
    expect((await terminal.run(['plan'])).stdout).toContain('  exclude entry Legal archive*: 1 project\n');
    terminal.sandbox.accounts.renameProject(202, 'Legal - archive 2026');
    const plan = await terminal.run(['plan']);
    expect(plan.code).toBe(0);
    expect(plan.stdout).toMatch(/A protection would refuse this plan: exclusion: .*released: \[202\]/);
    expect((await terminal.run(['run'])).code).toBe(4);
    expect(terminal.deleteCount()).toBe(0);
    terminal.policy(excluding.replace('*"] }', '*"], released: [202] }'));
    expect((await terminal.run(['run'])).code).toBe(0);
  });
});

test('validate --online tells the retention of the vendor', async ({ terminal }) => {
  add(terminal, 'order 1');
  terminal.sandbox.accounts.addProject({ id: 102, name: 'Other' });
  terminal.policy(yaml('a', OLD));
  const { code, stdout } = await terminal.run(['validate', '--online']);
  expect(code).toBe(0);
  expect(stdout).toContain('of project 101 after 200 days\n');
  expect(stdout).toContain('of project 102 after 12 months\n');
});
