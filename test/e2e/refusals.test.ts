import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { addConversations, type Env, onlyPlan, onlyRun, runsOf } from '../support/command.ts';
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

describe.concurrent('2, settings', () => {
  test.for<readonly [string, Env, string | RegExp]>([
    ['no key', { CUSTOMGPT_API_KEY: undefined }, 'CUSTOMGPT_API_KEY'],
    ['an empty key', { CUSTOMGPT_API_KEY: '' }, 'CUSTOMGPT_API_KEY'],
    ['a key file that is not there', keyFile('missing'), /missing.*cannot be read/],
    [
      'plain http to a real host',
      { CUSTOMGPT_BASE_URL: 'http://app.customgpt.ai' },
      /CUSTOMGPT_BASE_URL .*https/,
    ],
    [
      'a pace of words',
      { RETENTION_REQUESTS_PER_MINUTE: 'abc' },
      /RETENTION_REQUESTS_PER_MINUTE .*unlimited/,
    ],
    ['a pace of zero', { RETENTION_REQUESTS_PER_MINUTE: '0' }, 'RETENTION_REQUESTS_PER_MINUTE'],
    ['a negative pace', { RETENTION_REQUESTS_PER_MINUTE: '-1' }, 'RETENTION_REQUESTS_PER_MINUTE'],
    ['a time-out without a unit', { RETENTION_VERIFY_TIMEOUT: '60' }, /RETENTION_VERIFY_TIMEOUT .*60s/],
    ['a log level that is none', { LOG_LEVEL: 'inf' }, /LOG_LEVEL .*did you mean "info"/],
  ])('%s', async ([, env, words], { terminal }) => {
    terminal.policy(AGE_POLICY);
    const ended = await terminal.run(['run', '--json'], env);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expectPlainWords(ended, words);
    expect(terminal.sandbox.journal.count()).toBe(0);
  });

  test('an empty key file; a file with the key works', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    writeFileSync(join(terminal.folder, 'key'), '\n');
    const empty = await terminal.run(['run'], keyFile('key'));
    expect(empty.code).toBe(2);
    expectPlainWords(empty, /CUSTOMGPT_API_KEY_FILE.*empty/);
    expect(terminal.sandbox.journal.count()).toBe(0);
    writeFileSync(join(terminal.folder, 'key'), `${terminal.sandbox.apiKey}\n`);
    expect((await terminal.run(['run'], keyFile('key'))).code).toBe(0);
  });

  test('all problems are named together', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const ended = await terminal.run(['run'], { RETENTION_LEASE: 'soon', LOG_LEVEL: 'loud' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/RETENTION_LEASE [^]*LOG_LEVEL /);
  });

  function keyFile(name: string) {
    return { CUSTOMGPT_API_KEY: undefined, CUSTOMGPT_API_KEY_FILE: name };
  }
});

describe.concurrent('4, a limit', () => {
  const LIMITED = AGE_POLICY.replace('{ max_percent: 100 }', '{ max_deletions: 5 }');

  test('refuses the run before the first DELETE and names the plan, which can be applied by somebody’s word', async ({
    terminal,
  }) => {
    terminal.policy(LIMITED);
    const refused = await terminal.run(['run']);
    expect(refused.code).toBe(4);
    expect(refused.stdout).toContain('Nothing was deleted.');
    expect(refused.stdout).toMatch(/max_deletions/);
    const plan =
      /^Look at its plan: customgpt-retention plan --show (plan-\w+)$/m.exec(refused.stdout)?.[1] ?? 'none';
    expect((await terminal.run(['apply', plan])).code).toBe(4);
    for (const half of [
      ['--by', 'J. Doe'],
      ['--by', ' ', '--reason', 'backlog'],
    ]) {
      const ended = await terminal.run(['apply', plan, '--override-limits', ...half]);
      expect(ended.code).toBe(2);
      expectPlainWords(ended, /--by .*--reason /);
    }
    expect((await terminal.run(['apply', plan, '--by', 'J. Doe', '--reason', 'backlog'])).code).toBe(4);
    expect(terminal.deleteCount()).toBe(0);
    const word = ['--override-limits', '--by', 'J. Doe', '--reason', 'backlog of 2024'];
    const applied = await terminal.run(['apply', plan, ...word, '--json']);
    expect(applied.code).toBe(0);
    expect(onlyRun(applied).counts).toMatchObject({ verified: 6 });
    expect(terminal.sandbox.accounts.count(101)).toBe(4);
    expect(await terminal.entries('limits.overridden')).toMatchObject([
      { plan_id: plan, by: 'J. Doe', reason: 'backlog of 2024' },
    ]);
  });

  test('is said by plan, which exits 0', async ({ terminal }) => {
    terminal.policy(LIMITED);
    const ended = await terminal.run(['plan']);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/A limit would refuse this plan: .*max_deletions/);
  });

  test('of one policy does not keep the others from running, and comes before 3', async ({ terminal }) => {
    terminal.policy(LIMITED.replace('["*"]', '[101]'));
    addConversations(terminal.sandbox, 102, { old: 2 });
    addConversations(terminal.sandbox, 103, { old: 2 });
    terminal.sandbox.faults.forbiddenProjects.set(103, 403);
    terminal.policy(AGE_POLICY.replace('by-age', 'zz-other').replace('["*"]', '[102, 103]'), 'zz');
    const ended = await terminal.run(['run', '--json']);
    expect(ended.code).toBe(4);
    expect(runsOf(ended)).toMatchObject([
      { status: 'refused' },
      { status: 'partial', counts: { verified: 2 } },
    ]);
  });
});

