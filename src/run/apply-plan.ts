import pLimit from 'p-limit';
import type { PlanItem } from '../core/plan.ts';
import { asRunFault } from './api-faults.ts';
import { confirmAbsence } from './confirm.ts';
import { joinStops, type ApplyContext } from './context.ts';
import { ControlDesk } from './control-desk.ts';
import { deleteOne } from './delete-one.ts';
import type { DeletionContext } from './deletion.ts';
import type { DeletableItem, Relisting } from './recheck.ts';

/** Deletions begun and not settled, those included that only wait for a late 404: bounds memory, not requests. */
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

async function deleteAll(context: DeletionContext, failure: AbortController): Promise<void> {
  const open = new Set<Promise<void>>();
  let firstError: { readonly error: unknown } | undefined;
  let onSettled: (() => void) | undefined;
  const start = (item: DeletableItem): void => {
    context.desk.begun(item.projectId);
    const one = deleteOne(context, item)
      .catch((error: unknown) => {
        firstError ??= { error };
        failure.abort();
      })
      .finally(() => {
        open.delete(one);
        context.desk.settled(item.projectId);
        onSettled?.();
      });
    open.add(one);
  };
  try {
    await startEach(context, open, { start, settled: () => new Promise((resolve) => (onSettled = resolve)) });
  } catch (error) {
    firstError ??= { error };
    failure.abort();
  }
  context.desk.endAll();
  await Promise.all(open);
  if (firstError !== undefined) throw firstError.error;
}

/** Starts one deletion after the other, as many at once as may be open. */
async function startEach(
  context: DeletionContext,
  open: ReadonlySet<unknown>,
  each: { readonly start: (item: DeletableItem) => void; readonly settled: () => Promise<void> },
): Promise<void> {
  let current: number | undefined;
  for await (const item of context.plans.planItems(context.plan.planId, { verdict: 'delete' })) {
    if (context.signals.stop.aborted) break;
    if (current !== undefined && current !== item.projectId) context.desk.ended(current);
    current = item.projectId;
    if (isDeletable(item)) each.start(item);
    // Not a race of all that are open: that would hang a callback on each of them for every item.
    while (open.size >= MAX_OPEN) await each.settled();
  }
}

function isDeletable(item: PlanItem): item is DeletableItem {
  return item.verdict === 'delete' && item.sessionId !== null;
}
