import type { Project } from '../core/conversation.ts';
import { compileNameTest, hasWildcard } from '../core/name-match.ts';
import type { ExcludeEntry, ProjectSelector } from '../core/policy.ts';
import type { PolicyAsWritten } from './policy-schema.ts';

type ProjectTest = (project: Project) => boolean;

/** Faultless `projects` as written become those used. */
export function projectSelector(written: PolicyAsWritten['projects']): ProjectSelector {
  // A project whose name is not known is taken by `*` alone, and left out by any pattern that could name it.
  const excludeEntries = (written.exclude ?? []).map(excludeEntry);
  const includedBy = (ignoreCase: boolean): ProjectSelector['includedBy'] => {
    const entries = written.include.map((pattern) => ({
      written: String(pattern),
      matches: projectTest(pattern, { whenNameless: isStar(pattern), ignoreCase }),
    }));
    return (project) => entries.find(({ matches }) => matches(project))?.written;
  };
  const covered =
    (by: ProjectSelector['includedBy']): ProjectTest =>
    (project) =>
      by(project) !== undefined && !excludeEntries.some(({ matches }) => matches(project));
  const inThisCase = includedBy(false);
  return {
    includes: covered(inThisCase),
    includesForKeeps: covered(includedBy(true)),
    includedBy: inThisCase,
    include: written.include.map(String),
    exclude: excludeEntries.map((entry) => entry.written),
    excludeEntries,
    released: new Set((written.released ?? []).map(Number)),
    allowUnmatched: new Set((written.allow_unmatched ?? []).map(String)),
  };
}

/** What is kept out may be spelled in any case: keeping one too many is the safe side. */
function excludeEntry(pattern: string | number): ExcludeEntry {
  return {
    written: String(pattern),
    kind: kindOf(pattern),
    matches: projectTest(pattern, { whenNameless: true, ignoreCase: true }),
  };
}

function kindOf(pattern: string | number): ExcludeEntry['kind'] {
  if (isId(pattern)) return 'id';
  return hasWildcard(String(pattern)) ? 'pattern' : 'name';
}

function projectTest(
  pattern: string | number,
  { whenNameless, ignoreCase }: { readonly whenNameless: boolean; readonly ignoreCase: boolean },
): ProjectTest {
  if (isId(pattern)) {
    const id = Number(pattern);
    return (project) => project.id === id;
  }
  const compiled = compileNameTest('glob', String(pattern), { ignoreCase });
  if (!compiled.ok) throw new Error(compiled.problem);
  const { matcher } = compiled;
  return (project) => (project.name === undefined ? whenNameless : matcher.test(project.name));
}

function isId(pattern: string | number): boolean {
  return /^[0-9]+$/.test(String(pattern));
}

function isStar(pattern: string | number): boolean {
  return typeof pattern === 'string' && /^\*+$/.test(pattern);
}
