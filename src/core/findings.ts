import type { AgeBand } from './age-bands.ts';
import { exclusionStopInWords, type ExclusionStop } from './exclusions.ts';

/** What keeps something from being deleted, and how much of it there was in one plan. */
export interface Protection {
  readonly kind: 'rule' | 'exclude' | 'hold';
  /** A rule's name (`vip`, `vip of policy b`), an exclude entry as written, or a hold's id. */
  readonly name: string;
  /** Conversations; for `exclude` projects. */
  readonly matched: number;
  /** The same in the latest earlier plan in which it matched anything; undefined: in none. */
  readonly before: number | undefined;
}

/** A pattern that matches nothing, and what it was probably meant to keep. */
export interface NearMiss {
  readonly rule: string;
  /** As written. */
  readonly pattern: string;
  readonly projectId: number;
  readonly sessionId: string;
}

/** What forbids applying a plan, whatever the limits say and whoever overrides them. */
export type Stop =
  ({ readonly kind: 'exclusion' } & ExclusionStop) | ({ readonly kind: 'near_miss' } & NearMiss);

/** What a plan found out about the protections of its policy. */
export interface PlanFindings {
  readonly protections: readonly Protection[];
  /** What a person should look at, one sentence each. */
  readonly warnings: readonly string[];
  readonly stops: readonly Stop[];
  /** Projects in which a hold or a keep rule protects something. */
  readonly protectedIn: readonly number[];
  /** Ages of what was listed; empty for plans made by versions that did not count them. */
  readonly ages: readonly AgeBand[];
}

export const NO_FINDINGS: PlanFindings = {
  protections: [],
  warnings: [],
  stops: [],
  protectedIn: [],
  ages: [],
};

/** The same for the audit log and for programs. */
export function stopFacts(stop: Stop): Readonly<Record<string, string | number | null>> {
  if (stop.kind === 'exclusion') {
    const { kind, why, entry, projectId } = stop;
    return { kind, why, entry, project_id: projectId ?? null };
  }
  const { kind, rule, pattern, projectId, sessionId } = stop;
  return { kind, rule, pattern, project_id: projectId, session_id: sessionId };
}

const BEGINNINGS = { exclusion: 'exclusion: ', near_miss: 'near miss: ' } as const;

/** Whether the problem of a refused run begins with what no override passes. */
export function isStopped(problem: string | undefined): boolean {
  return Object.values(BEGINNINGS).some((beginning) => problem?.startsWith(beginning));
}

/** One line for people: what is wrong, and what ends it. */
export function stopInWords(stop: Stop): string {
  const beginning = BEGINNINGS[stop.kind];
  if (stop.kind === 'exclusion') return `${beginning}${exclusionStopInWords(stop)}`;
  const { rule, pattern, projectId, sessionId } = stop;
  return `${beginning}rule ${rule} protects names by ${JSON.stringify(pattern)}, which matches nothing as it stands, but read loosely fits conversation ${projectId}/${sessionId}, which would be deleted; correct the pattern`;
}
