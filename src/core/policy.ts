import type { Project } from './conversation.ts';
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
  /**
   * Whose deletions it stops: what a keep rule matches, no other policy of the folder deletes either, unless it says
   * `binds: this_policy` or matches everything. Delete rules bind their own policy only.
   */
  readonly binds: 'every_policy' | 'this_policy';
}

/** Whether a project falls under a policy: by id, or by a glob over its whole name. */
export interface ProjectSelector {
  readonly includes: (project: Project) => boolean;
  /** The same for what the policy keeps from others: names without regard to case, since keeping one too many is the safe side. */
  readonly includesForKeeps: (project: Project) => boolean;
  /** The entry of `include` by which `includes` takes it, as written; undefined: none. What `exclude` says is not asked. */
  readonly includedBy: (project: Project) => string | undefined;
  /** As written, for people: `*`, `1234`, `support-*`. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly excludeEntries: readonly ExcludeEntry[];
  /** Projects that an entry of `exclude` once kept out, and that may be covered from now on. */
  readonly released: ReadonlySet<number>;
  /** Entries of `exclude`, as written, that need not match any project. */
  readonly allowUnmatched: ReadonlySet<string>;
}

/** One entry of `exclude`. */
export interface ExcludeEntry {
  readonly written: string;
  /** A `name` is a pattern without any wildcard. */
  readonly kind: 'id' | 'pattern' | 'name';
  /** Names without regard to case. A project whose name is not known matches all that could be its name. */
  readonly matches: (project: Project) => boolean;
}

export type WhenExceeded = 'refuse' | 'oldest_first';

export interface Limits {
  /** Per run. Zero means zero. */
  readonly maxDeletions: number;
  /** Of each project's conversations, once it would lose at least `percentAppliesFrom`. 0 to 100; 0 is none at all. */
  readonly maxPercent: number;
  readonly percentAppliesFrom: number;
  /** Today, and today and the six days before, counted from the audit log. */
  readonly maxPerDay: number;
  readonly maxPerWeek: number;
  /** What becomes of a plan that passes one of the counts: nothing of it is deleted, or its oldest are. */
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
  /** The file's bytes. */
  readonly source: Uint8Array;
  /** Absolute path of the file it was read from. */
  readonly path: string;
}
