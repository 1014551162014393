import type { Limits, Rule } from './policy.ts';
import { cutoffsAt, leavesOf, type Cutoffs, type Selector } from './selector.ts';

/* How far a listing, and the messages of a conversation, have to be read: beyond it nothing can be deleted. */

/**
 * The instant (epoch ms) from which on no conversation can be deleted by any rule, by its `created_at` alone: so a
 * listing, oldest first, may stop at the first conversation created at or after it. `-Infinity` when no rule deletes.
 * Sound for every clock, because `evaluate` never counts an age from before the creation.
 */
export function reachOf(
  policy: {
    readonly rules: readonly Pick<Rule, 'selector' | 'action'>[];
    readonly limits: Pick<Limits, 'minAge'>;
  },
  now: number,
): number {
  const cutoff = cutoffsAt(now);
  const deleting = policy.rules.filter((rule) => rule.action === 'delete');
  const furthest = Math.max(...deleting.map((rule) => reachOfSelector(rule.selector, cutoff)));
  // Exactly as old as `min_age` is not younger than it, hence the millisecond.
  return Math.min(furthest, cutoff(policy.limits.minAge) + 1);
}

/**
 * The instant (epoch ms) from which on a newest message makes a conversation too young for every age that is counted from
 * it; undefined when no rule counts so. Whoever has seen one such message need look no further.
 */
export function messageReachOf(rules: readonly Pick<Rule, 'selector'>[], now: number): number | undefined {
  const cutoff = cutoffsAt(now);
  const cutoffs = rules
    .flatMap(({ selector }) => leavesOf(selector))
    .flatMap(({ leaf }) =>
      // Stryker disable next-line ConditionalExpression: no other leaf has a clock; the kind is asked for the types
      leaf.kind === 'older_than' && leaf.clock === 'last_message' ? [cutoff(leaf.duration)] : [],
    );
  return cutoffs.length === 0 ? undefined : Math.max(...cutoffs);
}

/** Created at or after this instant, nothing makes the selector say `yes`. */
function reachOfSelector(selector: Selector, cutoff: Cutoffs): number {
  switch (selector.kind) {
    case 'older_than':
      return cutoff(selector.duration);
    case 'any':
      return Math.max(...selector.of.map((part) => reachOfSelector(part, cutoff)));
    case 'all':
      return Math.min(...selector.of.map((part) => reachOfSelector(part, cutoff)));
    case 'everything':
    case 'name':
    case 'created_by':
    case 'session_ids':
    case 'not':
      return Infinity;
  }
}
