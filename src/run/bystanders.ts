import type { Kind } from '../core/deletion/evidence.ts';
import { isTooMuchGone } from './out-of-sight.ts';

/**
 * What the listing that a run rests on showed beside the conversations that it deletes: how many of each kind, by project.
 * Nobody deletes these, so a fresh listing that has lost them has lost its sight, and what it does not show may be there.
 */
export class Bystanders {
  readonly #byProject = new Map<number, Map<Kind, number>>();

  /** The listing of the project begins, or begins again. */
  begin(projectId: number): void {
    this.#byProject.set(projectId, new Map());
  }

  note(projectId: number, kind: Kind): void {
    const kinds = this.#byProject.get(projectId) ?? new Map<Kind, number>();
    this.#byProject.set(projectId, kinds.set(kind, (kinds.get(kind) ?? 0) + 1));
  }

  count(projectId: number, kinds: readonly Kind[]): number {
    const counts = this.#byProject.get(projectId);
    return kinds.reduce((sum, kind) => sum + (counts?.get(kind) ?? 0), 0);
  }
}

/** Whether all of them, or too many, are no longer shown. */
export function areLost({ before, now }: { readonly before: number; readonly now: number }): boolean {
  return before > 0 && (now === 0 || isTooMuchGone(before - now, before));
}
