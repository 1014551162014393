import { isFault, RetentionError } from '../../core/errors.ts';
import { asRunFault } from '../api-faults.ts';
import type { Run, RunDeps, RunRequest } from '../context.ts';
import { closeRun, type Ending, type EndingOrFault, type RunResult } from './close-run.ts';
import { leaseOf, withLease } from './lease.ts';
import { enterRun, openRun, type OpenedRun } from './open-run.ts';

/**
 * Everything around the body of a run: the lease, the record, what an earlier run left open, the first and the last
 * audit entry. Faults of the body end up in the result; only a lease that somebody else holds, and a state that cannot
 * be written at the very start, throw.
 */
export function conductRun(
  deps: RunDeps,
  request: RunRequest,
  body: (run: Run) => Promise<Ending>,
): Promise<RunResult> {
  return withLease(deps, leaseOf(request.policy.name), async (lease) => {
    const opened = await openRun(deps, request, lease);
    let result: RunResult | undefined;
    try {
      const ending = await endingOf(opened, body);
      result = await closeRun(opened, ending, deps.remarks?.() ?? []);
      return result;
    } finally {
      opened.watch.ended(result);
    }
  });
}

async function endingOf(opened: OpenedRun, body: (run: Run) => Promise<Ending>): Promise<EndingOrFault> {
  const { store, policy, runId, signals } = opened.run;
  const { stop } = signals;
  try {
    const ending = await body(await enterRun(opened));
    if (stop.aborted) return { fault: faultOfStop(stop) };
    return withStillOpen(ending, await store.audit.openIntentCount(policy.name, runId));
  } catch (error) {
    // Whatever a stop makes fail on its way out, the stop is what happened.
    if (stop.aborted && !isFault(error, 'state_unusable')) return { fault: faultOfStop(stop) };
    const fault = asRunFault(error);
    if (fault instanceof RetentionError) return { fault };
    throw fault;
  }
}

/** A run is not complete while nobody can tell what became of a DELETE, whichever run sent it. */
function withStillOpen(ending: Ending, stillOpen: number): Ending {
  if (stillOpen === 0) return ending;
  const status = ending.status === 'completed' ? 'partial' : ending.status;
  return { ...ending, status, facts: { ...ending.facts, still_open: stillOpen } };
}

/** A person's stop, or the loss of the lease: whoever aborted said why. */
function faultOfStop({ reason }: AbortSignal): RetentionError {
  return reason instanceof RetentionError ? reason : new RetentionError('interrupted', 'stopped on request');
}
