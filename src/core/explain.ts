import type { Project } from './conversation.ts';
import { againstMinAge, firstMatch, type MinAgeState } from './decide.ts';
import type { Policy, ProjectSelector, Rule } from './policy.ts';
import {
  cutoffsAt,
  evaluate,
  type Evaluation,
  type EvaluationContext,
  type Selector,
  type Subject,
} from './selector.ts';

/* Why a decision is what it is. Each answer comes from the very function that decides; nothing is decided here. */

/** A match, or a part of one, and what it says of a conversation. */
export interface ClauseExplained extends Evaluation {
  readonly selector: Selector;
  /** Of an age: the instant (epoch ms) that it is measured by; what is older matches. Undefined for all else. */
  readonly cutoff: number | undefined;
  readonly parts: readonly ClauseExplained[];
}

export interface RuleExplained {
  readonly rule: Rule;
  readonly match: ClauseExplained;
}

export interface RulesExplained {
  /** All of the policy, in order; those behind the first that matches are not asked when it is decided. */
  readonly rules: readonly RuleExplained[];
  /** Name of the rule that decides: the first that matches, or may. Undefined: none does. */
  readonly first: string | undefined;
  /** What `min_age` says, which counts where that rule deletes. `cutoff`: epoch ms. */
  readonly minAge: { readonly state: MinAgeState; readonly cutoff: number };
}

/** Each rule of a policy, each part of its match, and which of them decides, at `now`. */
export function explainRules(
  { rules, limits }: Pick<Policy, 'rules' | 'limits'>,
  subject: Subject,
  now: number,
): RulesExplained {
  const cutoff = cutoffsAt(now);
  const explained = rules.map((rule) => ({
    rule,
    match: explain(rule.selector, subject, { now, cutoff }),
  }));
  const youngest = cutoff(limits.minAge);
  return {
    rules: explained,
    first: firstMatch(explained, subject, { now, cutoff })?.one.rule.name,
    minAge: { state: againstMinAge(subject.conversation, { now, youngest }), cutoff: youngest },
  };
}

function explain(selector: Selector, subject: Subject, context: EvaluationContext): ClauseExplained {
  return {
    selector,
    ...evaluate(selector, subject, context),
    cutoff: selector.kind === 'older_than' ? context.cutoff(selector.duration) : undefined,
    parts: partsOf(selector).map((part) => explain(part, subject, context)),
  };
}

function partsOf(selector: Selector): readonly Selector[] {
  switch (selector.kind) {
    case 'any':
    case 'all':
      return selector.of;
    case 'not':
      return [selector.of];
    default:
      return [];
  }
}

/** Whether a policy looks at a project, and which of its entries say so. */
export interface Coverage {
  readonly isCovered: boolean;
  /** As written; undefined: none. */
  readonly includedBy: string | undefined;
  readonly excludedBy: string | undefined;
}

export function coverageOf(
  {
    includes,
    includedBy,
    excludeEntries,
  }: Pick<ProjectSelector, 'includes' | 'includedBy' | 'excludeEntries'>,
  project: Project,
): Coverage {
  return {
    isCovered: includes(project),
    includedBy: includedBy(project),
    excludedBy: excludeEntries.find(({ matches }) => matches(project))?.written,
  };
}
