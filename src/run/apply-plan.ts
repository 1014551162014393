import pLimit from 'p-limit';
import type { PlanItem } from '../core/plan.ts';
import { asRunFault } from './api-faults.ts';
import { confirmAbsence } from './confirm.ts';
import { joinStops, type ApplyContext } from './context.ts';
import { ControlDesk } from './control-desk.ts';
import { deleteOne } from './delete-one.ts';
import type { DeletionContext } from './deletion.ts';
import { createRests, type DeletableItem, type Relisting } from './recheck.ts';

/** Deletions begun and not settled, those included that only wait for a late 404 or a control: bounds memory, not requests. */
const MAX_OPEN = 1000;

/**
 * Executes one plan that was consumed for this run: never more than it names, less where a conversation changed.
 * Resolves with the projects whose fresh listing could not confirm the deletions. Throws RetentionError when the run
 * must end (`credential_refused`, `lease_held`, `state_unusable`); what was begun is settled or left open by then.
 */
export async function applyPlan(
  context: ApplyContext,
  { relisting, lost }: { readonly relisting: Relisting | undefined; readonly lost: readonly number[] },
): Promise<{ readonly unconfirmed: readonly number[] }> {
  const failure = new AbortController();
  // A failure of one deletion stops the others the way a person's stop does, only without the wait.
  const signals = joinStops(context.signals, failure.signal);
  const deletion: DeletionContext = {
    ...context,
    signals,
    relisting,
    slot: pLimit(context.policy.concurrency),
    restsOn: createRests(context.policy),
    desk: new ControlDesk({
      reader: context.deleter,
      clock: context.clock,
      log: context.log,
      signal: signals.abandon,
    }),
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
    await deleteAll(deletion, failure);
    return { unconfirmed: signals.stop.aborted ? [] : await confirmAbsence(deletion) };
  } catch (error) {
    throw asRunFault(error);
  } finally {
    signals.stop.removeEventListener('abort', hurry);
    context.progress.end();
  }
}

/**
 * Intents that are written while all slots are taken, so that none of them waits for the disk: as many again as there are
 * slots. At a pace an intent would only grow old in that line: then no more than a second's worth.
 */
function intendedAhead({ policy, requestsPerMinute }: ApplyContext): number {
  const aSecondsWorth = requestsPerMinute === 'unlimited' ? Infinity : Math.ceil(requestsPerMinute / 60);
  return Math.min(policy.concurrency, aSecondsWorth);
}

async function deleteAll(context: DeletionContext, failure: AbortController): Promise<void> {
  const open = new Set<Promise<void>>();
  const mostBeginning = context.policy.concurrency + intendedAhead(context);
  let beginning = 0;
  let firstError: { readonly error: unknown } | undefined;
  let onChange: (() => void) | undefined;
  const begun = (): void => {
    beginning -= 1;
    onChange?.();
  };
  const start = (item: DeletableItem): void => {
    context.desk.begun(item.projectId);
    beginning += 1;
    const one = deleteOne(context, item, begun)
      .catch((error: unknown) => {
        firstError ??= { error };
        failure.abort();
      })
      .finally(() => {
        open.delete(one);
        context.desk.settled(item.projectId);
        onChange?.();
      });
    open.add(one);
  };
  const room = async (): Promise<void> => {
    while (beginning >= mostBeginning || open.size >= MAX_OPEN) {
      await new Promise<void>((resolve) => (onChange = resolve));
    }
  };
  try {
    await startEach(context, start, room);
  } catch (error) {
    firstError ??= { error };
    failure.abort();
  }
  context.desk.endAll();
  await Promise.all(open);
  if (firstError !== undefined) throw firstError.error;
}

/** Starts one deletion after the other, as long as there is room for another. */
async function startEach(
  context: DeletionContext,
  start: (item: DeletableItem) => void,
  room: () => Promise<void>,
): Promise<void> {
  let current: number | undefined;
  for await (const item of context.plans.planItems(context.plan.planId, { verdict: 'delete' })) {
    if (context.signals.stop.aborted) break;
    if (current !== undefined && current !== item.projectId) context.desk.ended(current);
    current = item.projectId;
    if (isDeletable(item)) start(item);
    await room();
  }
}

function isDeletable(item: PlanItem): item is DeletableItem {
  return item.verdict === 'delete' && item.sessionId !== null;
}
