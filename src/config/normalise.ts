import { parseDuration, type Duration } from '../core/duration.ts';
import { compileNameTest, hasWildcard, type NameTest } from '../core/name-match.ts';
import type { Limits, Policy, ProjectSelector, Schedule } from '../core/policy.ts';
import type { NameMatcher, Selector } from '../core/selector.ts';
import type { MatchAsWritten, NameBlock, OneOrMore, PolicyAsWritten } from './policy-schema.ts';

const NAME_TESTS = [
  'glob',
  'equals',
  'contains',
  'starts_with',
  'regex',
] as const satisfies readonly NameTest[];

/** A faultless policy as written becomes one as used. Throws only on what the schema would have refused. */
export function normalisePolicy(
  written: PolicyAsWritten,
  source: { readonly hash: string; readonly path: string },
): Policy {
  return {
    name: written.name,
    description: written.description,
    mode: written.mode ?? 'dry-run',
    schedule: written.schedule === undefined ? undefined : scheduleOf(written.schedule),
    projects: projectSelector(written.projects),
    rules: written.rules.map((rule) => ({
      name: rule.name,
      selector: rule.match === 'everything' ? { kind: 'everything' } : selectorOf(rule.match),
      action: rule.action,
      binds: rule.binds ?? 'every_policy',
    })),
    limits: limitsOf(written.limits ?? {}),
    concurrency: written.concurrency ?? 4,
    ...source,
  };
}

function scheduleOf({ cron, timezone }: NonNullable<PolicyAsWritten['schedule']>): Schedule {
  // Not every reader of cron expressions takes more than one space.
  return { cron: cron.replaceAll(/[ \t]+/g, ' '), timezone: timezone ?? 'UTC' };
}

function limitsOf(written: NonNullable<PolicyAsWritten['limits']>): Limits {
  const maxDeletions = written.max_deletions ?? 1000;
  return {
    maxDeletions,
    maxPercent: written.max_percent ?? 50,
    percentAppliesFrom: written.percent_applies_from ?? 20,
    maxPerDay: written.max_per_day ?? 3 * maxDeletions,
    maxPerWeek: written.max_per_week ?? 10 * maxDeletions,
    minAge: durationOf(written.min_age ?? '1d'),
  };
}

function selectorOf(match: MatchAsWritten): Selector {
  const parts: Selector[] = [];
  if (match.older_than !== undefined) {
    parts.push({
      kind: 'older_than',
      duration: durationOf(match.older_than),
      clock: match.age_from ?? 'created',
    });
  }
  if (match.name !== undefined) parts.push({ kind: 'name', matchers: matchersOf(match.name) });
  if (match.created_by !== undefined) {
    parts.push({ kind: 'created_by', users: new Set(listOf(match.created_by).map(String)) });
  }
  if (match.session_ids !== undefined) {
    parts.push({ kind: 'session_ids', ids: new Set(listOf(match.session_ids).map(String)) });
  }
  if (match.any !== undefined) parts.push({ kind: 'any', of: match.any.map(selectorOf) });
  if (match.all !== undefined) parts.push({ kind: 'all', of: match.all.map(selectorOf) });
  if (match.not !== undefined) parts.push({ kind: 'not', of: selectorOf(match.not) });
  const [only] = parts;
  // Not even by a mistake in the checks before may nothing written become everything matched.
  if (only === undefined) throw new Error('an empty match has no meaning');
  return parts.length === 1 ? only : { kind: 'all', of: parts };
}

function matchersOf(name: string | readonly string[] | NameBlock): readonly NameMatcher[] {
  if (typeof name === 'string') return [matcherOf('glob', name, false)];
  if (!isNameBlock(name)) return name.map((glob) => matcherOf('glob', glob, false));
  return NAME_TESTS.flatMap((how) => {
    const patterns = name[how];
    if (patterns === undefined) return [];
    return listOf<string>(patterns).map((pattern) => matcherOf(how, pattern, name.ignore_case ?? false));
  });
}

function isNameBlock(name: readonly string[] | NameBlock): name is NameBlock {
  return !Array.isArray(name);
}

function matcherOf(how: NameTest, pattern: string, ignoreCase: boolean): NameMatcher {
  const compiled = compileNameTest(how, pattern, { ignoreCase });
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.matcher;
}

function durationOf(text: string): Duration {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.duration;
}

// ── Projects ────────────────────────────────────────────────────────────────────────────────────────────────

type ProjectTest = (project: { readonly id: number; readonly name: string | undefined }) => boolean;

function projectSelector(written: PolicyAsWritten['projects']): ProjectSelector {
  const exclude = written.exclude ?? [];
  // A project whose name is not known is taken by `*` alone, and left out by any pattern that could name it.
  const included = written.include.map((pattern) => projectTest(pattern, isStar(pattern)));
  const excludeEntries = exclude.map((pattern) => ({
    written: String(pattern),
    kind: kindOf(String(pattern)),
    matches: projectTest(pattern, true),
  }));
  return {
    includes: (project) =>
      included.some((matches) => matches(project)) && !excludeEntries.some(({ matches }) => matches(project)),
    include: written.include.map(String),
    exclude: exclude.map(String),
    excludeEntries,
    released: new Set(written.released),
    allowUnmatched: new Set((written.allow_unmatched ?? []).map(String)),
  };
}

function kindOf(entry: string): 'id' | 'pattern' | 'name' {
  if (/^[0-9]+$/.test(entry)) return 'id';
  return hasWildcard(entry) ? 'pattern' : 'name';
}

function projectTest(pattern: string | number, whenNameless: boolean): ProjectTest {
  if (/^[0-9]+$/.test(String(pattern))) {
    const id = Number(pattern);
    return (project) => project.id === id;
  }
  const matcher = matcherOf('glob', String(pattern), false);
  return (project) => (project.name === undefined ? whenNameless : matcher.test(project.name));
}

function isStar(pattern: string | number): boolean {
  return typeof pattern === 'string' && /^\*+$/.test(pattern);
}

function listOf<Item>(written: OneOrMore<Item>): readonly Item[] {
  return isList(written) ? written : [written];
}

/** `Array.isArray` does not tell a readonly list from what is not a list. */
function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}
