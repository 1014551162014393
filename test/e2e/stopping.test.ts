import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { AuditEntry } from '../../src/core/audit-entry.ts';
import {
  addConversations,
  onlyRun,
  runsOf,
  until,
  type Ended,
  type Running,
  type Terminal,
} from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { terminalTest } from '../support/terminal-test.ts';

const OLD = 48;

const test = terminalTest.extend<{ old: readonly string[] }>({
  old: [
    async ({ terminal }, use) => {
      terminal.policy(AGE_POLICY);
      await use(addConversations(terminal.sandbox, 101, { old: OLD, young: 8 }));
    },
    { auto: true },
  ],
});

interface Stopped extends Ended {
  /** When the signal was sent, epoch ms. */
  readonly stoppedAt: number;
}

async function stop(child: Running, signal: NodeJS.Signals): Promise<Stopped> {
  const stoppedAt = Date.now();
  child.kill(signal);
  return { ...(await child.ended), stoppedAt };
}

/** Each DELETE is answered late, so that a signal meets a run with some under way. */
function slowDeletes({ sandbox }: Terminal, latencyMs: number): void {
  sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs } });
}

function lateDeletes({ sandbox }: Terminal, afterMs: number): readonly unknown[] {
  return sandbox.journal.entries.filter(({ method, at }) => method === 'DELETE' && at > afterMs);
}

/** Every conversation is kept, verified or already gone, by the log and by the server. */
function expectSettled(terminal: Terminal, old: readonly string[], entries: readonly AuditEntry[]): void {
  expect(terminal.sandbox.accounts.count(101)).toBe(8);
  const lastWords = new Map<unknown, string>();
  for (const { event, session_id: session } of entries) if (session !== null) lastWords.set(session, event);
  expect([...lastWords.keys()].sort()).toEqual([...old].sort());
  expect(new Set(lastWords.values())).toEqual(new Set(['deletion.verified']));
  const verified = entries.filter(({ event }) => event === 'deletion.verified');
  expect(verified).toHaveLength(old.length);
}

/** Where a conversation was sent two DELETEs, a GET between them had shown that it was still there. */
function expectNoBlindDelete({ sandbox: { journal } }: Terminal): void {
  const isShown = new Set<string | undefined>();
  for (const { method, route, sessionId, status } of journal.entries) {
    if (method === 'DELETE') {
      if (isShown.has(sessionId)) throw new Error(`a blind second DELETE of ${String(sessionId)}`);
      isShown.add(sessionId);
    } else if (route === 'messages.list' && status === 200) isShown.delete(sessionId);
  }
}

