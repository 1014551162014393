import type { Duration } from './duration.ts';
import type { Selector } from './selector.ts';

/** What a policy does with what a rule matches. What no rule matches is kept. */
export type Action = 'keep' | 'delete';

/** `dry-run` policies are planned by `run` and `serve`, never applied by them. */
export type Mode = 'dry-run' | 'enforce';

export interface Rule {
  readonly name: string;
  readonly selector: Selector;
  readonly action: Action;
}

/** Whether a project falls under a policy: by id, or by a glob over its whole name. */
export interface ProjectSelector {
  readonly includes: (project: { readonly id: number; readonly name: string | undefined }) => boolean;
  /** As written, for people: `*`, `1234`, `support-*`. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export type WhenExceeded = 'refuse' | 'oldest_first';

export interface Limits {
  /** Per run. Zero means zero. */
  readonly maxDeletions: number;
  /**
   * Of each project's conversations, once it would lose at least `percentAppliesFrom`; those that would lose fewer are judged
   * together. 0 to 100; 0 is none at all.
   */
  readonly maxPercent: number;
  readonly percentAppliesFrom: number;
  /** Calendar days: today; today and the six before. Counted from the audit log. */
  readonly maxPerDay: number;
  readonly maxPerWeek: number;
  /** When there is more to delete than the limits that count allow: nothing, or the oldest of it. */
  readonly whenExceeded: WhenExceeded;
  /** Nothing younger (by `created_at`) is deleted, whatever a rule says. */
  readonly minAge: Duration;
}

export interface Schedule {
  /** Five fields. */
  readonly cron: string;
  /** IANA name. */
  readonly timezone: string;
}

/** A policy as used: every default filled in, every pattern compiled. */
export interface Policy {
  readonly name: string;
  readonly description: string | undefined;
  readonly mode: Mode;
  readonly schedule: Schedule | undefined;
  readonly projects: ProjectSelector;
  readonly rules: readonly Rule[];
  readonly limits: Limits;
  readonly concurrency: number;
  /** SHA-256 (hex) of the file's bytes, so that an auditor can compare with `sha256sum`. */
  readonly hash: string;
  /** Absolute path of the file it was read from. */
  readonly path: string;
}
