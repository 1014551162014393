import type { Conversation, LastMessage } from './conversation.ts';
import { formatDuration } from './duration.ts';
import type { HoldIndex } from './hold.ts';
import { earliestOf, inWords, latestOf, wholeDaysBetween, type Instant } from './instant.ts';
import type { Decision } from './plan.ts';
import type { Verdict } from './verdict.ts';
import type { Policy, Rule } from './policy.ts';
import {
  cutoffsAt,
  evaluate,
  traitsUsed,
  type AgeClock,
  type Evaluation,
  type EvaluationContext,
  type Subject,
  type Trait,
} from './selector.ts';

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
  holds: HoldIndex,
  now: number,
): Decider {
  const cutoff = cutoffsAt(now);
  const { minAge } = policy.limits;
  const youngest = cutoff(minAge);
  const rules = policy.rules.map((rule) => ({ rule, used: traitsUsed(rule.selector) }));
  return {
    decide(conversation, lastMessage) {
      const subject: Subject = { conversation, lastMessage };
      const hold = holds.over(conversation, now);
      if (hold !== undefined) {
        const ageDays = ageOf(subject, 'created', now);
        return decided({ verdict: 'held', rule: null, reason: `held for ${hold.matter}`, ageDays });
      }
      const first = firstMatch(rules, subject, { now, cutoff });
      if (first !== undefined) {
        const { rule, used } = first.one;
        const { truth, wantsLastMessage } = first.evaluation;
        const ageDays = ageOf(subject, clockOf(used), now);
        const by = (verdict: Verdict, reason: string): Step =>
          decided({ verdict, rule: rule.name, reason, ageDays });
        if (truth === 'unknown') {
          return wantsLastMessage
            ? { kind: 'needs_last_message' }
            : by('unknown', unknownReason(rule, subject, now));
        }
        if (rule.action === 'keep') return by('keep', `rule ${rule.name} keeps it`);
        switch (againstMinAge(conversation, { now, youngest })) {
          case 'unknown':
            return by('unknown', 'its creation date is unknown, so min_age cannot be checked');
          case 'younger':
            return by('keep', `younger than min_age ${formatDuration(minAge)}`);
          case 'old_enough':
            return by('delete', `rule ${rule.name} matches${roughlySince(used, subject)}`);
        }
      }
      const ageDays = ageOf(subject, 'created', now);
      return decided({ verdict: 'keep', rule: null, reason: 'no rule matches', ageDays });
    },
  };
}

/** The first rule that matches, or of which nobody can tell: it decides, and those behind it are not asked. */
export function firstMatch<One extends { readonly rule: Pick<Rule, 'selector'> }>(
  rules: readonly One[],
  subject: Subject,
  context: EvaluationContext,
): { readonly one: One; readonly evaluation: Evaluation } | undefined {
  for (const one of rules) {
    const evaluation = evaluate(one.rule.selector, subject, context);
    if (evaluation.truth !== 'no') return { one, evaluation };
  }
  return undefined;
}

export type MinAgeState = 'old_enough' | 'younger' | 'unknown';

/** Whether a conversation that a rule deletes is old enough for that. `youngest`: `min_age` before now. */
export function againstMinAge(
  { createdAt }: Pick<Conversation, 'createdAt'>,
  { now, youngest }: { readonly now: number; readonly youngest: number },
): MinAgeState {
  if (createdAt === undefined || earliestOf(createdAt) > now) return 'unknown';
  return latestOf(createdAt) >= youngest ? 'younger' : 'old_enough';
}

/** What a decision rests on that can change. `listed`: what a row shows; `lastMessage`: the newest message. */
export interface Rests {
  readonly listed: boolean;
  readonly lastMessage: boolean;
}

/**
 * Whether a delete decision by this rule rests on something that people or visitors can change after the listing:
 * a name, an update, a newer message. Who created a conversation, and when, does not change as long as it is the same one.
 */
export function restsOnChangeableTraits(policy: Pick<Policy, 'rules'>, ruleName: string | null): Rests {
  const last = policy.rules.findIndex((rule) => rule.name === ruleName);
  const used = policy.rules
    .slice(0, last === -1 ? policy.rules.length : last + 1)
    .map((rule) => traitsUsed(rule.selector));
  return {
    listed: used.some((traits) => traits.has('name') || traits.has('updated')),
    lastMessage: used.some((traits) => traits.has('last_message')),
  };
}

function decided(decision: Decision): Step {
  return { kind: 'decided', decision };
}

/** By delete rule: the clock that it judges ages by, where it is not the creation. */
export function agesJudgedBy({ rules }: Pick<Policy, 'rules'>): ReadonlyMap<string, AgeClock> {
  return new Map(
    rules
      .filter(({ action }) => action === 'delete')
      .map(({ name, selector }) => [name, clockOf(traitsUsed(selector))] as const)
      .filter(([, clock]) => clock !== 'created'),
  );
}

/** The clock a person means by the age of what a selector matches that looks at these. */
function clockOf(used: ReadonlySet<Trait>): AgeClock {
  return (['last_message', 'updated'] as const).find((clock) => used.has(clock)) ?? 'created';
}

const DATES = [
  ['created', 'creation date'],
  ['updated', 'update date'],
  ['last_message', "newest message's date"],
] as const;

/** Said of a match, too: a person must be able to see on what it rests. */
function roughlySince(used: ReadonlySet<Trait>, subject: Subject): string {
  const rough = DATES.flatMap(([clock, words]) => {
    const at = used.has(clock) ? instantOf(subject, clock) : undefined;
    return typeof at === 'string' ? [`${words} ${inWords(at)}`] : [];
  });
  return rough.length === 0 ? '' : ` (${rough.join(', ')})`;
}

/** The instant of a conversation that a clock looks at; undefined where it is not known, or not read. */
export function instantOf({ conversation, lastMessage }: Subject, clock: AgeClock): Instant | undefined {
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

function ageOf(subject: Subject, clock: AgeClock, now: number): number | null {
  const at = instantOf(subject, clock);
  if (at === undefined || earliestOf(at) > now) return null;
  return Math.max(0, wholeDaysBetween(latestOf(at), now));
}

/** Why nobody can tell whether the rule matches. */
export function unknownReason(rule: Rule, subject: Subject, now: number): string {
  const used = traitsUsed(rule.selector);
  const { conversation } = subject;
  const missing: string[] = [];
  if (used.has('name') && conversation.name === undefined) missing.push('name');
  if (used.has('created_by') && conversation.createdBy === undefined) missing.push('creator');
  const rough: string[] = [];
  for (const [clock, words] of DATES) {
    const at = instantOf(subject, clock);
    // Every clock looks at the creation, too: an exact one decides there and then, a rough one may leave it open.
    const isBound = clock === 'created' && (used.has('updated') || used.has('last_message'));
    if (used.has(clock) && (at === undefined || earliestOf(at) > now)) missing.push(words);
    else if ((used.has(clock) || isBound) && typeof at === 'string')
      rough.push(`${words}, which lies ${inWords(at)}`);
  }
  const unknown = missing.length === 0 ? [] : [`${missing.join(' and ')}, which is unknown`];
  return `rule ${rule.name} needs its ${[...unknown, ...rough].join(', and its ')}`;
}
