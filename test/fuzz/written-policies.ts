import fc from 'fast-check';
import { stringify } from 'yaml';

/* Policies as somebody could write them: every key of the grammar, small alphabets, so that things meet. */

export interface WrittenMatch {
  readonly older_than?: string;
  readonly age_from?: 'created' | 'updated' | 'last_message';
  readonly name?: string | readonly string[] | WrittenName;
  readonly created_by?: string | number | readonly (string | number)[];
  readonly session_ids?: string | readonly string[];
  readonly any?: readonly WrittenMatch[];
  readonly all?: readonly WrittenMatch[];
  readonly not?: WrittenMatch;
}

export type NameTest = 'glob' | 'equals' | 'contains' | 'starts_with' | 'regex';
export type WrittenName = { readonly [how in NameTest]?: string | readonly string[] } & {
  readonly ignore_case?: boolean;
  readonly literal?: boolean;
};

export interface WrittenRule {
  readonly name: string;
  readonly match: 'everything' | WrittenMatch;
  readonly action: 'keep' | 'delete';
  readonly binds?: 'this_policy';
}

export interface WrittenPolicy {
  readonly version: 1;
  readonly name: string;
  readonly mode?: 'dry-run' | 'enforce';
  readonly projects: { readonly include: readonly (string | number)[]; readonly exclude?: readonly string[] };
  readonly rules: readonly WrittenRule[];
  readonly limits?: {
    readonly min_age?: string;
    readonly max_deletions?: number;
    readonly max_percent?: number;
    readonly when_exceeded?: 'refuse' | 'oldest_first';
  };
  readonly concurrency?: number;
}

export const SESSIONS = ['session-1', 'session-2', 'session-3'] as const;
export const USERS = ['anonymous', '7', '8'] as const;

export const durations = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom('h', 'd', 'w')).map(([n, unit]) => `${n}${unit}`),
  fc.tuple(fc.integer({ min: 1, max: 14 }), fc.constantFrom('mo', 'y')).map(([n, unit]) => `${n}${unit}`),
);

const letters = fc.constantFrom('a', 'B', 'b', '-');
const globs = fc
  .array(fc.oneof(letters, fc.constantFrom('*', '?', '\\*')), { minLength: 1, maxLength: 5 })
  .map((signs) => signs.join(''));
const texts = fc.string({ unit: letters, minLength: 1, maxLength: 3 });
const regexes = fc.constantFrom('a.*', '(a|b)+', '[^b]*', 'a?b{1,2}', '.*-.*', 'B|a-', '^a.*', '.*b$');
/** Each of these is refused unless it says that it means just this. */
const literals = fc.constantFrom(
  ['contains', '*a'],
  ['equals', 'a*'],
  ['starts_with', '*'],
  ['regex', 'ab'],
  ['regex', 'b*'],
  ['regex', '^a'],
  ['glob', '.*b'],
) as fc.Arbitrary<readonly [NameTest, string]>;

function oneOrMore<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | readonly T[]> {
  return fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 2 }));
}

const names = fc.oneof(
  globs,
  fc.array(globs, { minLength: 1, maxLength: 2 }),
  fc
    .tuple(
      fc.oneof(
        fc.tuple(fc.constant('glob' as const), oneOrMore(globs)),
        fc.tuple(
          fc.constantFrom('equals' as const, 'contains' as const, 'starts_with' as const),
          oneOrMore(texts),
        ),
        fc.tuple(fc.constant('regex' as const), oneOrMore(regexes)),
      ),
      fc.option(fc.boolean(), { nil: undefined }),
    )
    .map(([[how, patterns], ignoreCase]): WrittenName => ({
      [how]: patterns,
      ...(ignoreCase === undefined ? {} : { ignore_case: ignoreCase }),
    })),
  literals.map(([how, pattern]): WrittenName => ({ [how]: pattern, literal: true })),
);

const leaves = {
  age: fc.tuple(
    durations,
    fc.option(fc.constantFrom('created', 'updated', 'last_message'), { nil: undefined }),
  ),
  name: names,
  created_by: oneOrMore<string | number>(fc.constantFrom<string | number>('anonymous', '7', 7, 8)),
  session_ids: oneOrMore(fc.constantFrom(...SESSIONS, 'SESSION-1', 'Session-2')),
};

interface Parts {
  readonly age?: readonly [string, WrittenMatch['age_from'] | undefined];
  readonly [key: string]: unknown;
}

function asMatch({ age, ...others }: Parts): WrittenMatch {
  if (age === undefined) return withoutUndefined(others);
  const [older_than, age_from] = age;
  return withoutUndefined({ ...others, older_than, age_from }) as WrittenMatch;
}

const leaf = fc
  .record(leaves, { requiredKeys: [] })
  .filter((parts) => Object.keys(parts).length > 0)
  .map((parts) => asMatch(parts as Parts));

const { match } = fc.letrec<{ match: WrittenMatch }>((tie) => {
  const several = fc.array(tie('match'), { minLength: 1, maxLength: 2 });
  const combinator = fc.oneof(
    several.map((any) => ({ any })),
    several.map((all) => ({ all })),
    tie('match').map((not) => ({ not })),
  );
  return {
    match: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      combinator,
      fc.tuple(leaf, combinator).map(([one, other]) => ({ ...one, ...other })),
    ),
  };
});

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

export const policies: fc.Arbitrary<WrittenPolicy> = fc
  .record({
    mode: fc.option(fc.constantFrom('dry-run' as const, 'enforce' as const), { nil: undefined }),
    matches: fc.array(
      fc.tuple(
        fc.oneof(
          { weight: 1, arbitrary: fc.constant('everything' as const) },
          { weight: 8, arbitrary: match },
        ),
        fc.constantFrom('keep' as const, 'delete' as const),
        fc.boolean(),
      ),
      { minLength: 1, maxLength: 4 },
    ),
    limits: fc.option(
      fc.record(
        {
          min_age: durations,
          max_deletions: fc.nat({ max: 9 }),
          max_percent: fc.nat({ max: 100 }),
          when_exceeded: fc.constantFrom('refuse' as const, 'oldest_first' as const),
        },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    ),
    concurrency: fc.option(fc.integer({ min: 1, max: 32 }), { nil: undefined }),
  })
  .map(({ mode, matches, limits, concurrency }) =>
    withoutUndefined({
      version: 1 as const,
      name: 'fuzzed',
      mode,
      projects: { include: ['*'] },
      rules: withoutLateKeeps(
        matches.map(([written, action, isOwn], index) => ({
          name: `r${index}`,
          match: written,
          action,
          ...(action === 'keep' && isOwn ? { binds: 'this_policy' as const } : {}),
        })),
      ),
      limits: limits === undefined ? undefined : withoutUndefined(limits),
      concurrency,
    }),
  ) as fc.Arbitrary<WrittenPolicy>;

/** A keep rule after the last delete rule is refused, unless it matches everything. */
function withoutLateKeeps(rules: readonly WrittenRule[]): readonly WrittenRule[] {
  const last = rules.findLastIndex(({ action }) => action === 'delete');
  return rules.filter(
    ({ match: written }, index) => last === -1 || index <= last || written === 'everything',
  );
}

export function asYaml(policy: unknown): string {
  return stringify(policy, { aliasDuplicateObjects: false });
}
