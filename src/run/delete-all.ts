import type { PlanItem } from '../core/plan.ts';
import { isKeyRefused } from './api-faults.ts';
import type { Slot } from './context.ts';
import { deleteOne } from './delete-one.ts';
import type { DeletionContext, Sent } from './deletion.ts';
import type { DeletableItem } from './recheck.ts';

/** Deletions begun and not settled, those included that only wait for a late 404 or a control: bounds memory, not requests. */
const MAX_OPEN = 1000;

/**
 * Deletes these items of the plan, as many at once as the policy allows, and resolves when each is settled or left open.
 * The first error that must end the run stops the others, and is thrown once they have ended.
 */
export async function deleteAll(
  context: DeletionContext,
  items: AsyncIterable<PlanItem>,
  /** By session id: the DELETE that was sent for it before in this run. */
  sentBefore: ReadonlyMap<string, Sent> = new Map(),
): Promise<void> {
  const open = new Set<Promise<void>>();
  const guarded = { ...context, slot: createGuardedSlot(context) };
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
    const one = deleteOne(guarded, item, { previous: sentBefore.get(item.sessionId), onBegun: begun })
      .catch((error: unknown) => {
        firstError ??= { error };
        context.onError();
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
    while (!context.brake.isClear) await context.brake.change();
  };
  try {
    await startEach(context, items, { start, room });
  } catch (error) {
    firstError ??= { error };
    context.onError();
  }
  context.desk.endAll();
  await Promise.all(open);
  if (firstError !== undefined) throw firstError.error;
}

/** A refused key stops all others before its slot is given to the next, which would send one DELETE more. */
function createGuardedSlot({ slot, onError }: DeletionContext): Slot {
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

/** Starts one deletion after the other, as long as there is room for another. */
async function startEach(
  context: DeletionContext,
  items: AsyncIterable<PlanItem>,
  { start, room }: { readonly start: (item: DeletableItem) => void; readonly room: () => Promise<void> },
): Promise<void> {
  let current: number | undefined;
  for await (const item of items) {
    if (context.signals.stop.aborted || context.brake.isPulled) break;
    if (current !== undefined && current !== item.projectId) context.desk.ended(current);
    current = item.projectId;
    if (isDeletable(item)) start(item);
    await room();
  }
}

function isDeletable(item: PlanItem): item is DeletableItem {
  return item.verdict === 'delete' && item.sessionId !== null;
}

/**
 * Intents that are written while all slots are taken, so that none of them waits for the disk: for each slot one that is
 * ready and one that is being written. At a pace an intent would only grow old in that line: then no more than a second's worth.
 */
function intendedAhead({ policy, requestsPerMinute }: DeletionContext): number {
  const aSecondsWorth = requestsPerMinute === 'unlimited' ? Infinity : Math.ceil(requestsPerMinute / 60);
  return Math.min(2 * policy.concurrency, aSecondsWorth);
}
