import { RetentionError } from '../core/errors.ts';
import { NO_FINDINGS, type PlanFindings } from '../core/findings.ts';
import { latestOf, readRough, type Instant } from '../core/instant.ts';
import type { PlanHeader, PlanItem, PlanProject, PlanStatus, PlanSummary } from '../core/plan.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Mode } from '../core/policy.ts';

export interface PlanRow {
  readonly plan_id: string;
  readonly policy: string;
  readonly policy_hash: string;
  /** null in plans that are older than the column. */
  readonly account: string | null;
  readonly policy_path: string;
  readonly mode: Mode;
  readonly decided_at: number;
  readonly expires_at: number;
  readonly status: PlanStatus;
  /** null in drafts only, like the fingerprint. */
  readonly requests_used: number | null;
  readonly fingerprint: string | null;
  readonly file_hash: string | null;
  readonly deferred: number;
  readonly findings: string | null;
}

export const PROJECT_COLUMNS = 'project_id, listed, total, kept, held, unknown, planned, incomplete, sampled';
export type ProjectRow = readonly [
  projectId: number,
  listed: number,
  total: number,
  kept: number,
  held: number,
  unknown: number,
  planned: number,
  incomplete: string | null,
  /** null: read in full. Else what the paginator counts, or {@link UNCOUNTED}. */
  sampled: number | null,
];
const UNCOUNTED = -1;

export const ITEM_COLUMNS =
  'ordinal, project_id, session_id, verdict, rule, reason, age_days, name, created_by, created_at, updated_at, ' +
  'seen_at, last_message_at, last_message_read_at, rough';
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
  /** Those of the dates that are known only roughly, as JSON; their columns hold the later end. */
  rough: string | null,
];

/** Where an item stands in its plan. */
export type ItemPlace = readonly [projectId: number, ordinal: number];
export const BEFORE_ALL: ItemPlace = [Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];

/** Behind the columns of an item: what was decided about it when the plan was about to be applied. */
export const ARRANGED_COLUMNS = 'deferred, failed_before';
export type ArrangedRow = readonly [...item: ItemRow, deferred: number, failedBefore: number];

function headerOf(row: PlanRow): PlanHeader {
  return {
    planId: row.plan_id,
    policy: row.policy,
    policyHash: row.policy_hash,
    account: row.account ?? undefined,
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
    findings: findingsIn(row),
    requestsUsed: row.requests_used ?? 0,
    fingerprint: row.fingerprint ?? '',
    fileHash: row.file_hash ?? undefined,
    deferred: row.deferred,
  };
}

function findingsIn({ plan_id: planId, findings }: PlanRow): PlanFindings {
  try {
    return { ...NO_FINDINGS, ...(JSON.parse(findings ?? '{}') as Partial<PlanFindings>) };
  } catch (error) {
    throw new RetentionError('state_unusable', `what is stored of ${planId} is damaged`, {
      hint: 'Find out who changed the database, and restore the state directory from a backup.',
      cause: error,
    });
  }
}

export function projectRow(project: PlanProject): ProjectRow {
  const { projectId, listed, total, kept, held, unknown, planned, incomplete } = project;
  const sampled = project.sampled === undefined ? null : (project.sampled.claimed ?? UNCOUNTED);
  return [projectId, listed, total, kept, held, unknown, planned, incomplete ?? null, sampled];
}

export function projectOf(row: ProjectRow): PlanProject {
  const [projectId, listed, total, kept, held, unknown, planned, incomplete, sampled] = row;
  const counts = { listed, total, kept, held, unknown, planned };
  return {
    projectId,
    ...counts,
    incomplete: incomplete ?? undefined,
    ...(sampled === null ? {} : { sampled: { claimed: sampled === UNCOUNTED ? undefined : sampled } }),
  };
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
    laterEnd(item.seen.createdAt),
    laterEnd(item.seen.updatedAt),
    item.seenAt,
    laterEnd(item.lastMessageAt),
    item.lastMessageReadAt ?? null,
    roughIn(item),
  ];
}

export function itemOf(row: ArrangedRow): PlanItem {
  const [ordinal, projectId, sessionId, verdict, rule, reason, ageDays, name, createdBy, ...rest] = row;
  const [createdAt, updatedAt, seenAt, lastMessageAt, lastMessageReadAt, roughJson, ...arranged] = rest;
  const [deferred, failedBefore] = arranged;
  const rough = roughOf(roughJson);
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
      createdAt: rough.created ?? createdAt ?? undefined,
      updatedAt: rough.updated ?? updatedAt ?? undefined,
      createdBy: fromJson(createdBy),
    },
    seenAt,
    lastMessageAt: rough.message ?? lastMessageAt ?? undefined,
    lastMessageReadAt: lastMessageReadAt ?? undefined,
    deferred: deferred === 1 ? true : undefined,
    failedBefore: failedBefore === 1 ? true : undefined,
  };
}

function laterEnd(at: Instant | undefined): number | null {
  return at === undefined ? null : latestOf(at);
}

/** `created`, `updated` and `message`: those that are rough. */
function roughIn({ seen, lastMessageAt }: PlanItem): string | null {
  const dates = { created: seen.createdAt, updated: seen.updatedAt, message: lastMessageAt };
  const rough = Object.entries(dates).filter(([, at]) => typeof at === 'string');
  return rough.length === 0 ? null : JSON.stringify(Object.fromEntries(rough));
}

function roughOf(json: string | null): Partial<Record<'created' | 'updated' | 'message', Instant>> {
  if (json === null) return {};
  const dates = Object.entries(JSON.parse(json) as Record<string, unknown>);
  return Object.fromEntries(dates.map(([name, at]) => [name, readRough(at)]));
}

/** Escaped, a lone surrogate or a NUL comes back as it was; raw, the database would change it, and with it the plan. */
function toJson(text: string | undefined): string | null {
  return text === undefined ? null : JSON.stringify(text);
}

function fromJson(json: string | null): string | undefined {
  return json === null ? undefined : (JSON.parse(json) as string);
}
