import { stringify } from 'yaml';
import type { WrittenMatch, WrittenPolicy } from './oracle.ts';
import type { Random } from './random.ts';

/** Words that names of conversations and patterns of policies are made of, so that they meet often. */
export const WORDS = ['test', 'Test', 'demo', 'VIP', 'support', 'Käse', 'a.b', '客户', 'x'] as const;
export const USERS = [4711, 4712, 99] as const;

const AGES = ['1d', '2d', '36h', '7d', '2w', '30d', '1mo', '90d', '6mo', '1y'] as const;

/** A policy as a person may write it, and as YAML text of the same. */
export interface MadePolicy {
  readonly written: WrittenPolicy;
  readonly yaml: string;
}

export function makePolicy(
  random: Random,
  from: {
    readonly name: string;
    readonly projectIds: readonly number[];
    readonly sessionIds: readonly string[];
  },
): MadePolicy {
  const rules = Array.from({ length: random.whole(1, 4) }, (_, index) => ({
    name: `rule-${index}`,
    match: makeMatch(random, from.sessionIds, 0),
    ...(random.percent(30) ? makeKeep(random) : { action: 'delete' as const }),
  }));
  rules.push({ name: 'last', match: { older_than: random.pick(AGES) }, action: 'delete' });
  const limits = makeLimits(random);
  const written: WrittenPolicy = {
    version: 1,
    name: from.name,
    mode: random.percent(92) ? 'enforce' : 'dry-run',
    schedule: {
      cron: random.pick(['*/15 * * * *', '*/20 * * * *', '*/30 * * * *', '5,35 * * * *', '7,37 * * * *']),
    },
    projects: makeProjects(random, from.projectIds),
    rules,
    ...(limits === undefined ? {} : { limits }),
    ...(random.percent(70) ? { concurrency: random.pick([1, 2, 3, 4, 8, 32]) } : {}),
  };
  return { written, yaml: stringify(written) };
}

function makeProjects(random: Random, ids: readonly number[]): WrittenPolicy['projects'] {
  const include = random.pick<(string | number)[]>([
    ['*'],
    ['*'],
    ['project-*'],
    [...ids],
    [random.pick(ids)],
  ]);
  if (random.percent(20)) return { include, exclude: [random.percent(50) ? random.pick(ids) : '*-2'] };
  return { include };
}

/** Most keeps bind every policy. */
function makeKeep(random: Random): Pick<WrittenPolicy['rules'][number], 'action' | 'binds'> {
  return random.percent(25) ? { action: 'keep', binds: 'this_policy' } : { action: 'keep' };
}

function makeLimits(random: Random): WrittenPolicy['limits'] | undefined {
  if (random.percent(15)) return undefined;
  const perRun = random.percent(12) ? random.pick([0, 1, 3, 10]) : random.pick([40, 1000]);
  // Who deletes the oldest first is told by a small room, and needs a few days for the rest.
  const isOldestFirst = random.percent(35);
  return {
    max_deletions: isOldestFirst && random.percent(40) ? random.pick([3, 10, 15]) : perRun,
    max_percent: random.percent(15) ? random.pick([0, 10, 50]) : random.pick([90, 100]),
    ...(random.percent(40) ? { percent_applies_from: random.pick([0, 1, 5, 20]) } : {}),
    ...(random.percent(40) ? { max_per_day: random.pick([2, 5, 10, 20, 100]) } : {}),
    ...(random.percent(25) ? { max_per_week: random.pick([5, 8, 15, 30, 200]) } : {}),
    ...(random.percent(40) ? { min_age: random.pick(['1h', '1d', '3d', '1w', '1mo']) } : {}),
    ...(isOldestFirst ? { when_exceeded: 'oldest_first' as const } : {}),
  };
}

function makeMatch(random: Random, sessionIds: readonly string[], depth: number): WrittenMatch {
  const parts: WrittenMatch = {
    ...(random.percent(50) ? makeAge(random) : {}),
    ...(random.percent(40) ? { name: makeName(random) } : {}),
    ...(random.percent(12)
      ? { created_by: random.pick(['anonymous', random.pick(USERS), [4711, 'anonymous']]) }
      : {}),
    ...(random.percent(8) ? { session_ids: [random.pick(sessionIds), random.pick(sessionIds)] } : {}),
    ...(depth < 2 && random.percent(15)
      ? { [random.pick(['any', 'all'])]: makeParts(random, sessionIds, depth) }
      : {}),
    ...(depth < 2 && random.percent(12) ? { not: makeMatch(random, sessionIds, depth + 1) } : {}),
  };
  return Object.keys(parts).length === 0 ? { ...makeAge(random), name: makeName(random) } : parts;
}

function makeParts(random: Random, sessionIds: readonly string[], depth: number): readonly WrittenMatch[] {
  return Array.from({ length: random.whole(1, 3) }, () => makeMatch(random, sessionIds, depth + 1));
}

function makeAge(random: Random): WrittenMatch {
  const older_than = random.pick(AGES);
  if (random.percent(35)) return { older_than };
  return {
    older_than,
    age_from: random.pick(['created', 'updated', 'last_message', 'last_message'] as const),
  };
}

function makeName(random: Random): NonNullable<WrittenMatch['name']> {
  const word = random.pick(WORDS);
  return random.pick<NonNullable<WrittenMatch['name']>>([
    `${word}*`,
    `*${word}`,
    `*${word}*`,
    [`${word}-?`, `${random.pick(WORDS)}*`],
    { contains: word },
    { contains: [word, random.pick(WORDS)], ignore_case: true },
    { starts_with: word, ignore_case: random.percent(50) },
    { equals: `${word}-1` },
    { glob: [`${word}*`, `*-?`], ignore_case: true },
    { regex: `(test|demo|vip)-[0-9]+`, ignore_case: random.percent(50) },
  ]);
}
