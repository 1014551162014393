import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { AuditFacts } from '../src/core/audit-entry.ts';
import { createDecider } from '../src/core/decide.ts';
import type { Duration } from '../src/core/duration.ts';
import { HoldIndex, NO_HOLDS, type Hold } from '../src/core/hold.ts';
import type { Limits, Rule } from '../src/core/policy.ts';
import type { Store } from '../src/core/ports/store.ts';
import type { Clock } from '../src/core/ports/surroundings.ts';
import type { Selector } from '../src/core/selector.ts';
import { parseConversationRow } from '../src/customgpt/rows.ts';
import { openState } from '../test/support/state.ts';

/* Questions to a state that has a long history: how long they take, and for how long nothing else can go on meanwhile. */

const PROJECTS = 1_000;
const RUN_SIZE = 20_000;
const HOLDS = 5_000;

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: () => Promise.resolve(),
};

export interface Asked {
  readonly question: string;
  readonly ms: number;
  /** The longest time for which the event loop stood still. */
  readonly blockedMs: number;
}

export interface LongHistory {
  readonly asked: readonly Asked[];
  /** The sizes of 1,000 projects behind 20,000 deletions, against one grouped query in bare SQL. */
  readonly populationsRatio: number;
  /** The holds in force once more, against the first time they are read and compared with the log. */
  readonly holdsAgainRatio: number;
}

/** A state with so many audit entries, of runs of 20,000 deletions in 1,000 projects, under 5,000 holds. */
export async function longHistory(entries: number): Promise<LongHistory> {
  const stateDir = mkdtempSync(join(tmpdir(), 'retention-bench-'));
  try {
    let store = await openState(stateDir, { clock });
    const deletions = Math.ceil(entries / 3);
    await write(store, deletions);
    await store.close();
    store = await openState(stateDir, { clock });
    const asked: Asked[] = [];
    const lastRun = `run-${Math.floor((deletions - 1) / RUN_SIZE)}`;
    for (const [question, ask] of questionsTo(store, lastRun))
      asked.push({ question, ...(await measured(ask)) });
    const msOf = (question: string): number => asked.find((one) => one.question === question)?.ms ?? NaN;
    const ratios: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const { ms } = await measured(() => store.populations.knownPopulations('late'));
      ratios.push(ms / groupedInBareSql(join(stateDir, 'retention.db')));
    }
    await store.close();
    return {
      asked,
      populationsRatio: ratios.sort((a, b) => a - b)[3] ?? NaN,
      holdsAgainRatio: msOf('holds in force, once more') / msOf('holds in force'),
    };
  } finally {
    rmSync(stateDir, { recursive: true });
  }
}

function questionsTo(
  { audit, ...store }: Store,
  lastRun: string,
): readonly (readonly [string, () => Promise<unknown>])[] {
  const run = 'run-0';
  return [
    ['holds in force', () => store.holds.holdsInForce(clock.now())],
    ['holds in force, once more', () => store.holds.holdsInForce(clock.now())],
    ['sizes of projects, behind 20,000 deletions', () => store.populations.knownPopulations('late')],
    ['sizes of projects, behind all deletions', () => store.populations.knownPopulations('early')],
    ['outcomes of a run', () => audit.outcomes(run)],
    ['entries of a run', () => drain(audit.entries({ runId: run }))],
    ['open intents', () => audit.openIntents()],
    ['open intents, how many', () => audit.openIntentCount('purge', run)],
    ['answers that ended nothing', () => audit.undoneAnswers()],
    ['what a policy intended lately', () => audit.intendedInRunsSince('purge', 0)],
    ['what others intended in a project', () => audit.intendedByOthers(1, lastRun)],
    ['when one was verified', () => audit.lastVerifiedAt(1, 'session-0001')],
    ['verified ones of a project', () => drain(audit.verifiedSessions(1))],
    ['projects on record', () => store.accounts.projectsOnRecord()],
  ];
}

async function write(store: Store, deletions: number): Promise<void> {
  const populations = Array.from({ length: PROJECTS }, (_, index) => ({ projectId: index + 1, count: 1000 }));
  await store.populations.recordPopulations('early', populations);
  for (let index = 0; index < HOLDS; index += 1) await store.holds.addHold({ ...holdAt(index), ...WHY });
  for (let start = 0; start < deletions; start += 500) {
    const left = deletions - start;
    if (left <= RUN_SIZE && left > RUN_SIZE - 500)
      await store.populations.recordPopulations('late', populations);
    const runId = `run-${Math.floor(start / RUN_SIZE)}`;
    const ways = Array.from({ length: 500 }, (_, index) => wayOf(start + index, runId));
    await store.audit.append(ways.map(([intended]) => intended));
    await store.audit.append(ways.flatMap(([, ...rest]) => rest));
  }
}

const LIMITS: Limits = {
  ...{ maxDeletions: 1, maxPercent: 1, percentAppliesFrom: 1, maxPerDay: 1, maxPerWeek: 1 },
  ...{ whenExceeded: 'refuse', minAge: { amount: 1, unit: 'h' } },
};
const WHY = { reason: 'suit', by: 'legal', addedAt: 1 };

