import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { forkSandbox } from './sandbox.ts';

/**
 * Peak resident memory (MiB) of the built command planning this many conversations, read from the kernel's own high-water mark.
 * Linux only.
 */
export async function planningPeak(
  conversations: number,
): Promise<{ readonly mib: number; readonly seconds: number }> {
  const sandbox = await forkSandbox({ conversations, latencyMs: 0, spanDays: 700 });
  const folder = mkdtempSync(join(tmpdir(), 'retention-bench-'));
  const policy = join(folder, 'half.yaml');
  writeFileSync(
    policy,
    'version: 1\nname: half\nprojects: { include: ["*"] }\nrules:\n  - { name: old, match: { older_than: 1y }, action: delete }\n  - { name: rest, match: { name: "no such name", older_than: 1d }, action: delete }\n',
  );
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    ['dist/main.js', 'plan', policy, '--json', '--state-dir', join(folder, 'state')],
    {
      env: {
        ...process.env,
        CUSTOMGPT_BASE_URL: sandbox.url,
        CUSTOMGPT_API_KEY: sandbox.apiKey,
        RETENTION_REQUESTS_PER_MINUTE: 'unlimited',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  let mib = 0;
  while (child.exitCode === null) {
    mib = Math.max(mib, peakOf(child.pid ?? 0));
    await Promise.race([ended, sleep(20)]);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
  if (child.exitCode !== 0) throw new Error(`plan ended with ${child.exitCode}`);
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
