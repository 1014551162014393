import pLimit from 'p-limit';
import { EarlierAnswers } from '../../core/deletion/earlier.ts';
import type { Policy } from '../../core/policy.ts';
import { asRunFault } from '../api-faults.ts';
import { Bars } from '../prove/bars.ts';
import { Brake } from './brake.ts';
import { Calibrator } from '../prove/calibrate.ts';
import { joinStops } from '../context.ts';
import type { ApplyContext } from './context.ts';
import { deleteAll } from './delete-all.ts';
import type { KeptSince } from './kept-since.ts';
import { OutOfSight } from '../prove/out-of-sight.ts';
import { createRests } from './recheck.ts';
import type { Relisting } from './relist.ts';
import { Witnesses } from '../prove/witnesses.ts';

export interface Applied {
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
  const { deleter: reader, chance, audit, fence, warn } = context;
  const calibrator = new Calibrator({
    ...{ reader, chance, audit, fence, warn },
    ...{ run: context, signal: signals.stop },
  });
  const bars = new Bars();
  for (const projectId of lost)
    bars.project(projectId, { reason: 'the policy no longer covers its project', cause: 'project' });
  const brake = new Brake({ log: context.log, stop: signals.stop });
  const planned = context.plan.projects.reduce((sum, project) => sum + project.planned, 0);
  context.progress.begin('checking', planned - context.plan.deferred);
  try {
    const earlier = new EarlierAnswers(await audit.undoneAnswers(), await audit.openIntents());
    await deleteAll({
      ...context,
      ...{ signals, relisting, brake, bars, calibrator, earlier, keptSince },
      slot: pLimit(context.policy.concurrency),
      witnesses: new Witnesses(),
      outOfSight: new OutOfSight(),
      restsOn: createRests(context.policy, others),
      onError: () => {
        failure.abort();
      },
    });
    return { problem: brake.isPulled ? Brake.reason : undefined };
  } catch (error) {
    throw asRunFault(error);
  } finally {
    context.progress.end();
  }
}
