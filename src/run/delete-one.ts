import { ApiError } from '../core/errors.ts';
import { isKeyRefused } from './api-faults.ts';
import { Brake } from './brake.ts';
import {
  recordUnsent,
  SETTLED,
  type Begun,
  type DeletionContext,
  type Sent,
  type Stage,
} from './deletion.ts';
import { prove, proving, watch } from './prove-deletion.ts';
import { recheck, type DeletableItem } from './recheck.ts';
import { send } from './send-delete.ts';

/**
 * Takes one conversation from the plan to its outcome: recheck, durable intent, DELETE, follow-up GET until 404,
 * control, durable outcome. A slot is held only while requests that must be bounded are under way; neither the disk nor a
 * server that goes on answering for a while stops the others. `previous` is a DELETE of this run
 * that an earlier 404 seemed to prove. `onBegun` is called once the first DELETE and its first
 * follow-up GET are over, or will not be sent. Throws what must end the run.
 */
export async function deleteOne(
  context: DeletionContext,
  item: DeletableItem,
  { previous, onBegun }: { readonly previous: Sent | undefined; readonly onBegun: () => void },
): Promise<void> {
  let doubtOver: ReturnType<Brake['doubt']> | undefined;
  try {
    let stage = await beginFirst(context, item, previous).finally(onBegun);
    for (;;) {
      switch (stage.stage) {
        case 'settled':
          return;
        case 'watching':
          doubtOver ??= context.brake.doubt(stage.sent.answer.kind === 'accepted' ? 'slow' : 'unclear');
          stage = await watch(context, item, stage.sent);
          break;
        case 'proving':
          doubtOver?.(true);
          doubtOver = undefined;
          stage = await prove(context, item, stage);
          break;
        case 'again': {
          const { begun } = stage;
          stage = await begin(context, item, begun);
          break;
        }
      }
    }
  } catch (error) {
    // Left open on purpose: the next run settles the intent by a GET before it does anything else.
    if (error instanceof ApiError && error.failure === 'aborted') return;
    // A refused key abandons the others, and is what the run has to tell.
    if (context.signals.abandon.aborted && !isKeyRefused(error)) return;
    throw error;
  } finally {
    doubtOver?.(false);
  }
}

/** A turn that came too late does not make room for another: else the line would grow with every late turn. */
async function beginFirst(
  context: DeletionContext,
  item: DeletableItem,
  previous: Sent | undefined,
): Promise<Stage> {
  let stage = await begin(context, item, { previous, late: 0 });
  while (stage.stage === 'again' && stage.begun.previous === previous) {
    stage = await begin(context, item, stage.begun);
  }
  return stage;
}

async function begin(context: DeletionContext, item: DeletableItem, begun: Begun): Promise<Stage> {
  const { previous } = begun;
  context.clockWatch.assertSteady();
  if (context.signals.stop.aborted)
    return giveUp(context, item, { begun, reason: 'stopped before a DELETE was sent' });
  const barred = context.brake.isPulled ? Brake.reason : context.lostProjects.get(item.projectId);
  if (barred !== undefined) return giveUp(context, item, { begun, reason: barred });
  const { relisting } = context;
  const checked = await recheck(context, item, { relisting, always: previous !== undefined });
  switch (checked.kind) {
    case 'changed':
      return giveUp(context, item, { begun, reason: checked.reason });
    case 'gone':
      if (previous !== undefined) return proving(previous, checked);
      return { stage: 'proving', outcome: 'already_gone', facts: { found_by: 'recheck' } };
    case 'unchanged':
      break;
  }
  if (!context.allowance.take(item.projectId, item.sessionId)) {
    return giveUp(context, item, { begun, reason: 'the limits leave no room' });
  }
  return send(context, item, { begun, seen: checked.seen });
}

async function giveUp(
  context: DeletionContext,
  item: DeletableItem,
  { begun, reason }: { readonly begun: Begun; readonly reason: string },
): Promise<Stage> {
  const { previous, late } = begun;
  // Never begun: neither planned work nor its stop is anything to record.
  if (previous === undefined && context.signals.stop.aborted && late === 0) return SETTLED;
  return recordUnsent(context, item, { previous, reason });
}
