import type { Kind } from '../../core/deletion/evidence.ts';
import { latestOf, type Instant } from '../../core/instant.ts';
import { isTooMuchGone } from '../../core/population.ts';

/**
 * What the listing that a run rests on showed beside the conversations that it deletes: how many of each kind, by project.
 * Nobody deletes these, so a fresh listing that has lost them has lost its sight, and what it does not show may be there.
 */
export class Bystanders {
  readonly #byProject = new Map<number, Map<Kind, number[]>>();

  /** The listing of the project begins, or begins again. */
  begin(projectId: number): void {
    this.#byProject.set(projectId, new Map());
  }

  /** `createdAt`: Infinity where a listing that stops early need not come to it. */
  note(projectId: number, kind: Kind, createdAt: number): void {
    const kinds = this.#byProject.get(projectId) ?? new Map<Kind, number[]>();
    this.#byProject.set(projectId, kinds);
    const dates = kinds.get(kind);
    if (dates === undefined) kinds.set(kind, [createdAt]);
    else dates.push(createdAt);
  }

  /** Of these kinds, and created before that instant (epoch ms); Infinity: all. */
  count(projectId: number, kinds: readonly Kind[], before: number): number {
    const found = this.#byProject.get(projectId);
    let count = 0;
    for (const kind of kinds) {
      const dates = found?.get(kind) ?? [];
      if (before === Infinity) count += dates.length;
      else for (const at of dates) if (at < before) count += 1;
    }
    return count;
  }
}

/** By its later end; what has no date may lie anywhere, so that only a list that was read in full need show it. */
export function dateOf(createdAt: Instant | undefined): number {
  return createdAt === undefined ? Infinity : latestOf(createdAt);
}

/** Whether all of them, or too many, are no longer shown. */
export function areLost({ before, now }: { readonly before: number; readonly now: number }): boolean {
  return before > 0 && (now === 0 || isTooMuchGone(before - now, before));
}
