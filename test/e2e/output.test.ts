import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { addConversations, onlyRun, until } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';

const FULL = '/dev/full';
const canMount =
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' }).status === 0;

describe.skipIf(!existsSync(FULL))('output on a full disk', () => {
  const INCOMPLETE = /^error: stdout is incomplete: no space left on device \(ENOSPC\)$/m;

  test('run: everything is done and recorded, exit 1, and which output is incomplete', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 4, young: 1 });
    for (const args of [['plan'], ['plan', '--json'], ['run']]) {
      const ended = await terminal.run(args, { LOG_LEVEL: 'silent' }, { stdoutTo: FULL });
      expect(ended.code).toBe(1);
      expectPlainWords(ended, INCOMPLETE);
    }
    expect(terminal.sandbox.accounts.count(101)).toBe(1);
    for (const args of [['audit', 'export'], ['audit', 'export', '--json'], ['runs', '--json'], ['--help']]) {
      const ended = await terminal.run(args, {}, { stdoutTo: FULL });
      expect(ended.code).toBe(1);
      expectPlainWords(ended, INCOMPLETE);
    }
  });

  test('plan --out: exit 1, and the plan is stored all the same', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 4, young: 1 });
    const ended = await terminal.run(['plan', '--out', FULL]);
    expect(ended.code).toBe(1);
    expectPlainWords(ended, '/dev/full was not written: no space left on device (ENOSPC)');
    const [, planId = ''] = /plan --show (plan-[a-z0-9]+)/.exec(ended.stderr) ?? [];
    expect((await terminal.run(['plan', '--show', planId])).code).toBe(0);
  });

  test('that fills up within the last write: exit 1', async ({ terminal, skip }) => {
    skip(!canMount, 'only root can mount a small disk');
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 30, young: 1 });
    expect((await terminal.run(['run'])).code).toBe(0);
    const disk = join(terminal.folder, 'disk');
    mkdirSync(disk);
    const script = 'mount -t tmpfs -o size=8k none disk && exec "$@" >disk/out';
    const ended = await terminal.run(['audit', 'export', '--json'], {}, { within: script });
    expect(ended.code).toBe(1);
    expectPlainWords(ended, INCOMPLETE);
  });
});

test('a reader that went away is no fault', async ({ terminal }) => {
  terminal.policy(AGE_POLICY);
  addConversations(terminal.sandbox, 101, { old: 4, young: 1 });
  const script = '{ "$@"; echo $? >code; } | true';
  const ended = await terminal.run(['run', '--json'], { LOG_LEVEL: 'silent' }, { within: script });
  expect(ended.stderr).toBe('');
  expect(readFileSync(join(terminal.folder, 'code'), 'utf8')).toBe('0\n');
});

describe('a pipe of log lines that nobody reads', () => {
  const OLD = 400;

  test('the run ends all the same, and says that lines were dropped', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: OLD, young: 400 });
    const ended = await terminal.run(['run', '--json'], {}, { unreadStderr: true });
    expect(ended.code).toBe(0);
    const run = onlyRun(ended);
    expect(run.counts['verified']).toBe(OLD);
    expect(run).toMatchObject({
      warnings: [
        expect.stringMatching(/^\d+ log lines were dropped \(standard error was not read in time\)/),
      ],
    });
  });

  test('SIGTERM still ends it with 130 within ten seconds', async ({ terminal }) => {
    terminal.policy(`${AGE_POLICY}concurrency: 2\n`);
    addConversations(terminal.sandbox, 101, { old: OLD, young: 400 });
    terminal.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 5 } });
    const child = terminal.start(['run', '--json'], {}, { unreadStderr: true });
    await until(() => terminal.deleteCount() >= 300, 60_000);
    const stoppedAt = Date.now();
    child.kill('SIGTERM');
    const stopped = await child.ended;
    expect(stopped.code).toBe(130);
    expect(Date.now() - stoppedAt).toBeLessThan(10_000);
    expect(onlyRun(stopped)).toMatchObject({ status: 'interrupted' });
  });
});

test('too many open files are one line and what to do, never a stack trace', async ({ terminal }) => {
  terminal.policy(AGE_POLICY);
  for (const openFiles of [18, 21]) {
    const ended = await terminal.run(['run'], {}, { openFiles });
    expect([1, 6]).toContain(ended.code);
    expectPlainWords(ended, /too many open files[^]*ulimit -n/);
    const problem = ended.stderr.slice(ended.stderr.indexOf('error: '));
    expect(problem.trimEnd().split('\n')).toHaveLength(2);
  }
  expect(terminal.sandbox.journal.count()).toBe(0);
});

test('colours and the width of a terminal are for a terminal: a pipe gets neither', async ({ terminal }) => {
  terminal.policy(AGE_POLICY.replace('mode: enforce', 'mode: dry-run'));
  addConversations(terminal.sandbox, 101, { old: 2, young: 1 });
  const totals = /\nRULE +WOULD DELETE +HELD +UNKNOWN +KEEPS\nold +2\n/;
  const planned = await terminal.run(['plan']);
  expect(planned.stdout).toMatch(totals);
  expect((await terminal.run(['plan', '--show', await terminal.plan()])).stdout).toMatch(totals);
  const ran = await terminal.run(['run']);
  expect(ran.stdout).toMatch(totals);
  for (const args of [['runs'], ['status'], ['plan']])
    expect((await terminal.run(args)).stdout).not.toContain('\u001b');
  const forced = { FORCE_COLOR: '1' };
  expect((await terminal.run(['runs'], forced)).stdout).toContain('\u001b[32mcompleted\u001b[39m');
  expect((await terminal.run(['status'], forced)).stdout).toContain('\u001b[32mok      \u001b[39m by-age');
  expect((await terminal.run(['status'], { ...forced, NO_COLOR: '1' })).stdout).not.toContain('\u001b');
  expect((await terminal.run(['runs', '--json'], forced)).stdout).not.toContain('\u001b');
});
