import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { addConversations, onlyRun, type Terminal } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';

/* The state cannot be written: on its very disk, with the built command. */

const OLD = 60;

function works(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

const canInject = works('strace', ['-qqq', '-o', '/dev/null', '-e', 'inject=uname:error=EIO', 'true']);
const canMount = works('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
const isRoot = process.getuid?.() === 0;

/** Epoch milliseconds of the first call that was made to fail; undefined when the run never came that far. */
function firstFailureAt(record: string): number | undefined {
  const line = readFileSync(record, 'utf8')
    .split('\n')
    .find((one) => one.includes('(INJECTED)'));
  const seconds = /\b(\d{10}\.\d{6})\b/.exec(line ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** With room again the next run settles what was begun, and finishes. */
async function expectRecovery(terminal: Terminal): Promise<void> {
  await terminal.assertSound();
  // A lease that could not be given back lapses by itself.
  let next = await terminal.run(['run', '--json']);
  while (next.code === 7) next = await terminal.run(['run', '--json']);
  expect({ code: next.code, stderr: next.code === 0 ? '' : next.stderr }).toEqual({ code: 0, stderr: '' });
  expect(terminal.sandbox.accounts.count(101)).toBe(3);
  const verified = await terminal.entries('deletion.verified');
  expect(new Set(verified.map((entry) => entry.session_id)).size).toBe(OLD);
  expect(verified).toHaveLength(OLD);
}

describe('the state cannot be written', { timeout: 90_000 }, () => {
  // In the middle of the deletions.
  test.for([
    ['an I/O error', 'pwrite64', 'EIO', 420],
    ['a full disk', 'pwrite64', 'ENOSPC', 420],
    ['an I/O error of a sync', 'fsync', 'EIO', 44],
  ] as const)(
    'because of %s: no new DELETE after the first failed write, and exit 6',
    async ([, call, error, nth], { terminal, skip }) => {
      skip(!canInject, 'strace is not here, or may not trace');
      terminal.policy(`${AGE_POLICY}concurrency: 2\n`);
      addConversations(terminal.sandbox, 101, { old: OLD, young: 3 });
      // Slow enough that many commits are needed.
      terminal.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 5 } });
      const record = join(terminal.folder, 'calls');
      const env = { RETENTION_LEASE: '1s' };
      const failAt = { call, nth, error, record };
      const failed = await terminal.run(['run', '--json'], env, { failAt });
      expect(failed.code).toBe(6);
      // What is synced: the log, or the checkpoint beside it.
      expectPlainWords(failed, /retention\.db|last-checkpoint/);
      const failedAt = firstFailureAt(record);
      const sent = terminal.sandbox.journal.entries.filter(({ method }) => method === 'DELETE');
      expect(sent.length).toBeGreaterThan(0);
      expect(sent.length).toBeLessThan(OLD);
      // What was already durable and on its way may still arrive in the same breath.
      expect(sent.filter(({ at }) => at > (failedAt ?? 0) + 20)).toEqual([]);
      const { counts } = onlyRun(failed);
      expect(counts['verified']).toBeLessThanOrEqual(sent.length);
      await expectRecovery(terminal);
    },
  );

  test('because it is read-only: no request, and exit 6', async ({ terminal, skip }) => {
    skip(
      !isRoot || !canMount,
      'only root can make a folder read-only for itself; see test/e2e/state.test.ts',
    );
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: OLD, young: 3 });
    mkdirSync(terminal.stateDir);
    const refused = await terminal.run(['run'], {}, { readOnly: terminal.stateDir });
    expect(refused.code).toBe(6);
    expectPlainWords(refused, /retention\.db/);
    expect(terminal.sandbox.journal.count()).toBe(0);
  });

  test('because a state that was written before is read-only now: no DELETE, and exit 6', async ({
    terminal,
    skip,
  }) => {
    skip(
      !isRoot || !canMount,
      'only root can make a folder read-only for itself; see test/e2e/state.test.ts',
    );
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: OLD, young: 3 });
    await terminal.plan();
    const refused = await terminal.run(['run'], {}, { readOnly: terminal.stateDir });
    expect(refused.code).toBe(6);
    expectPlainWords(refused, /retention\.db/);
    expect(terminal.deleteCount()).toBe(0);
    await expectRecovery(terminal);
  });
});

test('the state is removed in mid-run: no DELETE after that but those under way, and exit 6', async ({
  terminal,
}) => {
  terminal.policy(`${AGE_POLICY}concurrency: 2\n`);
  addConversations(terminal.sandbox, 101, { old: OLD, young: 3 });
  let arrived = 0;
  terminal.onDelete = () => {
    arrived += 1;
    if (arrived !== 10) return;
    for (const file of readdirSync(terminal.stateDir)) {
      if (file.startsWith('retention.db')) rmSync(join(terminal.stateDir, file));
    }
  };
  const ended = await terminal.run(['run', '--json']);
  expect(ended.code).toBe(6);
  expectPlainWords(ended, 'retention.db was removed or replaced while it was in use');
  expect(arrived).toBeLessThan(20);
  // It is not begun anew in silence either.
  expect((await terminal.run(['run'])).code).toBe(6);
});
