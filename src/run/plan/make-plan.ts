import pLimit from 'p-limit';
import { AgeTally } from '../../core/age-bands.ts';
import type { Project } from '../../core/conversation.ts';
import { judgeExclusions } from '../../core/exclusions.ts';
import { findProtections, matchedNow } from '../../core/find-protections.ts';
import type { PlanFindings } from '../../core/findings.ts';
import { foreignRules } from '../../core/foreign-keeps.ts';
import type { PlanProject, PlanSummary } from '../../core/plan.ts';
import { ProtectionWatch } from '../../core/protection-watch.ts';
import { messageReachOf, reachOf } from '../../core/reach.ts';
import { asRunFault } from '../api-faults.ts';
import { totalRequests } from '../../core/run.ts';
import { DAY_MS } from '../../core/instant.ts';
import { collectProject, type Collected } from './collect-project.ts';
import type { Planner, Planning, PlanRequest } from './planning.ts';
import { findProjects, type ProjectsOfPolicy } from './projects.ts';

/** A plan is a person's to look at for this long; after that the world has moved too far. */
export const PLAN_LIFETIME_MS = 7 * DAY_MS;

/**
 * The dry run: lists every project of the policy, decides, and stores an immutable plan. Sends nothing but GET.
 * Throws RetentionError (`credential_refused`, `api_unreachable`, `clock_untrusted`, `state_unusable`).
 */
export async function makePlan(deps: Planner, request: PlanRequest): Promise<PlanSummary> {
  const { policy } = request;
  const requestsBefore = totalRequests(deps.reader.requestCounts());
  const found = await findProjects(deps.reader, policy, request.signal);
  const { selected, invisible } = found;
  if (selected.length === 0) deps.log.warn({ policy: policy.name }, 'no project falls under this policy');
  const decidedAt = deps.clock.now();
  const writer = await deps.store.plans.createPlan({
    planId: `plan-${deps.chance.token(12)}`,
    policy: policy.name,
    policyHash: policy.hash,
    account: request.account,
    policyPath: policy.path,
    mode: policy.mode,
    decidedAt,
    expiresAt: decidedAt + PLAN_LIFETIME_MS,
  });
  const planning: Planning = {
    ...deps,
    ...request,
    writer,
    decidedAt,
    reach: reachOf(policy, decidedAt),
    messageReach: messageReachOf([...policy.rules, ...foreignRules(request.others)], decidedAt),
    limit: pLimit(policy.concurrency),
  };
  const watch = new ProtectionWatch({ ...request, now: decidedAt });
  deps.progress.begin('listing', undefined);
  try {
    const { projects, ...seen } = await collectAll(planning, watch, selected);
    projects.unshift(...invisible.map(invisibleProject));
    const requestsUsed = totalRequests(deps.reader.requestCounts()) - requestsBefore;
    const watched = watch.result();
    const findings = await findingsOf(deps, request, { ...seen, found, watched, decidedAt });
    return await writer.finish({ projects, requestsUsed, findings });
  } catch (error) {
    await writer.discard();
    throw asRunFault(error);
  } finally {
    deps.progress.end();
  }
}

/** Lists one project after the other. */
async function collectAll(
  planning: Planning,
  protections: ProtectionWatch,
  selected: readonly Project[],
): Promise<Pick<PlanFindings, 'warnings' | 'ages'> & { readonly projects: PlanProject[] }> {
  const projects: PlanProject[] = [];
  const ages = new AgeTally();
  const warnings: string[] = [];
  for (const project of selected) {
    const watch = protections.inProject(project);
    const collected = await collectProject({ ...planning, watch }, project.id);
    watch.end(collected.project);
    projects.push(collected.project);
    ages.addAll(collected.ages);
    if (collected.notShown > 0) warnings.push(notAllShown(collected));
  }
  return { projects, warnings, ages: ages.bands() };
}

/** What the plan says of its listings and of the protections of its policy, by what earlier plans knew of them. Remembers what this one saw. */
async function findingsOf(
  { store }: Planner,
  { policy, holds, others }: PlanRequest,
  seen: Pick<PlanFindings, 'ages'> & {
    readonly found: ProjectsOfPolicy;
    readonly watched: ReturnType<ProtectionWatch['result']>;
    readonly decidedAt: number;
    /** Of the listings. */
    readonly warnings: readonly string[];
  },
): Promise<PlanFindings> {
  const { found, watched, decidedAt, warnings, ages } = seen;
  const { visible } = found;
  const memory = await store.protections.protectionMemory(policy.name);
  const exclusions = judgeExclusions(policy.projects, visible, memory.keptOut);
  const findings = findProtections({
    ...{ watched, exclusions, visible, others },
    holds: holds.all,
    known: memory.matched,
  });
  const { keptOut } = exclusions;
  const matched = matchedNow(findings);
  await store.protections.rememberProtections(policy.name, { keptOut, matched }, decidedAt);
  return { ...findings, ages, warnings: [...findings.warnings, ...warnings] };
}

/** A key that may not read a whole kind of conversations gets a list without them. */
function notAllShown({ project: { projectId, total }, notShown }: Collected): string {
  return `project ${projectId} lists ${total} of the ${total + notShown} conversations that it counts: the key may not see the others, and they stay`;
}

function invisibleProject(projectId: number): PlanProject {
  const incomplete = 'the policy names it, but this key cannot see it';
  return { projectId, listed: 0, total: 0, kept: 0, held: 0, unknown: 0, planned: 0, incomplete };
}
