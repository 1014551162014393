import type { Conversation, Project } from './conversation.ts';
import { restsOnChangeableTraits, type Rests, unknownReason, type Decider } from './decide.ts';
import type { Decision } from './plan.ts';
import type { Policy, Rule } from './policy.ts';
import { cutoffsAt, evaluate, type EvaluationContext, type Subject, type Truth } from './selector.ts';

/** What another policy of the folder has to say: all but its deletions. */
export type OtherPolicy = Pick<Policy, 'name' | 'projects' | 'rules'>;

/** A rule that keeps a conversation from another policy's deletion. */
export interface ForeignKeep {
  readonly policy: string;
  readonly rule: string;
  /** `unknown`: nobody can tell whether the rule matches, so it may. */
  readonly verdict: 'keep' | 'unknown';
  readonly reason: string;
}

export type Answered =
  | { readonly kind: 'free'; readonly asked: readonly AskedRule[] }
  | { readonly kind: 'kept'; readonly by: ForeignKeep; readonly asked: readonly AskedRule[] };

export type ForeignAnswer =
  | Answered
  /** Nothing can be said before the newest message was read. */
  | { readonly kind: 'needs_last_message' };

/** A keep rule of another policy that was asked about a conversation, and what it said. */
export interface AskedRule {
  readonly policy: string;
  readonly rule: string;
  readonly truth: Truth;
}

/** What other policies keep in one project. */
export interface ForeignKeeps {
  ask(subject: Subject): ForeignAnswer;
}

/** Whether a keep rule also stops other policies. One that matches everything says only what its own policy does. */
export function isBinding({ action, selector, binds }: Rule): boolean {
  return action === 'keep' && selector.kind !== 'everything' && binds === 'every_policy';
}

/** As it stands in decisions and warnings: two policies may each have a rule `vip`. */
export function foreignRuleName(keep: { readonly policy: string; readonly rule: string }): string {
  return `${keep.rule} of policy ${keep.policy}`;
}

/**
 * Whether the other policy looks at this project. One whose name is not known may be any of those that it looks at: its
 * keeps count there, even where its deletions would not.
 */
export function mayCover({ projects }: Pick<OtherPolicy, 'projects'>, project: Project): boolean {
  if (projects.includesForKeeps(project)) return true;
  if (project.name !== undefined) return false;
  const isExcluded = projects.excludeEntries.some((entry) => entry.kind === 'id' && entry.matches(project));
  return !isExcluded && projects.include.some((pattern) => !/^[0-9]+$/.test(pattern));
}

/** What other policies keep in this project, by their rules at `now`. */
export function foreignKeepsIn(others: readonly OtherPolicy[], project: Project, now: number): ForeignKeeps {
  const context = { now, cutoff: cutoffsAt(now) };
  const here = others
    .filter((other) => mayCover(other, project))
    .map(({ name, rules }) => ({ name, rules: upToLastBinding(rules) }));
  return {
    ask(subject) {
      const asked: AskedRule[] = [];
      let isUnread = false;
      for (const policy of here) {
        const answer = askOne(policy, { subject, context, asked });
        if (answer === 'unread') isUnread = true;
        // One that keeps it without a further look spares the look.
        else if (answer !== 'free') return { kind: 'kept', by: answer, asked };
      }
      return isUnread ? { kind: 'needs_last_message' } : { kind: 'free', asked };
    },
  };
}

/** The rules of other policies that are asked at all. */
export function foreignRules(others: readonly Pick<OtherPolicy, 'rules'>[]): readonly Rule[] {
  return others.flatMap(({ rules }) => upToLastBinding(rules));
}

/** What the deletions of a policy rest on beside its own rules, and people can change. */
export function restsOnForeignKeeps(others: readonly Pick<OtherPolicy, 'rules'>[]): Rests {
  return restsOnChangeableTraits({ rules: foreignRules(others) }, null);
}

/** A conversation that was decided: by its own policy's rules, and then by what the others say to that. */
export interface Judged {
  readonly conversation: Conversation;
  readonly own: Decision;
  /** Undefined: they were not asked, because it would not be deleted anyway. */
  readonly answer: Answered | undefined;
}

/**
 * The decisions of a policy where other policies keep what it would delete. They are asked about nothing else. `onJudged`
 * is told each decision that is given.
 */
export function withForeignKeeps(
  decider: Decider,
  keeps: ForeignKeeps,
  onJudged: (judged: Judged) => void,
): Decider {
  return {
    decide(conversation, lastMessage) {
      const step = decider.decide(conversation, lastMessage);
      if (step.kind !== 'decided') return step;
      const own = step.decision;
      const answer = own.verdict === 'delete' ? keeps.ask({ conversation, lastMessage }) : undefined;
      if (answer?.kind === 'needs_last_message') return answer;
      onJudged({ conversation, own, answer });
      return answer?.kind === 'kept' ? { kind: 'decided', decision: keptBy(answer.by, own) } : step;
    },
  };
}

function keptBy(by: ForeignKeep, { ageDays }: Decision): Decision {
  return { verdict: by.verdict, rule: foreignRuleName(by), reason: by.reason, ageDays };
}

/** What stands behind the last keep that binds others can keep nothing from them. */
function upToLastBinding(rules: readonly Rule[]): readonly Rule[] {
  return rules.slice(0, rules.findLastIndex(isBinding) + 1);
}

/**
 * What the first matching rule of one policy says. A delete rule, or a keep that binds its own policy alone, ends the
 * question where it surely matches. Where that is not known, a later keep may be the first to match, and so it keeps.
 */
function askOne(
  policy: Pick<OtherPolicy, 'name' | 'rules'>,
  question: {
    readonly subject: Subject;
    readonly context: EvaluationContext;
    readonly asked: AskedRule[];
  },
): ForeignKeep | 'free' | 'unread' {
  const { subject, context, asked } = question;
  let isUnread = false;
  for (const rule of policy.rules) {
    const { truth, wantsLastMessage } = evaluate(rule.selector, subject, context);
    const binds = isBinding(rule);
    if (truth === 'unknown' && wantsLastMessage) {
      if (binds) return 'unread';
      isUnread = true;
      continue;
    }
    const keep = { policy: policy.name, rule: rule.name };
    if (binds && !isUnread) asked.push({ ...keep, truth });
    if (truth === 'no') continue;
    if (binds && isUnread) return 'unread';
    if (binds) {
      const name = foreignRuleName(keep);
      return truth === 'yes'
        ? { ...keep, verdict: 'keep', reason: `rule ${name} keeps it` }
        : { ...keep, verdict: 'unknown', reason: unknownReason({ ...rule, name }, subject, context.now) };
    }
    if (truth === 'yes') return 'free';
  }
  return 'free';
}
