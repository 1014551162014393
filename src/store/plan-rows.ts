import { NO_FINDINGS, type PlanFindings } from '../core/findings.ts';
import type { PlanHeader, PlanItem, PlanProject, PlanStatus, PlanSummary, Verdict } from '../core/plan.ts';
import type { Mode } from '../core/policy.ts';

export interface PlanRow {
  readonly plan_id: string;
  readonly policy: string;
  readonly policy_hash: string;
  readonly policy_path: string;
  readonly mode: Mode;
  readonly decided_at: number;
  readonly expires_at: number;
  readonly status: PlanStatus;
  /** null in drafts only, like the fingerprint. */
  readonly requests_used: number | null;
  readonly fingerprint: string | null;
  readonly file_hash: string | null;
  readonly findings: string | null;
}

export const PROJECT_COLUMNS = 'project_id, listed, total, kept, held, unknown, planned, incomplete';
export type ProjectRow = readonly [
  projectId: number,
  listed: number,
  total: number,
  kept: number,
  held: number,
  unknown: number,
  planned: number,
  incomplete: string | null,
];

export const ITEM_COLUMNS =
  'ordinal, project_id, session_id, verdict, rule, reason, age_days, name, created_by, created_at, updated_at, ' +
  'seen_at, last_message_at, last_message_read_at';
export type ItemRow = readonly [
  ordinal: number,
  projectId: number,
  sessionId: string | null,
  verdict: Verdict,
  rule: string | null,
  reason: string,
  ageDays: number | null,
  name: string | null,
  createdBy: string | null,
  createdAt: number | null,
  updatedAt: number | null,
  seenAt: number,
  lastMessageAt: number | null,
  lastMessageReadAt: number | null,
];

function headerOf(row: PlanRow): PlanHeader {
  return {
    planId: row.plan_id,
    policy: row.policy,
    policyHash: row.policy_hash,
    policyPath: row.policy_path,
    mode: row.mode,
    decidedAt: row.decided_at,
    expiresAt: row.expires_at,
  };
}

export function summaryOf(row: PlanRow, projects: readonly ProjectRow[]): PlanSummary {
  return {
    ...headerOf(row),
    status: row.status,
    projects: projects.map(projectOf),
    findings: row.findings === null ? NO_FINDINGS : (JSON.parse(row.findings) as PlanFindings),
    requestsUsed: row.requests_used ?? 0,
    fingerprint: row.fingerprint ?? '',
    fileHash: row.file_hash ?? undefined,
  };
}

export function projectRow(project: PlanProject): ProjectRow {
  const { projectId, listed, total, kept, held, unknown, planned, incomplete } = project;
  return [projectId, listed, total, kept, held, unknown, planned, incomplete ?? null];
}

function projectOf(row: ProjectRow): PlanProject {
  const [projectId, listed, total, kept, held, unknown, planned, incomplete] = row;
  return { projectId, listed, total, kept, held, unknown, planned, incomplete: incomplete ?? undefined };
}

export function itemRow(item: PlanItem): ItemRow {
  return [
    item.ordinal,
    item.projectId,
    item.sessionId,
    item.verdict,
    item.rule,
    item.reason,
    item.ageDays,
    toJson(item.seen.name),
    toJson(item.seen.createdBy),
    item.seen.createdAt ?? null,
    item.seen.updatedAt ?? null,
    item.seenAt,
    item.lastMessageAt ?? null,
    item.lastMessageReadAt ?? null,
  ];
}

export function itemOf(row: ItemRow): PlanItem {
  const [ordinal, projectId, sessionId, verdict, rule, reason, ageDays, name, createdBy, ...instants] = row;
  const [createdAt, updatedAt, seenAt, lastMessageAt, lastMessageReadAt] = instants;
  return {
    ordinal,
    projectId,
    sessionId,
    verdict,
    rule,
    reason,
    ageDays,
    seen: {
      name: fromJson(name),
      createdAt: createdAt ?? undefined,
      updatedAt: updatedAt ?? undefined,
      createdBy: fromJson(createdBy),
    },
    seenAt,
    lastMessageAt: lastMessageAt ?? undefined,
    lastMessageReadAt: lastMessageReadAt ?? undefined,
  };
}

/** Escaped, a lone surrogate or a NUL comes back as it was; raw, the database would change it, and with it the plan. */
function toJson(text: string | undefined): string | null {
  return text === undefined ? null : JSON.stringify(text);
}

function fromJson(json: string | null): string | undefined {
  return json === null ? undefined : (JSON.parse(json) as string);
}