describe.concurrent('5, a plan that no longer holds', () => {
  test('applied twice', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const plan = await terminal.plan();
    expect((await terminal.run(['apply', plan])).code).toBe(0);
    const again = await terminal.run(['apply', plan, '--json']);
    expect(again).toMatchObject({ code: 5, stdout: '' });
    expectPlainWords(again, 'applied already');
    expect(terminal.deleteCount()).toBe(6);
  });

  test('its policy was edited, or is gone', async ({ terminal }) => {
    const path = terminal.policy(AGE_POLICY);
    const plan = await terminal.plan();
    terminal.policy(AGE_POLICY.replace('90d', '30d'));
    expectPlainWords(await terminal.run(['apply', plan]), /edited/);
    rmSync(path);
    const gone = await terminal.run(['apply', plan]);
    expect(gone.code).toBe(5);
    expectPlainWords(gone, /edited or removed/);
    // The same policy again is the same policy.
    terminal.policy(AGE_POLICY);
    expect((await terminal.run(['apply', plan])).code).toBe(0);
  });

  test('but not where its folder is another one on this machine, and the policy the same', async ({
    terminal,
  }) => {
    const elsewhere = join(terminal.folder, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'by-age.yaml'), AGE_POLICY);
    const plan = onlyPlan(await terminal.run(['plan', elsewhere, '--json'])).plan_id;
    rmSync(join(elsewhere, 'by-age.yaml'));
    terminal.policy(AGE_POLICY);
    // Its folder is there, and what else lies in it counts: nothing is taken from another one.
    expect((await terminal.run(['apply', plan])).code).toBe(5);
    rmSync(join(terminal.folder, 'policies'), { recursive: true });
    rmSync(elsewhere, { recursive: true });
    const gone = await terminal.run(['apply', plan]);
    expect(gone.code).toBe(5);
    expectPlainWords(gone, `Look at ${join(elsewhere, 'by-age.yaml')} and policies/`);
    const path = terminal.policy(AGE_POLICY.replace('90d', '91d'), 'renamed');
    expectPlainWords(await terminal.run(['apply', plan]), /edited/);
    // Of that folder nothing is believed while a file in it is wrong: not that the policy was edited, either.
    const broken = terminal.policy('nonsense', 'broken');
    const unclear = await terminal.run(['apply', plan]);
    expect(unclear.code).toBe(2);
    expectPlainWords(unclear, /broken\.yaml/);
    rmSync(broken);
    // What lies beside it there counts: here a hold.
    writeFileSync(join(dirname(path), 'holds.yaml'), 'version: 1\nholds: nonsense\n');
    terminal.policy(AGE_POLICY, 'renamed');
    expect((await terminal.run(['apply', plan])).code).toBe(2);
    rmSync(join(dirname(path), 'holds.yaml'));
    expect((await terminal.run(['apply', plan])).code).toBe(0);
    expect(terminal.deleteCount()).toBe(6);
  });

  test('its file was edited by one byte', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    expect((await terminal.run(['plan', '--out', 'plan.json'])).code).toBe(0);
    const file = join(terminal.folder, 'plan.json');
    const whole = readFileSync(file);
    appendFileSync(file, ' ');
    const edited = await terminal.run(['apply', 'plan.json']);
    expect(edited.code).toBe(5);
    expectPlainWords(edited, 'plan.json');
    writeFileSync(file, whole.toString().replace('old-101-00000000', 'old-101-00000009'));
    expect((await terminal.run(['apply', 'plan.json'])).code).toBe(5);
    expect(terminal.deleteCount()).toBe(0);
    writeFileSync(file, whole);
    expect((await terminal.run(['apply', 'plan.json'])).code).toBe(0);
  });

  test('nobody knows it', async ({ terminal }) => {
    const unknown = await terminal.run(['apply', 'plan-unknown']);
    expect(unknown.code).toBe(5);
    expectPlainWords(unknown, 'plan-unknown');
    expect(terminal.sandbox.journal.count()).toBe(0);
  });
});
