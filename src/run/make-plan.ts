import pLimit from 'p-limit';
import { createDecider } from '../core/decide.ts';
import type { Conversation } from '../core/conversation.ts';
import type { Hold } from '../core/hold.ts';
import type { PlanProject, PlanSummary } from '../core/plan.ts';
import type { Policy } from '../core/policy.ts';
import type { AuditLog, Chance, Clock, CustomGptReader, Log, PlanStore, Progress } from '../core/ports.ts';
import { messageReachOf, reachOf } from '../core/selector.ts';
import { asRunFault } from './api-faults.ts';
import { collectProject } from './collect-project.ts';
import { findProjects } from './projects.ts';
import { totalRequests } from '../core/run.ts';

/** A plan is a person's to look at for this long; after that the world has moved too far. */
export const PLAN_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

/** All that planning can reach: a reader, and the plans. No deleter. */
export interface PlanningDeps {
  readonly reader: CustomGptReader;
  readonly plans: PlanStore;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly progress: Progress;
}

export interface PlanRequest {
  readonly policy: Policy;
  /** Whose conversations they are: {@link OwnAccount.text}. */
  readonly account: string;
  readonly holds: readonly Hold[];
  /** Whether kept conversations are stored in the plan too (`plan --all`). */
  readonly withKept: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called with conversations that are listed again although they were verified as deleted. */
  readonly onReappeared?: (conversations: readonly Conversation[]) => Promise<void>;
}

/**
 * The dry run: lists every project of the policy, decides, and stores an immutable plan. Sends nothing but GET.
 * Throws RetentionError (`credential_refused`, `api_unreachable`, `clock_untrusted`, `state_unusable`).
 */
export async function makePlan(deps: PlanningDeps, request: PlanRequest): Promise<PlanSummary> {
  const { policy } = request;
  const requestsBefore = totalRequests(deps.reader.requestCounts());
  const { selected, invisible } = await findProjects(deps.reader, policy, request.signal);
  if (selected.length === 0) deps.log.warn({ policy: policy.name }, 'no project falls under this policy');
  const decidedAt = deps.clock.now();
  const writer = await deps.plans.createPlan({
    planId: `plan-${deps.chance.token(12)}`,
    policy: policy.name,
    policyHash: policy.hash,
    account: request.account,
    policyPath: policy.path,
    mode: policy.mode,
    decidedAt,
    expiresAt: decidedAt + PLAN_LIFETIME_MS,
  });
  const context = {
    reader: deps.reader,
    writer,
    plans: deps.plans,
    chance: deps.chance,
    decidedAt,
    maxPercent: policy.limits.maxPercent,
    messageReach: messageReachOf(policy.rules, decidedAt),
    log: deps.log,
    decider: createDecider(policy, request.holds, decidedAt),
    reach: reachOf(policy, decidedAt),
    limit: pLimit(policy.concurrency),
    withKept: request.withKept,
    signal: request.signal,
    audit: deps.audit,
    onReappeared: async (conversations: readonly Conversation[]) => {
      const [first] = conversations;
      deps.log.warn(
        { project_id: first?.projectId, count: conversations.length },
        'listed again although they were verified as deleted: new conversations, with the age they have now',
      );
      await request.onReappeared?.(conversations);
    },
    onListed: (count: number) => {
      deps.progress.advance(count);
    },
  };
  deps.progress.begin('listing', undefined);
  try {
    const projects: PlanProject[] = invisible.map(invisibleProject);
    let ordinal = 1;
    for (const { id } of selected) {
      const collected = await collectProject(context, id, ordinal);
      projects.push(collected.project);
      ordinal = collected.nextOrdinal;
    }
    const requestsUsed = totalRequests(deps.reader.requestCounts()) - requestsBefore;
    return await writer.finish({ projects, requestsUsed });
  } catch (error) {
    await writer.discard();
    throw asRunFault(error);
  } finally {
    deps.progress.end();
  }
}

function invisibleProject(projectId: number): PlanProject {
  const incomplete = 'the policy names it, but this key cannot see it';
  return { projectId, listed: 0, total: 0, kept: 0, held: 0, unknown: 0, planned: 0, incomplete };
}
