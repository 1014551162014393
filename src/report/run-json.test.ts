import { describe, expect, it } from 'vitest';
import { NO_FINDINGS } from '../core/findings.ts';
import { NO_OUTCOMES } from '../core/outcome.ts';
import type { PlanItem, PlanSummary } from '../core/plan.ts';
import type { RunRecord } from '../core/run.ts';
import type { Breach } from '../core/limits.ts';
import { decisionJson, planJson, plansJsonText, runsJson } from './run-json.ts';

const AT = Date.parse('2026-05-04T03:30:00.214Z');

const RUN: RunRecord = {
  runId: 'run-1',
  policy: 'support-chats',
  policyHash: 'a'.repeat(64),
  mode: 'enforce',
  trigger: 'catch-up',
  slotAt: undefined,
  planId: 'plan-1',
  status: 'completed',
  startedAt: AT,
  endedAt: AT + 1000,
  requests: { list: 1, messages: 2, calibrate: 0, delete: 3, verify: 4, control: 5, account: 6 },
  auditHead: 'c'.repeat(64),
  problem: undefined,
  warnings: [],
  asBefore: 0,
};

const COUNTS = {
  ...NO_OUTCOMES,
  listed: 9,
  kept: 4,
  held: 1,
  unknown: 1,
  planned: 3,
  verified: 3,
  deferred: 0,
};

const PLAN: PlanSummary = {
  planId: 'plan-1',
  policy: 'support-chats',
  policyHash: 'a'.repeat(64),
  account: 'https://app.customgpt.ai team:7',
  policyPath: '/policies/support.yaml',
  mode: 'dry-run',
  decidedAt: AT,
  expiresAt: AT + 1,
  status: 'open',
  projects: [
    { projectId: 1, listed: 5, total: 9, kept: 2, held: 1, unknown: 1, planned: 1, incomplete: undefined },
    { projectId: 2, listed: 3, total: 3, kept: 3, held: 0, unknown: 0, planned: 0, incomplete: undefined },
  ],
  findings: NO_FINDINGS,
  requestsUsed: 2,
  fingerprint: 'b'.repeat(64),
  fileHash: undefined,
  deferred: 0,
};

const ITEM: PlanItem = {
  ordinal: 1,
  projectId: 1,
  sessionId: 'session-0001',
  seen: { name: 'a "name"\n', createdAt: 1, updatedAt: 2, createdBy: '4711' },
  seenAt: AT,
  verdict: 'delete',
  rule: 'idle',
  reason: 'rule idle matches',
  ageDays: 91,
  lastMessageAt: undefined,
  lastMessageReadAt: undefined,
};

const ESTIMATE = { requests: 5, seconds: 6 };
const COST = { ...ESTIMATE, requestsPerMinute: 60 } as const;

async function* stream(items: readonly PlanItem[]): AsyncGenerator<PlanItem> {
  for (const item of items) yield await Promise.resolve(item);
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

describe('runsJson', () => {
  it('has the keys of the contract, in its order', () => {
    const { runs } = runsJson([{ run: RUN, counts: COUNTS }]);
    expect(runs).toEqual([
      {
        run_id: 'run-1',
        policy: 'support-chats',
        mode: 'enforce',
        trigger: 'catch-up',
        status: 'completed',
        counts: COUNTS,
        requests: RUN.requests,
        plan_id: 'plan-1',
        started_at: '2026-05-04T03:30:00.214Z',
        ended_at: '2026-05-04T03:30:01.214Z',
        audit_head: 'c'.repeat(64),
        warnings: [],
        as_before: 0,
        as_before_since: null,
        runs_remaining: null,
      },
    ]);
    expect(Object.keys(runs[0]?.counts ?? {}).join(' ')).toBe(
      'listed kept held unknown planned verified already_gone unverified failed skipped deferred',
    );
  });

  it('says null for what is absent', () => {
    const run = { ...RUN, planId: undefined, endedAt: undefined, requests: undefined, auditHead: undefined };
    const { runs } = runsJson([{ run, counts: COUNTS }]);
    expect(runs[0]).toMatchObject({ plan_id: null, ended_at: null, requests: null, audit_head: null });
  });
});

describe('plan JSON', () => {
  it('adds the projects up', () => {
    const breaches: Breach[] = [{ limit: 'max_deletions', wanted: 3, allowed: 2, projectId: undefined }];
    expect(planJson({ plan: PLAN, cost: COST, breaches })).toEqual({
      plan_id: 'plan-1',
      policy: 'support-chats',
      policy_hash: 'a'.repeat(64),
      counts: { listed: 8, kept: 5, held: 1, unknown: 1, planned: 1, deferred: 0 },
      estimate: ESTIMATE,
      refused_by: [{ kind: 'limit', limit: 'max_deletions', wanted: 3, allowed: 2, project_id: null }],
      protections: [],
      warnings: [],
      native_retention: [],
      incomplete: PLAN.projects
        .filter(({ incomplete }) => incomplete !== undefined)
        .map(({ projectId, incomplete }) => ({ project_id: projectId, reason: incomplete })),
    });
  });

  it('says null for a cost that is not known', () => {
    expect(planJson({ plan: PLAN, cost: undefined, breaches: [] }).estimate).toBeNull();
  });

  it('names a conversation, and says null where there is no name', () => {
    expect(decisionJson(ITEM)).toEqual({
      project_id: 1,
      session_id: 'session-0001',
      name: 'a "name"\n',
      verdict: 'delete',
      rule: 'idle',
      reason: 'rule idle matches',
      age_days: 91,
    });
    const nameless = { ...ITEM, seen: { ...ITEM.seen, name: undefined } };
    expect(decisionJson(nameless).name).toBeNull();
  });

  it.each([0, 1, 2])('writes %i plans as one document', async (count) => {
    const plans = Array.from({ length: count }, (_, index) => ({
      plan: PLAN,
      cost: COST,
      breaches: [],
      items: stream(index === 0 ? [ITEM, ITEM] : []),
    }));
    const decisions = [decisionJson(ITEM), decisionJson(ITEM)];
    const wanted = plans.map((_, index) => ({
      ...planJson({ plan: PLAN, cost: COST, breaches: [] }),
      decisions: index === 0 ? decisions : [],
    }));
    const text = await textOf(plansJsonText(plans));
    expect(JSON.parse(text)).toEqual({ plans: wanted });
    expect(text.endsWith('\n')).toBe(true);
  });
});
