import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtCommand } from './built-command.ts';
import { forkSandbox } from './sandbox.ts';

const POLICY = `version: 1
name: half
projects: { include: ["*"] }
rules:
  - { name: old, match: { older_than: 1y }, action: delete }
  - { name: rest, match: { name: "no such name", older_than: 1d }, action: delete }
`;

/**
 * Peak resident memory (MiB) of the built command planning this many conversations, read from the kernel's own high-water mark.
 * Linux only.
 */
export async function planningPeak(
  conversations: number,
): Promise<{ readonly mib: number; readonly seconds: number }> {
  const sandbox = await forkSandbox({ conversations, latencyMs: 0, spanDays: 700 });
  const startedAt = performance.now();
  let mib = 0;
  await builtCommand(sandbox, 'plan', {
    policy: POLICY,
    keep: 'nothing',
    async whileRunning(pid, ended) {
      const over = ended.then(() => true);
      do mib = Math.max(mib, peakOf(pid));
      while (!(await Promise.race([over, sleep(20, false)])));
    },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  await sandbox.stop();
  return { mib, seconds };
}

function peakOf(pid: number): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
