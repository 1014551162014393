import type { Project } from './conversation.ts';
import type { ExcludeEntry, ProjectSelector } from './policy.ts';

/** A project that an entry of `exclude` was once seen to keep out. */
export interface KeptOut {
  /** As written. */
  readonly entry: string;
  readonly projectId: number;
}

/** Why an exclusion stops its policy. */
export type ExclusionStop =
  /** The entry kept it out, no entry does any more, and nobody has released it. */
  | { readonly why: 'lost'; readonly entry: string; readonly projectId: number }
  /** Released, and yet an entry keeps it out. */
  | { readonly why: 'released'; readonly entry: string; readonly projectId: number }
  /** An id or a plain name that never kept anything out: most likely misspelt. */
  | { readonly why: 'never_matched'; readonly entry: string; readonly projectId: undefined };

export interface ExcludeCount {
  readonly entry: string;
  /** Projects that it keeps out now. */
  readonly matched: number;
}

export interface JudgedExclusions {
  readonly counts: readonly ExcludeCount[];
  /** To be remembered. */
  readonly keptOut: readonly KeptOut[];
  readonly stops: readonly ExclusionStop[];
  readonly warnings: readonly string[];
}

/**
 * What the exclusions of a policy keep out of all projects that the key can see, and what of that was lost since. `before`
 * is what earlier plans of the policy remembered.
 */
export function judgeExclusions(
  projects: Pick<ProjectSelector, 'includes' | 'excludeEntries' | 'released' | 'allowUnmatched'>,
  visible: readonly Project[],
  before: readonly KeptOut[],
): JudgedExclusions {
  const { excludeEntries, released } = projects;
  const keptOut = excludeEntries.flatMap((entry) =>
    visible
      .filter((project) => isKnownToMatch(entry, project))
      .map(({ id }) => ({ entry: entry.written, projectId: id })),
  );
  const covered = new Set(visible.filter((project) => projects.includes(project)).map(({ id }) => id));
  const lost = before.filter(({ projectId }) => covered.has(projectId) && !released.has(projectId));
  const inFile = new Set(excludeEntries.map(({ written }) => written));
  const unmatched = excludeEntries.filter(({ written }) => !keptOut.some(({ entry }) => entry === written));
  const isNew = ({ written, kind }: ExcludeEntry): boolean =>
    kind !== 'pattern' &&
    !before.some(({ entry }) => entry === written) &&
    !projects.allowUnmatched.has(written);
  return {
    counts: excludeEntries.map(({ written }) => ({
      entry: written,
      matched: keptOut.filter(({ entry }) => entry === written).length,
    })),
    keptOut,
    stops: [
      ...lost.filter(({ entry }) => inFile.has(entry)).map((one) => ({ why: 'lost' as const, ...one })),
      ...keptOut
        .filter(({ projectId }) => released.has(projectId))
        .map((one) => ({ why: 'released' as const, ...one })),
      ...unmatched
        .filter(isNew)
        .map(({ written }) => ({ why: 'never_matched' as const, entry: written, projectId: undefined })),
    ],
    warnings: [
      ...unmatched.filter((entry) => !isNew(entry)).map((entry) => unmatchedInWords(entry, before)),
      ...lost.filter(({ entry }) => !inFile.has(entry)).map(takenOutInWords),
    ],
  };
}

/** A project without a name is left out by any pattern, but that says nothing about the pattern. */
function isKnownToMatch({ kind, matches }: ExcludeEntry, project: Project): boolean {
  return (kind === 'id' || project.name !== undefined) && matches(project);
}

function unmatchedInWords({ written, kind }: ExcludeEntry, before: readonly KeptOut[]): string {
  const ids = before.filter(({ entry }) => entry === written).map(({ projectId }) => projectId);
  const was = ids.length === 0 ? '' : `; it once kept out ${projectsInWords(ids)}`;
  const none = kind === 'id' ? 'no project that the key can see has this id' : 'it matches no project';
  return `exclude entry ${quoted(written)} keeps nothing out: ${none}${was}`;
}

function takenOutInWords({ entry, projectId }: KeptOut): string {
  return `project ${projectId} is now covered: ${quoted(entry)}, which kept it out, is no longer in exclude (if you mean this, write projects.released: [${projectId}])`;
}

/** One line for people: what is wrong, and what ends it. */
export function exclusionStopInWords(stop: ExclusionStop): string {
  const entry = quoted(stop.entry);
  switch (stop.why) {
    case 'lost':
      return `${entry} once kept project ${stop.projectId} out and no longer does; correct it, or write projects.released: [${stop.projectId}]`;
    case 'released':
      return `project ${stop.projectId} stands under projects.released, and ${entry} keeps it out; take it out of one of them`;
    case 'never_matched':
      return `${entry} matches no project and never did; correct it, or write projects.allow_unmatched: [${entry}]`;
  }
}

function projectsInWords(ids: readonly number[]): string {
  const [first] = ids;
  if (ids.length === 1 && first !== undefined) return `project ${first}`;
  const more = ids.length > 3 ? ` and ${ids.length - 3} more` : '';
  return `projects ${ids.slice(0, 3).join(', ')}${more}`;
}

function quoted(entry: string): string {
  return JSON.stringify(entry);
}
