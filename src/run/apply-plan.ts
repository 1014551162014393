import pLimit from 'p-limit';
import type { Policy } from '../core/policy.ts';
import { asRunFault } from './api-faults.ts';
import { Brake } from './brake.ts';
import { confirmAbsence } from './confirm.ts';
import { joinStops, type ApplyContext } from './context.ts';
import { ControlDesk } from './control-desk.ts';
import { deleteAll } from './delete-all.ts';
import type { DeletionContext } from './deletion.ts';
import { withoutKeptSince, type KeptSince } from './kept-since.ts';
import { createRests, type Relisting } from './recheck.ts';

export interface Applied {
  /** Projects whose fresh listing could not confirm the deletions. */
  readonly unconfirmed: readonly number[];
  /** What ended the deletions before the plan's end. */
  readonly problem: string | undefined;
}

/**
 * Executes one plan that was consumed for this run: never more than it names, less where a conversation changed.
 * Throws RetentionError when the run
 * must end (`credential_refused`, `lease_held`, `state_unusable`); what was begun is settled or left open by then.
 */
export async function applyPlan(
  context: ApplyContext,
  {
    relisting,
    lost,
    others,
    keptSince,
  }: {
    readonly relisting: Relisting | undefined;
    readonly lost: readonly number[];
    readonly others: readonly Policy[];
    readonly keptSince: KeptSince;
  },
): Promise<Applied> {
  const failure = new AbortController();
  // A failure of one deletion stops the others the way a person's stop does, only without the wait.
  const signals = joinStops(context.signals, failure.signal);
  const deletion: DeletionContext = {
    ...context,
    signals,
    relisting,
    slot: pLimit(context.policy.concurrency),
    onError: () => {
      failure.abort();
    },
    restsOn: createRests(context.policy, others),
    desk: new ControlDesk({
      reader: context.deleter,
      clock: context.clock,
      log: context.log,
      signal: signals.abandon,
    }),
    brake: new Brake({ log: context.log, stop: signals.stop }),
    lostProjects: new Map(lost.map((projectId) => [projectId, 'the policy no longer covers its project'])),
    verified: new Map(),
  };
  const hurry = (): void => {
    deletion.desk.hurry();
  };
  signals.stop.addEventListener('abort', hurry, { once: true });
  const planned = context.plan.projects.reduce((sum, project) => sum + project.planned, 0);
  context.progress.begin('deleting', planned);
  try {
    const items = context.plans.planItems(context.plan.planId, { verdict: 'delete' });
    await deleteAll(deletion, withoutKeptSince(deletion, items, keptSince));
    const unconfirmed = signals.stop.aborted ? [] : await confirmAbsence(deletion);
    return { unconfirmed, problem: deletion.brake.isPulled ? Brake.reason : undefined };
  } catch (error) {
    throw asRunFault(error);
  } finally {
    signals.stop.removeEventListener('abort', hurry);
    context.progress.end();
  }
}
