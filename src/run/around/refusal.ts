import type { Fact } from '../../core/audit-entry.ts';
import type { Project } from '../../core/conversation.ts';
import { judgeExclusions } from '../../core/exclusions.ts';
import { stopFacts, type Stop } from '../../core/findings.ts';
import { formatInstant } from '../../core/instant.ts';
import type { Breach } from '../../core/limits.ts';
import type { PlanSummary } from '../../core/plan.ts';
import { refusalInWords } from '../../core/refusal-words.ts';
import type { Policy } from '../../core/policy.ts';
import type { ProtectionStore } from '../../core/ports/protections.ts';
import type { Ending } from './close-run.ts';

/** How a run ends that a limit or a protection refuses: nothing was sent, and the plan stays to be looked at. */
export function refusal(
  plan: PlanSummary,
  breaches: readonly Breach[],
  stops: readonly Stop[] = plan.findings.stops,
): Ending {
  const limits = breaches.map(breachFacts);
  return {
    status: 'refused',
    plan,
    problem: refusalInWords(stops, breaches),
    facts: { plan_id: plan.planId, limits, refused_by: [...stops.map(stopFacts), ...limits] },
  };
}

export function breachFacts({ limit, wanted, allowed, projectId, roomAgain }: Breach): {
  readonly [key: string]: Fact;
} {
  const kind = limit === 'population' ? limit : 'limit';
  const again =
    roomAgain === undefined ? {} : { room_again_at: formatInstant(roomAgain.at), room: roomAgain.room };
  return { kind, limit, wanted, allowed, project_id: projectId ?? null, ...again };
}

/** What exclusions have lost since a plan was made. */
export async function exclusionsLost(
  store: Pick<ProtectionStore, 'protectionMemory'>,
  policy: Pick<Policy, 'name' | 'projects'>,
  visible: readonly Project[],
): Promise<readonly Stop[]> {
  const { keptOut } = await store.protectionMemory(policy.name);
  const { stops } = judgeExclusions(policy.projects, visible, keptOut);
  return stops.map((stop) => ({ kind: 'exclusion', ...stop }));
}
