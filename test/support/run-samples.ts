import type { AuditEntry, AuditEvent, Fact } from '../../src/core/audit-entry.ts';
import { NO_FINDINGS } from '../../src/core/findings.ts';
import { formatInstant } from '../../src/core/instant.ts';
import { LastOutcomes } from '../../src/core/last-outcomes.ts';
import type { PlanItem, PlanProject, PlanSummary } from '../../src/core/plan.ts';
import { runCountsOf, type RunRecord } from '../../src/core/run.ts';
import { deletionsIn } from '../../src/report/deletion-proof.ts';
import type { FinishedRun } from '../../src/report/run-outcome.ts';

/* Runs as reports get them: a plan, its items, and the entries of the log. */

export const AT = Date.parse('2026-05-04T23:59:50.000Z');
export const HEAD = 'c'.repeat(64);

export const RUN: RunRecord = {
  runId: 'run-4k2m9x7q1bzd',
  policy: 'support-chats',
  policyHash: 'a'.repeat(64),
  mode: 'enforce',
  trigger: 'schedule',
  slotAt: AT - 214,
  planId: 'plan-8h3v5t0c2wqa',
  status: 'completed',
  startedAt: AT,
  endedAt: AT + 65_000,
  requests: { list: 2, messages: 0, calibrate: 0, delete: 2, verify: 3, control: 1, account: 0 },
  auditHead: HEAD,
  problem: undefined,
  warnings: [],
  asBefore: 0,
};

export const CONTROL = {
  request: 'GET /api/v1/projects/7/conversations?page=1',
  status: 200,
  at: formatInstant(AT + 3_000),
};
export const PROOF = {
  attempts: 1,
  requested_at: formatInstant(AT + 1_000),
  delete_status: 200,
  verify_status: 404,
  verified_at: formatInstant(AT + 11_512),
  control: CONTROL,
  evidence: 2,
};

export interface Sample {
  readonly planned?: number;
  readonly run?: Partial<RunRecord>;
  readonly events?: readonly (readonly [AuditEvent, string | null, { readonly [key: string]: Fact }])[];
  readonly projects?: readonly PlanProject[];
  readonly others?: readonly Partial<PlanItem>[];
}

export const idOf = (index: number): string => `f3b1c2d4-0000-4000-8000-${String(index).padStart(12, '0')}`;

export const verified = (index: number): readonly [AuditEvent, string, { readonly [key: string]: Fact }] => [
  'deletion.verified',
  idOf(index),
  PROOF,
];

function itemOf(index: number, change: Partial<PlanItem> = {}): PlanItem {
  return {
    ordinal: index,
    projectId: 7,
    sessionId: idOf(index),
    seen: { name: 'Divorce of Ms Miller', createdAt: AT, updatedAt: AT, createdBy: 'user-4711' },
    seenAt: AT,
    verdict: 'delete',
    rule: 'idle',
    reason: 'rule idle matches',
    ageDays: 91,
    lastMessageAt: undefined,
    lastMessageReadAt: undefined,
    ...change,
  };
}

export interface SampledRun extends FinishedRun {
  readonly items: readonly PlanItem[];
  /** The run's entries, oldest first. */
  readonly entries: readonly AuditEntry[];
}

export function sample({ planned = 2, run = {}, events, projects, others = [] }: Sample = {}): SampledRun {
  const entries = (events ?? [verified(1), verified(2)]).map(
    ([event, sessionId, facts], index): AuditEntry => ({
      seq: index + 1,
      time: formatInstant(AT + index),
      event,
      run_id: RUN.runId,
      policy: RUN.policy,
      policy_hash: RUN.policyHash,
      rule: sessionId === null ? null : 'idle',
      project_id: 7,
      session_id: sessionId,
      ...facts,
      prev: '0'.repeat(64),
      hash: HEAD,
    }),
  );
  const project = { projectId: 7, listed: planned + 10, total: planned + 10, kept: 10, held: 0, unknown: 0 };
  const plan: PlanSummary = {
    planId: 'plan-8h3v5t0c2wqa',
    policy: RUN.policy,
    policyHash: RUN.policyHash,
    account: 'https://app.customgpt.ai team:7',
    policyPath: '/policies/support.yaml',
    mode: 'enforce',
    decidedAt: AT,
    expiresAt: AT,
    status: 'applied',
    projects: projects ?? [{ ...project, planned, incomplete: undefined }],
    findings: NO_FINDINGS,
    requestsUsed: 2,
    fingerprint: 'b'.repeat(64),
    fileHash: undefined,
    deferred: 0,
  };
  const last = new LastOutcomes();
  deletionsIn(entries).forEach(({ outcome }, index) => {
    last.take({ projectId: 1, sessionId: String(index) }, `deletion.${outcome}`, undefined);
  });
  return {
    run: { ...RUN, ...run },
    counts: runCountsOf(plan, last.outcomes().counts),
    plan,
    items: [
      ...Array.from({ length: planned }, (_, index) => itemOf(index + 1)),
      ...others.map((change, index) => itemOf(planned + index + 1, change)),
    ],
    entries,
  };
}

export const PARTIAL: Sample = {
  planned: 6,
  run: { status: 'partial' },
  events: [
    ['deletion.intended', idOf(1), { attempt: 1 }],
    verified(1),
    ['deletion.already_gone', idOf(2), { found_by: 'recheck', control: CONTROL, evidence: 2 }],
    [
      'deletion.unverified',
      idOf(3),
      { delete_status: 202, requested_at: PROOF.requested_at, reason: 'it still answers' },
    ],
    [
      'deletion.failed',
      idOf(4),
      { attempts: 3, delete_status: null, requested_at: PROOF.requested_at, reason: 'not carried out' },
    ],
    ['deletion.skipped', idOf(5), { reason: 'renamed since the plan' }],
    ['deletion.intended', idOf(6), { attempt: 1 }],
  ],
};

export const INCOMPLETE: PlanProject = {
  projectId: 9,
  listed: 300,
  total: 800,
  kept: 0,
  held: 0,
  unknown: 300,
  planned: 0,
  incomplete: 'page 4 of 8 is short',
};
