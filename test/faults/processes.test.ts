import { expect } from 'vitest';
import { addConversations, until } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';

const OLD = 40;
const BRIEF = { RETENTION_LEASE: '1s' };

test(
  'the holder of the lease, stopped past it and woken, sends no further DELETE and exits 7',
  { timeout: 60_000 },
  async ({ terminal }) => {
    terminal.policy(`${AGE_POLICY}concurrency: 2\n`);
    addConversations(terminal.sandbox, 101, { old: OLD, young: 3 });
    terminal.sandbox.faults.add({ when: { method: 'DELETE' }, then: { latencyMs: 60 } });
    const first = terminal.start(['run'], BRIEF);
    await until(() => terminal.deleteCount() >= 5);
    first.kill('SIGSTOP');

    // Whoever comes while the lease lasts gives way; then one works.
    let second = await terminal.run(['run'], BRIEF);
    while (second.code === 7 || second.code === 6) {
      // Stopped while it wrote, it keeps everybody from the file: woken now, it is past its lease all the same.
      if (second.code === 6) first.kill('SIGCONT');
      second = await terminal.run(['run'], BRIEF);
    }
    expect(second.code).toBe(0);
    expect(terminal.sandbox.accounts.count(101)).toBe(3);
    const sent = terminal.deleteCount();
    expect(sent).toBe(OLD);

    first.kill('SIGCONT');
    const woken = await first.ended;
    expect(woken.code).toBe(7);
    expectPlainWords(woken, /lease|another worker/);
    expect(terminal.deleteCount()).toBe(sent);
    const verified = await terminal.entries('deletion.verified');
    expect(new Set(verified.map((entry) => entry.session_id)).size).toBe(OLD);
    expect(verified).toHaveLength(OLD);
  },
);
