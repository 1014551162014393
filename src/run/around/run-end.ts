import type { AuditFacts } from '../../core/audit-entry.ts';
import type { RetentionError } from '../../core/errors.ts';
import { isIncomplete, type PlanSummary } from '../../core/plan.ts';
import type { RunStore } from '../../core/ports/store.ts';
import type { RunCounts, RunRecord, RunStatus } from '../../core/run.ts';
import { endedAs, likeBefore } from '../../core/run-ending.ts';

/** How a fault stands on record. Who stopped a run, or what, nobody could tell by the kind alone. */
export function endBy({ kind, message }: RetentionError): {
  readonly status: RunStatus;
  readonly problem: string;
  readonly facts: AuditFacts['facts'];
} {
  return kind === 'interrupted' || kind === 'lease_held'
    ? { status: 'interrupted', problem: message, facts: { problem: kind, reason: message } }
    : { status: 'failed', problem: message, facts: { problem: kind } };
}

/** The event of a run's last entry. */
export function eventOf(
  status: RunStatus,
): 'run.completed' | 'run.refused' | 'run.interrupted' | 'run.failed' {
  if (status === 'refused' || status === 'interrupted' || status === 'failed') return `run.${status}`;
  return 'run.completed';
}

/** Whether the run of the policy right before ended in the same way. */
export async function comparedWithBefore(
  store: Pick<RunStore, 'runs'>,
  { runId, policy }: { readonly runId: string; readonly policy: { readonly name: string } },
  end: {
    readonly status: RunStatus;
    readonly counts: RunCounts;
    readonly plan: PlanSummary | undefined;
    readonly facts: AuditFacts['facts'] | undefined;
  },
): Promise<Pick<RunRecord, 'endedAs' | 'asBefore' | 'alikeSince'>> {
  const incomplete = end.plan?.projects.filter(isIncomplete).length ?? 0;
  const ended = endedAs({ ...end, incomplete });
  const latest = await store.runs({ policy: policy.name, limit: 2 });
  const before = latest.find((run) => run.runId !== runId);
  return { endedAs: ended, ...likeBefore(ended, before) };
}
