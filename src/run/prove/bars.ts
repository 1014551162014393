import type { SkipCause } from '../../core/outcome.ts';
import type { Kind } from '../../core/deletion/evidence.ts';

/** Why nothing (more) is sent for a conversation. */
export interface Bar {
  readonly reason: string;
  readonly cause: SkipCause;
}

/** Projects, and kinds of conversations in them, for which nothing more is sent in this run. */
export class Bars {
  readonly #projects = new Map<number, Bar>();
  readonly #kinds = new Map<string, Bar>();

  /** The first word stays: what comes after it is a consequence. */
  project(projectId: number, bar: Bar): void {
    if (!this.#projects.has(projectId)) this.#projects.set(projectId, bar);
  }

  kind(projectId: number, kind: Kind, bar: Bar): void {
    if (!this.#kinds.has(keyOf(projectId, kind))) this.#kinds.set(keyOf(projectId, kind), bar);
  }

  ofProject(projectId: number): Bar | undefined {
    return this.#projects.get(projectId);
  }

  of({ projectId, kind }: { readonly projectId: number; readonly kind: Kind }): Bar | undefined {
    return this.#projects.get(projectId) ?? this.#kinds.get(keyOf(projectId, kind));
  }
}

function keyOf(projectId: number, kind: Kind): string {
  return `${projectId} ${kind}`;
}
