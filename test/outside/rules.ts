// Which rule, if any, answers a request in the account's stead.
import type { Conversation } from './account.js';
import type { Behave, Route, Rule, Where } from './behave.js';

export interface Asked {
  route: Route;
  project: number | null;
  session: string | null;
  page: number;
  /** The conversation that is meant, there or gone. */
  one: Conversation | undefined;
  /** DELETEs that came in before, in all or in one project. */
  deletesBefore: (project?: number) => number;
}

export class Rules {
  private readonly matched = new Map<Rule, number>();
  private readonly firstAt = new Map<Rule, number>();
  private readonly behave: Behave;

  constructor(behave: Behave) {
    this.behave = behave;
  }

  /** The first rule that speaks for this request; asking counts as a match. */
  pick(asked: Asked): Rule | undefined {
    return this.behave.rules?.find((rule) => this.speaks(rule, asked));
  }

  private speaks(rule: Rule, asked: Asked): boolean {
    if (!means(rule.on, asked.route) || !fits(rule.where ?? {}, asked)) return false;
    if (asked.deletesBefore(rule.where?.project) < (rule.after_deletes ?? 0)) return false;
    const before = this.matched.get(rule) ?? 0;
    this.matched.set(rule, before + 1);
    const skip = rule.skip ?? 0;
    if (before < skip || before >= skip + (rule.times ?? Infinity)) return false;
    const first = this.firstAt.get(rule) ?? Date.now();
    this.firstAt.set(rule, first);
    return Date.now() - first < (rule.lasts_ms ?? Infinity);
  }
}

function means(on: Rule['on'], route: Route): boolean {
  return on === 'any' || on === route || (Array.isArray(on) && on.includes(route));
}

function fits(where: Where, asked: Asked): boolean {
  const { one } = asked;
  if (where.project !== undefined && asked.project !== where.project) return false;
  if (where.page_from !== undefined && asked.page < where.page_from) return false;
  if (where.kind !== undefined && one?.kind !== where.kind) return false;
  if (where.names !== undefined && where.names.every((start) => one?.name?.startsWith(start) !== true))
    return false;
  return where.state === undefined || where.state === stateOf(one);
}

function stateOf(one: Conversation | undefined): 'there' | 'gone' | 'never' {
  if (one === undefined) return 'never';
  return one.goneAt === null ? 'there' : 'gone';
}
