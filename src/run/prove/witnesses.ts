import type { Kind } from '../../core/deletion/evidence.ts';

/** A row seen in another project speaks for its kind this long before and after. */
const SAME_TIME_MS = 60_000;

interface Sighted {
  readonly sessionId: string;
  readonly at: number;
}

/**
 * Rows that fresh listings of this run showed, one of each kind and project: a right that is withdrawn hides a kind in every
 * project, so one that is still shown elsewhere speaks for what is missing here.
 */
export class Witnesses {
  readonly #seen = new Map<number, Map<Kind, Sighted>>();

  note(projectId: number, kind: Kind, sighted: Sighted): void {
    const kinds = this.#seen.get(projectId) ?? new Map<Kind, Sighted>();
    kinds.set(kind, sighted);
    this.#seen.set(projectId, kinds);
  }

  /** `PROJECT/SESSION` of one of these kinds; undefined: none was seen in another project at about `at` (epoch ms). */
  elsewhere(projectId: number, kinds: readonly Kind[], at: number): string | undefined {
    for (const [other, seen] of this.#seen) {
      if (other === projectId) continue;
      const sighted = kinds
        .map((kind) => seen.get(kind))
        .find((one) => one !== undefined && Math.abs(at - one.at) <= SAME_TIME_MS);
      if (sighted !== undefined) return `${other}/${sighted.sessionId}`;
    }
    return undefined;
  }
}
