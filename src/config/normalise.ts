import { parseDuration, type Duration } from '../core/duration.ts';
import { foldSessionId } from '../core/ids.ts';
import { compileNameTest } from '../core/name-match.ts';
import type { Limits, Policy, Rule, Schedule } from '../core/policy.ts';
import type { NameMatcher, NameTest, Selector, SessionIds } from '../core/selector.ts';
import { projectSelector } from './normalise-projects.ts';
import { NAME_TESTS, type MatchAsWritten, type NameBlock, type PolicyAsWritten } from './policy-schema.ts';

/** A faultless policy as written becomes one as used. Throws only on what the schema would have refused. */
export function normalisePolicy(
  written: PolicyAsWritten,
  file: Pick<Policy, 'hash' | 'source' | 'path'>,
): Policy {
  return {
    name: written.name,
    description: written.description,
    mode: written.mode ?? 'dry-run',
    schedule: written.schedule === undefined ? undefined : scheduleOf(written.schedule),
    projects: projectSelector(written.projects),
    rules: written.rules.map(ruleOf),
    limits: limitsOf(written.limits ?? {}),
    concurrency: written.concurrency ?? 4,
    ...file,
  };
}

function ruleOf({ name, match, action, binds }: PolicyAsWritten['rules'][number]): Rule {
  const bindsOthers = action === 'keep' && match !== 'everything' && binds === undefined;
  return {
    name,
    selector: match === 'everything' ? { kind: 'everything' } : selectorOf(match, action === 'keep'),
    action,
    binds: bindsOthers ? 'every_policy' : 'this_policy',
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
    whenExceeded: written.when_exceeded ?? 'refuse',
    minAge: durationOf(written.min_age ?? '1d'),
  };
}

/** `protects`: the more it matches, the less is deleted. What stands under `not` does the opposite of what it did. */
function selectorOf(match: MatchAsWritten, protects: boolean): Selector {
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
    parts.push({ kind: 'created_by', users: new Set([match.created_by].flat().map(String)) });
  }
  if (match.session_ids !== undefined) {
    parts.push(sessionIdsOf([match.session_ids].flat().map(String), protects));
  }
  const sameSide = (part: MatchAsWritten): Selector => selectorOf(part, protects);
  if (match.any !== undefined) parts.push({ kind: 'any', of: match.any.map(sameSide) });
  if (match.all !== undefined) parts.push({ kind: 'all', of: match.all.map(sameSide) });
  if (match.not !== undefined) parts.push({ kind: 'not', of: selectorOf(match.not, !protects) });
  const [only] = parts;
  // Not even by a mistake in the checks before may nothing written become everything matched.
  if (only === undefined) throw new Error('an empty match has no meaning');
  return parts.length === 1 ? only : { kind: 'all', of: parts };
}

function sessionIdsOf(ids: readonly string[], protects: boolean): SessionIds {
  const exact = { kind: 'session_ids', ids: new Set(ids) } as const;
  return protects ? { ...exact, folded: new Set(ids.map(foldSessionId)) } : exact;
}

function matchersOf(name: string | readonly string[] | NameBlock): readonly NameMatcher[] {
  if (typeof name === 'string') return [matcherOf('glob', name)];
  if (!isNameBlock(name)) return name.map((glob) => matcherOf('glob', glob));
  const options = { ignoreCase: name.ignore_case ?? false, literal: name.literal ?? false };
  return NAME_TESTS.flatMap((how) => {
    const patterns = name[how];
    if (patterns === undefined) return [];
    return [patterns].flat().map((pattern) => matcherOf(how, pattern, options));
  });
}

/** `Array.isArray` alone does not tell a readonly list from what is not a list. */
function isNameBlock(name: readonly string[] | NameBlock): name is NameBlock {
  return !Array.isArray(name);
}

function matcherOf(
  how: NameTest,
  pattern: string,
  options: { readonly ignoreCase?: boolean; readonly literal?: boolean } = {},
): NameMatcher {
  const compiled = compileNameTest(how, pattern, options);
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.matcher;
}

function durationOf(text: string): Duration {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.duration;
}
