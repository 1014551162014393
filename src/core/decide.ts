import type { Conversation, LastMessage } from './conversation.ts';
import { formatDuration, type Duration } from './duration.ts';
import { holdOver, type Hold } from './hold.ts';
import { wholeDaysBetween } from './instant.ts';
import type { Decision } from './plan.ts';
import type { Policy, Rule } from './policy.ts';
import { cutoffsAt, evaluate, factsUsed, type AgeClock, type Facts, type Selector } from './selector.ts';

/** Either the decision, or the one thing that would have to be read first. */
export type Step =
  { readonly kind: 'decided'; readonly decision: Decision } | { readonly kind: 'needs_last_message' };

export interface Decider {
  /**
   * Decides one conversation. With an `unread` newest message the answer may be that it must be read; with a `read`
   * one it is always a decision.
   */
  decide(conversation: Conversation, lastMessage: LastMessage): Step;
}

/**
 * The rules of one policy at one instant. Every cutoff is computed from `now` once, so that two conversations of one
 * run are measured by the same ruler.
 */
export function createDecider(
  policy: Pick<Policy, 'rules' | 'limits'>,
  holds: readonly Hold[],
  now: number,
): Decider {
  const cutoff = cutoffsAt(now);
  const youngest = cutoff(policy.limits.minAge);
  return {
    decide(conversation, lastMessage) {
      const facts: Facts = { conversation, lastMessage };
      const hold = holdOver(holds, conversation, now);
      if (hold !== undefined) {
        const ageDays = ageOf(facts, 'created', now);
        return decided({ verdict: 'held', rule: null, reason: `held for ${hold.matter}`, ageDays });
      }
      for (const rule of policy.rules) {
        const { truth, wantsLastMessage } = evaluate(rule.selector, facts, { now, cutoff });
        if (truth === 'no') continue;
        const ageDays = ageOf(facts, clockOf(rule.selector), now);
        if (truth === 'unknown') {
          if (wantsLastMessage) return { kind: 'needs_last_message' };
          const reason = unknownReason(rule, facts, now);
          return decided({ verdict: 'unknown', rule: rule.name, reason, ageDays });
        }
        if (rule.action === 'keep') {
          return decided({ verdict: 'keep', rule: rule.name, reason: `rule ${rule.name} keeps it`, ageDays });
        }
        return deletable({ rule, facts, now, youngest, ageDays, minAge: policy.limits.minAge });
      }
      const ageDays = ageOf(facts, 'created', now);
      return decided({ verdict: 'keep', rule: null, reason: 'no rule matches', ageDays });
    },
  };
}

/**
 * Whether a delete decision by this rule rests on something that people or visitors can change after the listing:
 * a name, an update, a newer message. Who created a conversation, and when, does not change as long as it is the same one.
 */
export function restsOnChangeableFacts(
  policy: Pick<Policy, 'rules'>,
  ruleName: string | null,
): { readonly listed: boolean; readonly lastMessage: boolean } {
  const last = policy.rules.findIndex((rule) => rule.name === ruleName);
  const used = policy.rules
    .slice(0, last === -1 ? policy.rules.length : last + 1)
    .map((rule) => factsUsed(rule.selector));
  return {
    listed: used.some((facts) => facts.has('name') || facts.has('updated')),
    lastMessage: used.some((facts) => facts.has('last_message')),
  };
}

function deletable(found: {
  rule: Rule;
  facts: Facts;
  now: number;
  youngest: number;
  ageDays: number | null;
  minAge: Duration;
}): Step {
  const { rule, facts, now, youngest, ageDays } = found;
  const { createdAt } = facts.conversation;
  if (createdAt === undefined || createdAt > now) {
    const reason = 'its creation date is unknown, so min_age cannot be checked';
    return decided({ verdict: 'unknown', rule: rule.name, reason, ageDays });
  }
  if (createdAt >= youngest) {
    const reason = `younger than min_age ${formatDuration(found.minAge)}`;
    return decided({ verdict: 'keep', rule: rule.name, reason, ageDays });
  }
  return decided({ verdict: 'delete', rule: rule.name, reason: `rule ${rule.name} matches`, ageDays });
}

function decided(decision: Decision): Step {
  return { kind: 'decided', decision };
}

/** The clock a person means by the age of what this selector matches. */
function clockOf(selector: Selector): AgeClock {
  const used = factsUsed(selector);
  return (['last_message', 'updated'] as const).find((clock) => used.has(clock)) ?? 'created';
}

function instantOf({ conversation, lastMessage }: Facts, clock: AgeClock): number | undefined {
  switch (clock) {
    case 'created':
      return conversation.createdAt;
    case 'updated':
      return conversation.updatedAt;
    case 'last_message':
      // Stryker disable next-line ConditionalExpression: one that is unread has no date either
      return lastMessage.state === 'read' ? lastMessage.at : undefined;
  }
}

function ageOf(facts: Facts, clock: AgeClock, now: number): number | null {
  const at = instantOf(facts, clock);
  return at === undefined || at > now ? null : wholeDaysBetween(at, now);
}

/** Why nobody can tell whether the rule matches. */
export function unknownReason(rule: Rule, facts: Facts, now: number): string {
  const used = factsUsed(rule.selector);
  const { conversation } = facts;
  const missing: string[] = [];
  if (used.has('name') && conversation.name === undefined) missing.push('name');
  if (used.has('created_by') && conversation.createdBy === undefined) missing.push('creator');
  for (const [fact, clock, words] of [
    ['created', 'created', 'creation date'],
    ['updated', 'updated', 'update date'],
    ['last_message', 'last_message', "newest message's date"],
  ] as const) {
    if (used.has(fact) && ageOf(facts, clock, now) === null) missing.push(words);
  }
  return `rule ${rule.name} needs its ${missing.join(' and ')}, which is unknown`;
}