describe.concurrent('SIGTERM and SIGINT', () => {
  // First, because it waits longest.
  test('while deleted conversations still answer: ends within ten seconds, the next run settles', async ({
    terminal,
    old,
  }) => {
    const child = terminal.start(['run', '--json'], { RETENTION_VERIFY_TIMEOUT: '60s' });
    // The first goes alone until it is gone.
    await until(() => terminal.deleteCount() >= 2);
    terminal.sandbox.faults.staleReadsMs = 3_600_000;
    await until(() => terminal.deleteCount() >= 20);
    const stopped = await stop(child, 'SIGTERM');
    expect(stopped.code).toBe(130);
    expect(Date.now() - stopped.stoppedAt).toBeLessThan(10_000);
    const { status, counts } = onlyRun(stopped);
    expect(status).toBe('interrupted');
    // At most what was gone before they began to answer on.
    expect(counts['verified']).toBeLessThan(15);
    terminal.sandbox.faults.staleReadsMs = 0;
    expect((await terminal.run(['run'])).code).toBe(0);
    expectSettled(terminal, old, await terminal.entries());
    expect(terminal.deleteCount()).toBe(OLD);
  });

  test.for(['SIGTERM', 'SIGINT'] as const)(
    '%s: no new DELETE, what is in flight is recorded, and the next run finishes',
    async (signal, { terminal, old }) => {
      slowDeletes(terminal, 100);
      const child = terminal.start(['run', '--json']);
      await until(() => terminal.deleteCount() >= 9);
      const stopped = await stop(child, signal);
      expect(stopped.code).toBe(130);
      expect(Date.now() - stopped.stoppedAt).toBeLessThan(10_000);
      expect(lateDeletes(terminal, stopped.stoppedAt + 1000)).toEqual([]);
      const first = onlyRun(stopped);
      expect(first).toMatchObject({ status: 'interrupted', counts: { planned: OLD, unverified: 0 } });
      expect(first.counts['verified']).toBe(OLD + 8 - terminal.sandbox.accounts.count(101));
      expect(first.counts['verified']).toBeLessThan(OLD);
      await terminal.assertSound();
      expect(await terminal.entries('run.interrupted')).toMatchObject([{ run_id: first.run_id }]);

      terminal.sandbox.faults.clearRules();
      expect((await terminal.run(['run'])).code).toBe(0);
      expectSettled(terminal, old, await terminal.entries());
      expectNoBlindDelete(terminal);
    },
  );

  test('by a file named STOP in the state directory, within a second and for as long as it lies there', async ({
    terminal,
    old,
  }) => {
    slowDeletes(terminal, 100);
    const file = join(terminal.stateDir, 'STOP');
    const child = terminal.start(['run', '--json']);
    await until(() => terminal.deleteCount() >= 9);
    const stoppedAt = Date.now();
    writeFileSync(file, '');
    const stopped = await child.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('state/STOP: nothing is deleted until it is removed');
    expect(lateDeletes(terminal, stoppedAt + 1000)).toEqual([]);
    const sent = terminal.deleteCount();
    expect(sent).toBeLessThan(OLD);
    const again = await terminal.run(['run']);
    expect(again.code).toBe(130);
    expect(again.stderr).toContain('nothing is deleted until it is removed');
    expect(terminal.deleteCount()).toBe(sent);
    rmSync(file);
    terminal.sandbox.faults.clearRules();
    expect((await terminal.run(['run'])).code).toBe(0);
    expectSettled(terminal, old, await terminal.entries());
  });

  test('asked twice, it ends at once, and the next run settles', async ({ terminal, old }) => {
    const child = terminal.start(['run'], { RETENTION_VERIFY_TIMEOUT: '60s' });
    await until(() => terminal.deleteCount() >= 2);
    terminal.sandbox.faults.staleReadsMs = 3_600_000;
    await until(() => terminal.deleteCount() >= 20);
    // Of two equal signals in one breath the process would see only one.
    child.kill('SIGTERM');
    const stopped = await stop(child, 'SIGINT');
    expect(stopped.code).toBe(130);
    expect(Date.now() - stopped.stoppedAt).toBeLessThan(3000);
    terminal.sandbox.faults.staleReadsMs = 0;
    expect((await terminal.run(['run'])).code).toBe(0);
    expectSettled(terminal, old, await terminal.entries());
  });

  test.for(['plan', 'run'])('%s, while it lists', async (command, { terminal }) => {
    terminal.sandbox.faults.add({ when: { route: 'conversations.list' }, then: { latencyMs: 200 } });
    const child = terminal.start([command]);
    await until(() => terminal.sandbox.journal.count({ route: 'conversations.list' }) === 2);
    const stopped = await stop(child, 'SIGTERM');
    expect(stopped.code).toBe(130);
    expect(Date.now() - stopped.stoppedAt).toBeLessThan(3000);
    expect(terminal.deleteCount()).toBe(0);
  });

  test('between several policies: those that have not begun are left for the next time, exit 130', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY.replace('by-age', 'zz-second'), 'zz');
    slowDeletes(terminal, 100);
    const child = terminal.start(['run', '--json']);
    await until(() => terminal.deleteCount() >= 1);
    const stopped = await stop(child, 'SIGTERM');
    expect(stopped.code).toBe(130);
    expect(runsOf(stopped)).toMatchObject([{ policy: 'by-age', status: 'interrupted' }]);
  });
});

describe.concurrent('SIGKILL', () => {
  const BRIEF = { RETENTION_LEASE: '1s' };

  /** Starts a run as soon as the lease of the killed one has lapsed, and kills it when `isTime` says so. */
  async function runAndKill(terminal: Terminal, isTime: () => boolean): Promise<void> {
    for (;;) {
      const child = terminal.start(['run'], BRIEF);
      const ended = child.ended.then(({ code }) => code);
      const outcome = await Promise.race([until(isTime).then(() => 'time' as const), ended]);
      if (outcome === 'time') {
        child.kill('SIGKILL');
        expect(await ended).toBeUndefined();
        return;
      }
      expect(outcome).toBe(7);
    }
  }

  async function runWhenFree(terminal: Terminal): Promise<Ended> {
    for (;;) {
      const ended = await terminal.run(['run', '--json'], BRIEF);
      if (ended.code !== 7) return ended;
    }
  }

  test.for([1, 6, 30])(
    'after %i DELETEs, again while recovering and again later: all is settled in the end',
    async (count, { terminal, old }) => {
      const { journal } = terminal.sandbox;
      slowDeletes(terminal, 15);
      await runAndKill(terminal, () => terminal.deleteCount() >= count);
      await terminal.assertSound();
      const looked = journal.count({ route: 'messages.list' });
      await runAndKill(terminal, () => journal.count({ route: 'messages.list' }) > looked);
      const before = terminal.deleteCount();
      await runAndKill(terminal, () => terminal.deleteCount() >= before + 3);
      await terminal.assertSound();

      const last = await runWhenFree(terminal);
      expect(last.code).toBe(0);
      expectSettled(
        terminal,
        old,
        (await terminal.entries()).filter(({ event }) => event !== 'deletion.failed'),
      );
      expectNoBlindDelete(terminal);
      const statuses = runsOf(await terminal.run(['runs', '--json'])).map(({ status }) => status);
      expect(statuses).toEqual(['completed', 'interrupted', 'interrupted', 'interrupted']);
    },
  );
});
