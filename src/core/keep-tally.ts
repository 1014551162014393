import { foreignRuleName, isBinding, type Judged, type OtherPolicy } from './foreign-keeps.ts';
import type { Policy, Rule } from './policy.ts';

/** How often one keep rule was asked, and what it said. */
export interface KeepCount {
  /** `vip`, or `vip of policy b`. */
  readonly name: string;
  readonly isForeign: boolean;
  /** It keeps everything, so it cannot be misspelt. */
  readonly keepsAll: boolean;
  readonly asked: number;
  readonly matched: number;
  /** Left alone, because nobody can tell whether it matches. */
  readonly unknown: number;
}

/** Counts what keep rules say while decisions are made. */
export class KeepTally {
  readonly #counts: Map<string, { -readonly [Key in keyof KeepCount]: KeepCount[Key] }>;
  /** The policy's own, in their order. */
  readonly #rules: readonly Rule[];

  constructor(policy: Pick<Policy, 'rules'>, others: readonly OtherPolicy[]) {
    const nothing = { asked: 0, matched: 0, unknown: 0 };
    this.#rules = policy.rules;
    const keeps = policy.rules.filter(({ action }) => action === 'keep');
    const own = keeps.map(({ name, selector }) => {
      const keepsAll = selector.kind === 'everything';
      return { name, isForeign: false, keepsAll, ...nothing };
    });
    const foreign = others.flatMap((other) =>
      other.rules.filter(isBinding).map(({ name: rule }) => {
        const name = foreignRuleName({ policy: other.name, rule });
        return { name, isForeign: true, keepsAll: false, ...nothing };
      }),
    );
    this.#counts = new Map([...own, ...foreign].map((count) => [keyOf(count), count]));
  }

  note({ own, answer }: Judged): void {
    // What is held was decided before any rule.
    if (own.verdict === 'held') return;
    const said = own.verdict === 'unknown' ? 'unknown' : 'yes';
    for (const { name, action } of this.#rules) {
      const hasDecided = name === own.rule;
      if (action === 'keep') this.#count({ name, isForeign: false }, hasDecided ? said : 'no');
      if (hasDecided) break;
    }
    for (const { truth, ...keep } of answer?.asked ?? []) {
      this.#count({ name: foreignRuleName(keep), isForeign: true }, truth);
    }
  }

  /** Adds what another tally of the same rules has counted. */
  add(other: KeepTally): void {
    for (const [key, { asked, matched, unknown }] of other.#counts) {
      const count = this.#counts.get(key);
      if (count === undefined) continue;
      count.asked += asked;
      count.matched += matched;
      count.unknown += unknown;
    }
  }

  counts(): readonly KeepCount[] {
    return [...this.#counts.values()];
  }

  #count(rule: Pick<KeepCount, 'name' | 'isForeign'>, truth: 'yes' | 'no' | 'unknown'): void {
    const count = this.#counts.get(keyOf(rule));
    if (count === undefined) return;
    count.asked += 1;
    if (truth === 'yes') count.matched += 1;
    if (truth === 'unknown') count.unknown += 1;
  }
}

/** A rule of ours may be called what a foreign one is called here. */
function keyOf({ name, isForeign }: Pick<KeepCount, 'name' | 'isForeign'>): string {
  return `${isForeign ? 'foreign' : 'own'} ${name}`;
}
