import Database from 'better-sqlite3';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPolicies } from '../../src/config/policy-file.ts';
import type { AuditEntry } from '../../src/core/audit-entry.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { EntryObserver } from '../../src/core/ports/observer.ts';
import type { KeepSource } from '../../src/core/ports/policies.ts';
import type { Store } from '../../src/core/ports/store.ts';
import type { Chance, Log, Progress } from '../../src/core/ports/surroundings.ts';
import {
  createCustomGptClient,
  type CustomGptClient,
  type CustomGptClientOptions,
} from '../../src/customgpt/client.ts';
import { NO_OBSERVER } from '../../src/core/observers.ts';
import type { Run, RunDeps } from '../../src/run/context.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/server.ts';
import { openState } from './state.ts';
import { verifyChain } from './verify-chain.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';
import { HoldFiles } from '../../src/run/around/hold-files.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const DAY = 24 * 60 * 60 * 1000;

/** How the names of the sample conversations begin, so that they are found again where they must not be. */
export const SECRET_NAME = 'secret name';

export const silentProgress: Progress = {
  begin: () => undefined,
  enter: () => undefined,
  advance: () => undefined,
  end: () => undefined,
};

/** A folder with one policy. */
export const NO_OTHERS: KeepSource = { othersThan: () => Promise.resolve([]) };

/** Everything that was logged, as text, to be searched for what must not be there. */
export interface RecordedLog extends Log {
  readonly lines: readonly string[];
}

export function recordLog(): RecordedLog {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (facts: object, message: string): void => {
      lines.push(JSON.stringify({ level, message, ...facts }));
    };
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** Repeatable: the same seed, the same tokens. */
export function seededChance(seed = 1): Chance {
  let state = seed;
  const fraction = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const letter = (): string => 'abcdefghijklmnopqrstuvwxyz0123456789'[Math.floor(fraction() * 36)] ?? 'a';
  return { fraction, token: (length) => Array.from({ length }, letter).join('') };
}

export interface TestWorld {
  readonly sandbox: Sandbox;
  readonly clock: VirtualClock;
  readonly log: RecordedLog;
  readonly store: Store;
  readonly stateDir: string;
  readonly client: CustomGptClient;
  /** `progress`: for what plans without a run. */
  readonly deps: RunDeps & Pick<Run, 'progress'>;
  /** A policy from YAML, written to a file of its own. */
  policy(yaml: string): Promise<Policy>;
  entries(): Promise<readonly AuditEntry[]>;
  /**
   * What every test ends with: the log is whole, no DELETE went out without its durable intent, and neither the key nor
   * a name of the sample conversations is in what was logged.
   */
  assertSound(): Promise<void>;
  close(): Promise<void>;
}

/** A sandbox on a real socket, a real store in a new folder, and the real client, on one virtual clock. */
export async function createWorld(
  options: {
    readonly sandbox?: SandboxOptions;
    readonly deps?: Partial<RunDeps>;
    readonly rpm?: number;
    readonly client?: Pick<CustomGptClientOptions, 'timeouts'>;
    readonly onAppended?: EntryObserver;
  } = {},
): Promise<TestWorld> {
  const stateDir = mkdtempSync(join(tmpdir(), 'retention-test-'));
  const clock = createVirtualClock(NOW);
  const log = recordLog();
  const { onAppended } = options;
  const store = await openState(stateDir, { clock, ...(onAppended === undefined ? {} : { onAppended }) });
  const sandbox = await startSandbox({
    sample: 'empty',
    now: () => clock.now(),
    beforeDelete: intentCheck(stateDir),
    ...options.sandbox,
  });
  const chance = seededChance();
  const client = createCustomGptClient({
    baseUrl: sandbox.url,
    apiKey: { reveal: () => sandbox.apiKey },
    requestsPerMinute: options.rpm ?? 'unlimited',
    clock,
    chance,
    log,
    ...options.client,
  });
  const deps: TestWorld['deps'] = {
    openApi: (onRequest) => client.view(onRequest),
    store,
    holds: new HoldFiles({ store: store.holds, files: [], clock, chance, log }),
    keeps: NO_OTHERS,
    clock,
    chance,
    log,
    observer: NO_OBSERVER,
    progress: silentProgress,
    holder: 'test-worker',
    leaseMs: 60_000,
    verifyTimeoutMs: 60_000,
    requestsPerMinute: options.rpm ?? 'unlimited',
    timeZone: 'UTC',
    ...options.deps,
  };
  let files = 0;
  const entries = async (): Promise<readonly AuditEntry[]> => {
    const all: AuditEntry[] = [];
    for await (const entry of store.audit.entries()) all.push(entry);
    return all;
  };
  return {
    sandbox,
    clock,
    log,
    store,
    stateDir,
    client,
    deps,
    entries,
    async policy(yaml) {
      files += 1;
      const path = join(stateDir, `policy-${files}.yaml`);
      writeFileSync(path, yaml);
      const { policies, problems } = await readPolicies([path]);
      if (policies[0] === undefined) throw new Error(JSON.stringify(problems));
      return policies[0];
    },
    async assertSound() {
      const chain = await verifyChain(store.audit.entries(), await store.audit.head());
      if (!chain.ok) throw new Error(`audit log broken at ${chain.seq}: ${chain.problem}`);
      for (const { table, problem } of await store.derivedDifferences())
        throw new Error(`${table} ${problem}`);
      if (sandbox.violations.length > 0) throw new Error(sandbox.violations.join('\n'));
      if (sandbox.journal.count({ route: 'projects.delete' }) > 0) throw new Error('a project was deleted');
      const said = [...log.lines, ...(await entries()).map((entry) => JSON.stringify(entry))];
      const told = said.find((line) => line.includes(SECRET_NAME) || line.includes(sandbox.apiKey));
      if (told !== undefined) throw new Error(`a log line tells a secret: ${told}`);
    },
    async close() {
      await client.close();
      await sandbox.close();
      await store.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/**
 * What the sandbox asks before it answers a DELETE: is the last word of the log on this conversation an intent? Read
 * through a connection of its own, so that only what was committed counts.
 */
export function intentCheck(stateDir: string): (projectId: number, sessionId: string) => string | undefined {
  let database: Database.Database | undefined;
  return (projectId, sessionId) => {
    database ??= new Database(join(stateDir, 'retention.db'), { readonly: true });
    const last = database
      .prepare(
        `SELECT event FROM audit_entries WHERE project_id = ? AND session_id = ? AND event LIKE 'deletion.%'
         ORDER BY seq DESC LIMIT 1`,
      )
      .pluck()
      .get(projectId, sessionId);
    return last === 'deletion.intended' ? undefined : `DELETE of ${sessionId} with last word ${String(last)}`;
  };
}
