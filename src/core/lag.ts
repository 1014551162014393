import { earliestOf, laterOf } from './instant.ts';
import type { AgeClock, Cutoffs, Selector } from './selector.ts';
import type { PlanItem } from './plan.ts';

/**
 * Milliseconds by which a conversation that a rule matched is past its cutoff; undefined where the rule looks at no age.
 * Where several ages count together, the one that was reached last says when it was due.
 */
export function lagMs(
  selector: Selector,
  item: Pick<PlanItem, 'seen' | 'lastMessageAt'>,
  cutoff: Cutoffs,
): number | undefined {
  switch (selector.kind) {
    case 'older_than': {
      const since = clockOf(item, selector.clock);
      const past = since === undefined ? undefined : cutoff(selector.duration) - since;
      return past !== undefined && past >= 0 ? past : undefined;
    }
    case 'all':
    case 'any': {
      const lags = selector.of.flatMap((part) => lagMs(part, item, cutoff) ?? []);
      if (lags.length === 0) return undefined;
      return selector.kind === 'all' ? Math.min(...lags) : Math.max(...lags);
    }
    case 'everything':
    case 'name':
    case 'created_by':
    case 'session_ids':
    case 'not':
      return undefined;
  }
}

/** As the selector counts: from the clock's instant, and never from before the creation. */
function clockOf(
  { seen: { createdAt, updatedAt }, lastMessageAt }: Pick<PlanItem, 'seen' | 'lastMessageAt'>,
  clock: AgeClock,
): number | undefined {
  const at = { created: createdAt, updated: updatedAt, last_message: lastMessageAt }[clock];
  if (at === undefined) return undefined;
  return earliestOf(createdAt === undefined ? at : laterOf(createdAt, at));
}
