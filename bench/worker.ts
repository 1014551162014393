import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemChance, systemClock } from '../src/cli/surroundings.ts';
import { readPolicies } from '../src/config/policy-file.ts';
import { createCustomGptClient } from '../src/customgpt/client.ts';
import { runPolicy } from '../src/run/run-policy.ts';
import { openSqliteStore } from '../src/store/sqlite-store.ts';
import type { BenchSandbox, Timed } from './sandbox.ts';

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The whole job as `run` does it, with a state directory on the disk. */
export async function workerRun(sandbox: BenchSandbox, concurrency: number): Promise<Timed> {
  const stateDir = mkdtempSync(join(tmpdir(), 'retention-bench-'));
  const path = join(stateDir, 'purge.yaml');
  writeFileSync(
    path,
    `version: 1
name: purge
mode: enforce
projects: { include: ["*"] }
rules:
  - { name: old, match: { older_than: 1d }, action: delete }
limits: { max_deletions: 1000000, max_percent: 100, min_age: 1h }
concurrency: ${concurrency}
`,
  );
  const { policies, problems } = await readPolicies([path]);
  const [policy] = policies;
  if (policy === undefined) throw new Error(JSON.stringify(problems));
  const store = await openSqliteStore({ stateDir, clock: systemClock });
  const client = createCustomGptClient({
    baseUrl: sandbox.url,
    apiKey: { reveal: () => sandbox.apiKey },
    requestsPerMinute: 'unlimited',
    clock: systemClock,
    chance: systemChance,
    log: quiet,
  });
  const signal = new AbortController().signal;
  try {
    const startedAt = performance.now();
    const { counts } = await runPolicy(
      {
        openApi: () => client.view(),
        store,
        clock: systemClock,
        chance: systemChance,
        log: quiet,
        progress: { begin: () => undefined, advance: () => undefined, end: () => undefined },
        holder: 'bench',
        leaseMs: 60_000,
        verifyTimeoutMs: 60_000,
        holds: () => Promise.resolve([]),
      },
      { policy, trigger: 'manual', signals: { stop: signal, abandon: signal } },
    );
    return { deleted: counts.verified, seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    await client.close();
    await store.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
}
