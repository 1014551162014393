import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditFacts } from '../src/core/audit-entry.ts';
import { openSqliteStore } from '../src/store/sqlite-store.ts';
import type { Store } from '../src/core/ports.ts';

const PROJECTS = 1_000;
const RUN_SIZE = 20_000;

const clock = { now: () => Date.now(), monotonic: () => performance.now(), sleep: () => Promise.resolve() };

/** Each deletion leaves three entries; each run of 20,000 belongs to one of three policies. */
async function writeHistory(store: Store, deletions: number): Promise<void> {
  for (let start = 0; start < deletions; start += 500) {
    const runId = `run-${Math.floor(start / RUN_SIZE)}`;
    const entries = Array.from({ length: 500 }, (_, index) => deletion(start + index, runId));
    await store.audit.append(entries.map(([intended]) => intended));
    await store.audit.append(entries.flatMap(([, ...rest]) => rest));
  }
}
function deletion(index: number, runId: string): readonly [AuditFacts, AuditFacts, AuditFacts] {
  const common = {
    run_id: runId,
    policy: 'purge',
    policy_hash: 'ab'.repeat(32),
    rule: 'old',
    project_id: 1 + (index % PROJECTS),
    session_id: `9fc085fb-5dd6-42f6-8d90-${String(index).padStart(12, '0')}`,
  };
  const seen = { seen_at: '2026-11-23T03:56:07.665Z', seen_by: 'listing' };
  const asked = { attempts: 1, requested_at: '2026-11-23T03:56:07.899Z', delete_status: 200, ...seen };
  return [
    { ...common, event: 'deletion.intended', facts: { attempt: 1, ...seen, plan_id: 'plan-9kf632x29kpy' } },
    { ...common, event: 'deletion.absent', facts: { ...asked, verify_status: 404 } },
    {
      ...common,
      event: 'deletion.verified',
      facts: { ...asked, verify_status: 404, verified_at: '2026-11-23T03:56:07.903Z' },
    },
  ];
}

async function measured(work: () => Promise<unknown>): Promise<{ seconds: number; blockedMs: number }> {
  let blockedMs = 0;
  let over = false;
  const watch = (async () => {
    let last = performance.now();
    while (!over) {
      await nextTurn();
      const now = performance.now();
      blockedMs = Math.max(blockedMs, now - last);
      last = now;
    }
  })();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  over = true;
  await watch;
  return { seconds, blockedMs };
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) void item;
}

const deletions = Number(process.argv[2] ?? 20000);
const stateDir = mkdtempSync(join(tmpdir(), 'retention-bench-'));
try {
  let store = await openSqliteStore({ stateDir, clock });
  await store.recordPopulations(
    'purge',
    Array.from({ length: PROJECTS }, (_, i) => ({ projectId: i + 1, count: 1000 })),
  );
  let t = performance.now();
  await writeHistory(store, deletions);
  console.log('written', ((performance.now() - t) / 1000).toFixed(1));
  await store.close();
  t = performance.now();
  store = await openSqliteStore({ stateDir, clock });
  console.log('open', (performance.now() - t).toFixed(0), 'ms');
  const questions: Record<string, () => Promise<unknown>> = {
    knownPopulations: () => store.knownPopulations('purge'),
    openIntents: () => store.audit.openIntents(),
    openIntentCount: () => store.audit.openIntentCount('purge', 'run-0'),
    undoneAnswers: () => store.audit.undoneAnswers(),
    outcomes: () => store.audit.outcomes('run-0'),
    lastIntendedAt: () => store.audit.lastIntendedAt('purge'),
    intendedInRunsSince: () => store.audit.intendedInRunsSince('purge', 0),
    lastVerifiedAt: () => store.audit.lastVerifiedAt(1, 'x'),
    deletesUnderWay: () => store.audit.deletesUnderWay(1, { thanRunId: 'x', now: Date.now() }),
    verifiedSessions: () => drain(store.audit.verifiedSessions(1)),
    entriesOfRun: () => drain(store.audit.entries({ runId: 'run-0' })),
    accountBindings: () => store.accountBindings(),
    projectsOnRecord: () => store.projectsOnRecord(),
    holdsInForce: () => store.holdsInForce(Date.now()),
    derived: () => store.derivedDifferences(),
  };
  for (const [name, ask] of Object.entries(questions)) {
    const { seconds, blockedMs } = await measured(ask);
    console.log(
      name.padEnd(22),
      (seconds * 1000).toFixed(1).padStart(9),
      'ms',
      blockedMs.toFixed(1).padStart(9),
      'blocked',
    );
  }
  await store.close();
} finally {
  rmSync(stateDir, { recursive: true });
}
