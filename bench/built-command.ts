import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BenchSandbox } from './sandbox.ts';

/**
 * Runs `customgpt-retention VERB POLICY --json` from `dist/`, without a pace, in a folder of its own; resolves with what
 * it printed. `whileRunning` is called with its process id.
 */
export async function builtCommand(
  sandbox: BenchSandbox,
  verb: 'plan' | 'run',
  { policy, keep, whileRunning }: CommandOptions,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'retention-bench-'));
  const file = join(folder, 'policy.yaml');
  writeFileSync(file, policy);
  const state = join(folder, 'state');
  const child = spawn(process.execPath, ['dist/main.js', verb, file, '--json', '--state-dir', state], {
    env: {
      ...process.env,
      CUSTOMGPT_BASE_URL: sandbox.url,
      CUSTOMGPT_API_KEY: sandbox.apiKey,
      RETENTION_REQUESTS_PER_MINUTE: 'unlimited',
    },
    // The log lines are written as they always are, and read by nobody.
    stdio: ['ignore', keep === 'nothing' ? 'ignore' : 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const printed = child.stdout === null ? Promise.resolve('') : text(child.stdout);
  await whileRunning?.(child.pid ?? 0, ended);
  const [code] = await ended;
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0) throw new Error(`${verb} ended with ${String(code)}`);
  return printed;
}

interface CommandOptions {
  /** YAML. */
  readonly policy: string;
  readonly keep: 'document' | 'nothing';
  readonly whileRunning?: (pid: number, ended: Promise<unknown>) => Promise<void>;
}
