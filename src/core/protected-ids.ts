import { foldSessionId } from './ids.ts';
import type { Rule } from './policy.ts';
import { keepingLeaves, type Leaf } from './selector.ts';

/** A session id that a rule names to keep it. */
export interface ProtectedId {
  readonly rule: string;
  /** As written. */
  readonly sessionId: string;
}

/** Session ids in keep rules, and under `not` in delete rules. */
export function protectedIds(rules: readonly Rule[]): readonly ProtectedId[] {
  return rules.flatMap((rule) =>
    keepingLeaves(rule)
      .flatMap(idsIn)
      .map((sessionId) => ({ rule: rule.name, sessionId })),
  );
}

/** Exhaustive, so that whoever adds a kind of selector decides whether it names what must be there. */
function idsIn(leaf: Leaf): readonly string[] {
  switch (leaf.kind) {
    case 'session_ids':
      return [...leaf.ids];
    case 'everything':
    case 'older_than':
    case 'name':
    case 'created_by':
      return [];
  }
}

/** Which of them a plan has not come across. */
export class MissingIds {
  readonly #ids: readonly ProtectedId[];
  readonly #missing: Set<string>;

  constructor(ids: readonly ProtectedId[]) {
    this.#ids = ids;
    this.#missing = new Set(ids.map(({ sessionId }) => foldSessionId(sessionId)));
  }

  see(sessionId: string): void {
    if (this.#missing.size > 0) this.#missing.delete(foldSessionId(sessionId));
  }

  missing(): readonly ProtectedId[] {
    return this.#ids.filter(({ sessionId }) => this.#missing.has(foldSessionId(sessionId)));
  }
}
