import { isTooMuchGone } from '../../core/population.ts';
import type { Bar } from './bars.ts';

/** One project of the run that was looked at. Its numbers may still grow. */
interface LookedAt {
  readonly planned: number;
  /** Planned, without a DELETE of ours, and no longer visible. */
  readonly outOfSight: number;
}

/**
 * What has gone from sight over all projects of a run so far: a key whose sight was narrowed may miss so few in each of many
 * small projects that the count of no single one tells.
 */
export class OutOfSight {
  readonly #projects = new Set<LookedAt>();
  #bar: Bar | undefined;

  /** Before anything of them is called gone, and again whenever more of it turns out to be out of sight. */
  count(...projects: readonly LookedAt[]): void {
    for (const project of projects) this.#projects.add(project);
    this.#bar ??= barOver(this.#projects);
  }

  /** Why nothing that was never sent a DELETE is called gone any more. It stays for the run, whatever is seen later. */
  get bar(): Bar | undefined {
    return this.#bar;
  }
}

function barOver(projects: Iterable<LookedAt>): Bar | undefined {
  let gone = 0;
  let planned = 0;
  for (const project of projects) {
    gone += project.outOfSight;
    planned += project.planned;
  }
  if (!isTooMuchGone(gone, planned)) return undefined;
  const reason = `${gone} of ${planned} planned conversations, over all projects so far, are no longer visible to this key`;
  return { reason, cause: 'vanished' };
}
