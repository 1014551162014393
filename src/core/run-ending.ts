import type { AuditFacts, Fact } from './audit-entry.ts';
import type { RunCounts, RunRecord, RunStatus } from './run.ts';

/**
 * What makes two runs alike to a person who reads their ends one after the other: the status, the kind of the problem, the
 * limits and protections that refused, and how much was left undone. How much was deleted, or how far a limit was passed, may differ. Undefined
 * for a run that was completed, of which nobody has to be told again.
 */
export function endedAs(end: {
  readonly status: RunStatus;
  readonly counts: RunCounts;
  readonly incomplete: number;
  /** Those of the run's last audit entry. */
  readonly facts: AuditFacts['facts'] | undefined;
}): string | undefined {
  const { status, counts, incomplete, facts = {} } = end;
  if (status === 'completed') return undefined;
  const { unverified, failed, skipped } = counts;
  const kinds = ['problem', 'still_open', 'unconfirmed'].map((name) => facts[name] ?? null);
  return JSON.stringify([status, unverified, failed, skipped, incomplete, ...kinds, refusedBy(facts)]);
}

function refusedBy({ limits, refused_by: all = limits }: AuditFacts['facts']): Fact {
  return Array.isArray(all) ? (all as readonly { readonly [key: string]: Fact }[]).map(refusedByOne) : null;
}

function refusedByOne(one: { readonly [key: string]: Fact }): Fact {
  const { kind, limit, why, entry, rule, pattern, project_id: projectId } = one;
  // It names whichever conversation was met first: the next time, that may be another.
  if (kind === 'near_miss') return [kind, rule ?? null, pattern ?? null];
  if (kind === 'exclusion') return [kind, why ?? null, entry ?? null, projectId ?? null];
  return [limit ?? null, projectId ?? null];
}

/** How many runs before ended like this one, and since when, by the record of the run right before. */
export function likeBefore(
  ended: string | undefined,
  before: Pick<RunRecord, 'endedAs' | 'asBefore' | 'alikeSince' | 'startedAt'> | undefined,
): Pick<RunRecord, 'asBefore' | 'alikeSince'> {
  if (ended === undefined || before?.endedAs !== ended) return { asBefore: 0, alikeSince: undefined };
  return { asBefore: before.asBefore + 1, alikeSince: before.alikeSince ?? before.startedAt };
}