function holdAt(index: number): Hold {
  return {
    holdId: `hold-${index}`,
    projectId: 1 + (index % PROJECTS),
    sessionId: `0b1e6f0c-5f0e-4f65-9a52-${String(index).padStart(12, '0')}`,
    matter: 'M-17',
    untilAt: undefined,
  };
}

/** What one deletion leaves in the log. */
function wayOf(index: number, runId: string): readonly [AuditFacts, AuditFacts, AuditFacts] {
  const common = {
    ...{ run_id: runId, policy: 'purge', policy_hash: 'ab'.repeat(32), rule: 'old' },
    project_id: 1 + (index % PROJECTS),
    session_id: `9fc085fb-5dd6-42f6-8d90-${String(index).padStart(12, '0')}`,
  };
  const seen = { seen_at: '2026-11-23T03:56:07.665Z', seen_by: 'listing' };
  const asked = {
    attempts: 1,
    requested_at: '2026-11-23T03:56:07.899Z',
    delete_status: 200,
    verify_status: 404,
  };
  return [
    { ...common, event: 'deletion.intended', facts: { attempt: 1, ...seen, plan_id: 'plan-9kf632x29kpy' } },
    { ...common, event: 'deletion.absent', facts: { ...asked, ...seen } },
    { ...common, event: 'deletion.verified', facts: { ...asked, ...seen, answer: 'accepted' } },
  ];
}

async function measured(work: () => Promise<unknown>): Promise<Pick<Asked, 'ms' | 'blockedMs'>> {
  const watch = { isOver: false, blockedMs: 0 };
  const watching = longestTurn(watch);
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  watch.isOver = true;
  await watching;
  return { ms, blockedMs: watch.blockedMs };
}

/** By the clock, and by processor time where that is less: what other programs hold up is not the question's fault. */
async function longestTurn(watch: { isOver: boolean; blockedMs: number }): Promise<void> {
  for (let last = performance.now(), used = process.cpuUsage(); !watch.isOver;) {
    await nextTurn();
    const now = performance.now();
    const { user, system } = process.cpuUsage(used);
    watch.blockedMs = Math.max(watch.blockedMs, Math.min(now - last, (user + system) / 1000));
    last = now;
    used = process.cpuUsage();
  }
}

async function drain(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const item of items) if (item !== undefined) count += 1;
  return count;
}

function groupedInBareSql(path: string): number {
  const database = new Database(path, { readonly: true });
  try {
    const startedAt = performance.now();
    database
      .prepare(
        `SELECT project_id, COUNT(DISTINCT session_id) FROM audit_entries
          WHERE event = 'deletion.intended' AND seq > (SELECT MAX(audit_seq) FROM populations) GROUP BY project_id`,
      )
      .all();
    return performance.now() - startedAt;
  } finally {
    database.close();
  }
}

/** How much longer it takes to read and decide rows of lists under 5,000 holds on conversations than under none. */
export function heldDecisionsRatio(decisions: number): number {
  const holds = new HoldIndex(Array.from({ length: HOLDS }, (_, index) => holdAt(index)));
  const best = { held: Infinity, free: Infinity };
  for (let round = 0; round < 5; round += 1) {
    best.free = Math.min(best.free, decideMs(decisions, { holds: NO_HOLDS }));
    best.held = Math.min(best.held, decideMs(decisions, { holds }));
  }
  return best.held / best.free;
}

/** How much longer it takes to read and decide rows by a rule of calendar months than by one of days. */
export function monthDecisionsRatio(decisions: number): number {
  const best = { months: Infinity, days: Infinity };
  for (let round = 0; round < 5; round += 1) {
    best.days = Math.min(best.days, decideMs(decisions, {}));
    best.months = Math.min(best.months, decideMs(decisions, { duration: { amount: 3, unit: 'mo' } }));
  }
  return best.months / best.days;
}

function decideMs(
  decisions: number,
  {
    holds = NO_HOLDS,
    duration = { amount: 90, unit: 'd' },
  }: { readonly holds?: HoldIndex; readonly duration?: Duration },
): number {
  const now = Date.UTC(2026, 10, 27);
  const older: Selector = { kind: 'older_than', duration, clock: 'created' };
  const rules: readonly Rule[] = [{ name: 'old', action: 'delete', selector: older, binds: 'every_policy' }];
  const decider = createDecider({ rules, limits: LIMITS }, holds, now);
  const page = JSON.stringify(
    Array.from({ length: 100 }, (_, index) => {
      const created_at = new Date(now - index * 86_400_000).toISOString();
      const session_id = `9fc085fb-5dd6-42f6-8d90-${String(index).padStart(12, '0')}`;
      return {
        id: index,
        created_at,
        updated_at: created_at,
        session_id,
        project_id: 1,
        created_by: null,
        name: 'chat',
      };
    }),
  );
  const startedAt = performance.now();
  for (let decided = 0; decided < decisions;) {
    for (const row of JSON.parse(page) as readonly unknown[]) {
      const read = parseConversationRow(row, 1);
      if (read.kind === 'conversation') decider.decide(read, { state: 'unread' });
      decided += 1;
    }
  }
  return performance.now() - startedAt;
}
