import type { Policy } from '../core/policy.ts';
import { enumerated } from './quantities.ts';
import { sentenceSafe } from './safe-text.ts';

/** Columns of one sentence. */
const LONGEST = 1_000;

type Covering = Pick<Policy, 'name' | 'projects'>;

/**
 * Where policies cover the same projects, as far as the files alone can tell: by `*`, by the same id, or by the same
 * pattern. One sentence for each group of policies, safe for a terminal.
 */
export function overlapsInWords(policies: readonly Covering[]): readonly string[] {
  const ofAll = policies.filter(coversAll);
  const groups = new Map<string, { readonly policies: readonly string[]; readonly entries: string[] }>();
  for (const entry of entriesOf(policies)) {
    const found = policies.filter((policy) => covers(policy, entry));
    // Those that cover all projects have been named for that already.
    if (found.length < 2 || found.every(coversAll)) continue;
    const covering = found.map(({ name }) => name);
    const group = groups.get(JSON.stringify(covering)) ?? { policies: covering, entries: [] };
    group.entries.push(entry);
    groups.set(JSON.stringify(covering), group);
  }
  const sentences = [
    ...(ofAll.length < 2
      ? []
      : [`${policiesInWords(ofAll.map(({ name }) => name))} all projects, less what each excludes.`]),
    ...[...groups.values()].map(
      ({ policies: names, entries }) => `${policiesInWords(names)} ${projectsInWords(entries)}.`,
    ),
  ];
  return sentences.map((sentence) => sentenceSafe(sentence, LONGEST));
}

function policiesInWords(names: readonly string[]): string {
  return `Policies ${enumerated(names)} ${names.length === 2 ? 'both' : 'all'} cover`;
}

function projectsInWords(entries: readonly string[]): string {
  return `${entries.length === 1 ? 'project' : 'the projects'} ${enumerated(entries)}`;
}

/** Ids and patterns that some policy includes, other than `*`. */
function entriesOf(policies: readonly Covering[]): readonly string[] {
  const all = policies.flatMap(({ projects }) => projects.include);
  return [...new Set(all.filter((entry) => !isStar(entry)))];
}

function covers({ projects }: Covering, entry: string): boolean {
  // Exclusions do not regard case.
  const isExcluded = projects.exclude.some((one) => one.toLowerCase() === entry.toLowerCase() || isStar(one));
  return !isExcluded && projects.include.some((one) => one === entry || isStar(one));
}

function coversAll(policy: Covering): boolean {
  return policy.projects.include.some(isStar);
}

function isStar(entry: string): boolean {
  return /^\*+$/.test(entry);
}
