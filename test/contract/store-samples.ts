import type { AuditEvent, AuditFacts } from '../../src/core/audit-entry.ts';
import type { PlanFindings } from '../../src/core/findings.ts';
import type { PlanHeader, PlanItem, PlanProject } from '../../src/core/plan.ts';
import type { Store } from '../../src/core/ports/store.ts';
import type { Clock } from '../../src/core/ports/surroundings.ts';
import type { RunRecord } from '../../src/core/run.ts';

/** The store of the test that is running, and how to restart it. */
export interface Suite {
  readonly store: () => Store;
  readonly clock: () => ManualClock;
  readonly reopen: () => Promise<Store>;
}

export interface ManualClock extends Clock {
  set(at: number): void;
}

export const NOON = Date.UTC(2026, 10, 23, 12);
export const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;

export function manualClock(at = NOON): ManualClock {
  let now = at;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms) => {
      now += ms;
      return Promise.resolve();
    },
    set: (next) => {
      now = next;
    },
  };
}

export function facts(event: AuditEvent, change: Partial<AuditFacts> = {}): AuditFacts {
  return {
    event,
    run_id: 'run-1',
    policy: 'support-chats',
    policy_hash: 'ab'.repeat(32),
    rule: 'idle',
    project_id: 42,
    session_id: 'session-0001',
    facts: {},
    ...change,
  };
}

export function header(planId: string, change: Partial<PlanHeader> = {}): PlanHeader {
  return {
    planId,
    policy: 'support-chats',
    policyHash: 'ab'.repeat(32),
    account: 'https://app.customgpt.ai team:7',
    policyPath: '/etc/policies/support-chats.yaml',
    mode: 'enforce',
    decidedAt: NOON,
    expiresAt: NOON + DAY_MS,
    ...change,
  };
}

export function item(ordinal: number, change: Partial<PlanItem> = {}): PlanItem {
  return {
    ordinal,
    projectId: 42,
    sessionId: `session-${String(ordinal).padStart(8, '0')}`,
    verdict: 'delete',
    rule: 'idle',
    reason: 'last message 120 days ago',
    ageDays: 120,
    seen: { name: `Chat ${ordinal}`, createdAt: NOON - DAY_MS, updatedAt: NOON, createdBy: '1234' },
    seenAt: NOON,
    lastMessageAt: NOON - 5,
    lastMessageReadAt: NOON - 3,
    deferred: undefined,
    failedBefore: undefined,
    ...change,
  };
}

export const PROJECT: PlanProject = {
  projectId: 42,
  listed: 3,
  total: 4,
  kept: 1,
  held: 0,
  unknown: 1,
  planned: 1,
  incomplete: undefined,
};
export const FINDINGS: PlanFindings = {
  protections: [{ kind: 'rule', name: 'vip', matched: 2, before: 1 }],
  warnings: ['keep rule vip matched nothing'],
  stops: [{ kind: 'exclusion', why: 'lost', entry: 'Legal*', projectId: 42 }],
  protectedIn: [42],
  ages: [{ fromDays: 90, delete: 1, keep: 0, held: 2, unknown: 0 }],
};
export const DONE = { projects: [PROJECT], requestsUsed: 7, findings: FINDINGS };

export const RUN: RunRecord = {
  runId: 'run-1',
  policy: 'support-chats',
  policyHash: 'ab'.repeat(32),
  mode: 'enforce',
  trigger: 'schedule',
  slotAt: NOON - MINUTE_MS,
  planId: undefined,
  status: 'running',
  startedAt: NOON,
  endedAt: undefined,
  requests: undefined,
  auditHead: undefined,
  problem: undefined,
  warnings: [],
  asBefore: 0,
  endedAs: undefined,
  alikeSince: undefined,
  runsRemaining: undefined,
};

export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** Kind of the error that a promise rejects with. */
export async function fault(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error && 'kind' in error ? String(error.kind) : 'not one of ours';
  }
  return 'none';
}
