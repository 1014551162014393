import { foldSessionId } from './ids.ts';
import type { Rule } from './policy.ts';
import { keepingLeaves } from './selector.ts';

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
      .flatMap((leaf) => (leaf.kind === 'session_ids' ? [...leaf.ids] : []))
      .map((sessionId) => ({ rule: rule.name, sessionId })),
  );
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
