import pLimit from 'p-limit';
import { EarlierAnswers } from '../../core/deletion/earlier.ts';
import type { Policy } from '../../core/policy.ts';
import { asRunFault, isKeyRefused } from '../api-faults.ts';
import type { Run } from '../context.ts';
import { Bars } from '../prove/bars.ts';
import { Calibrator } from '../prove/calibrate.ts';
import { OutOfSight } from '../prove/out-of-sight.ts';
import { Witnesses } from '../prove/witnesses.ts';
import { joinStops } from '../stop-signals.ts';
import { Brake } from './brake.ts';
import type { Application, Slot } from './context.ts';
import { deleteAll } from './delete-all.ts';
import { createRests } from './recheck.ts';
import { Room } from './room.ts';

/** Deletions begun and not settled, those included that only wait for a late 404: bounds memory, not requests. */
const MAX_OPEN = 1000;

/** A plan that was consumed for this run, and what is known beside it. */
export interface ApplyRequest extends Pick<
  Application,
  'plan' | 'allowance' | 'bystanders' | 'relisting' | 'keptSince'
> {
  /** Projects of the plan that must not be touched any more. */
  readonly lost: readonly number[];
  /** The other policies of the folder. */
  readonly others: readonly Policy[];
}

/**
 * Executes one plan: never more than it names, less where a conversation changed. Throws RetentionError when the run must end
 * (`credential_refused`, `lease_held`, `state_unusable`); what was begun is settled or left open by then. Gives back what ended
 * the deletions before the plan's end, in words.
 */
export async function applyPlan(run: Run, request: ApplyRequest): Promise<string | undefined> {
  const { plan } = request;
  const planned = plan.projects.reduce((sum, project) => sum + project.planned, 0);
  run.progress.begin('checking', planned - plan.deferred);
  try {
    const application = await begin(run, request);
    await deleteAll(application);
    return application.brake.isPulled ? Brake.reason : undefined;
  } catch (error) {
    throw asRunFault(error);
  } finally {
    run.progress.end();
  }
}

async function begin(run: Run, { lost, others, ...request }: ApplyRequest): Promise<Application> {
  const { policy, log, store } = run;
  const failure = new AbortController();
  // A failure of one deletion stops the others the way a person's stop does, only without the wait.
  const signals = joinStops(run.signals, failure.signal);
  const onError = (): void => {
    failure.abort();
  };
  const bars = new Bars();
  for (const projectId of lost)
    bars.project(projectId, { reason: 'the policy no longer covers its project', cause: 'project' });
  return {
    ...run,
    ...request,
    ...{ signals, onError, bars },
    slot: createSlot(policy, onError),
    room: new Room({ beginning: policy.concurrency + intendedAhead(run), open: MAX_OPEN }),
    brake: new Brake({ log, stop: signals.stop }),
    calibrator: new Calibrator({ ...run, signals }),
    witnesses: new Witnesses(),
    outOfSight: new OutOfSight(),
    earlier: new EarlierAnswers(await store.audit.undoneAnswers(), await store.audit.openIntents()),
    restsOn: createRests(policy, others),
  };
}

/** A refused key stops all others before its slot is given to the next, which would send one DELETE more. */
function createSlot({ concurrency }: Pick<Policy, 'concurrency'>, onError: () => void): Slot {
  const slot = pLimit(concurrency);
  return (work) =>
    slot(async () => {
      try {
        return await work();
      } catch (error) {
        if (isKeyRefused(error)) onError();
        throw error;
      }
    });
}

/**
 * Intents that are written while all slots are taken, so that none of them waits for the disk: for each slot one that is
 * ready and one that is being written. At a pace an intent would only grow old in that line: then no more than a second's worth.
 */
function intendedAhead({ policy, requestsPerMinute }: Pick<Run, 'policy' | 'requestsPerMinute'>): number {
  const aSecondsWorth = requestsPerMinute === 'unlimited' ? Infinity : Math.ceil(requestsPerMinute / 60);
  return Math.min(2 * policy.concurrency, aSecondsWorth);
}
