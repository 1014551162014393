import * as z from 'zod';
import { DURATION_PATTERN, parseDuration } from '../core/duration.ts';
import { compileNameTest } from '../core/name-match.ts';
import type { NameTest } from '../core/selector.ts';
import { problemOfCron, problemOfTimezone } from './schedule-rules.ts';
import { checkedText, oneOrMore, projectId, projectPattern, sessionId, userId } from './schema-parts.ts';

/** The tests that a `name` block may hold. */
export const NAME_TESTS = [
  'glob',
  'equals',
  'contains',
  'starts_with',
  'regex',
] as const satisfies readonly NameTest[];

function duration(description: string): z.ZodString {
  return checkedText((text) => {
    const parsed = parseDuration(text);
    return parsed.ok ? undefined : parsed.problem;
  }).meta({ description, pattern: DURATION_PATTERN, examples: ['12h', '7d', '2w', '6mo', '1y'] });
}

function pattern(how: NameTest): z.ZodString {
  return checkedText((text) => {
    const compiled = compileNameTest(how, text);
    return compiled.ok ? undefined : compiled.problem;
  }).meta({ minLength: 1, maxLength: 500 });
}

/** Text that goes into tables, logs and the audit log as it is. */
const LABEL = /^[^\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]*$/u;

const nameBlock = z.strictObject({
  glob: oneOrMore(pattern('glob')).optional().describe('Wildcards * and ? over the whole name.'),
  equals: oneOrMore(pattern('equals')).optional().describe('The whole name.'),
  contains: oneOrMore(pattern('contains')).optional().describe('Any part of the name.'),
  starts_with: oneOrMore(pattern('starts_with')).optional().describe('The start of the name.'),
  regex: oneOrMore(pattern('regex')).optional().describe('RE2 syntax, over the whole name.'),
  ignore_case: z.boolean().optional().meta({ default: false }),
  literal: z.boolean().optional().meta({
    default: false,
    description: "The text means the very signs it has, also where it looks like another program's pattern.",
  }),
});

/** `match` as written, below the top. */
export interface MatchAsWritten {
  readonly older_than?: string | undefined;
  readonly age_from?: 'created' | 'updated' | 'last_message' | undefined;
  readonly name?: string | readonly string[] | NameBlock | undefined;
  readonly created_by?: OneOrMore<string | number> | undefined;
  readonly session_ids?: OneOrMore<string | number> | undefined;
  readonly any?: readonly MatchAsWritten[] | undefined;
  readonly all?: readonly MatchAsWritten[] | undefined;
  readonly not?: MatchAsWritten | undefined;
}
export type NameBlock = z.infer<typeof nameBlock>;
export type OneOrMore<Item> = Item | readonly Item[];

const match: z.ZodType<MatchAsWritten> = z
  .lazy(() => z.strictObject(matchShape))
  .meta({
    id: 'match',
    minProperties: 1,
    description: 'Every key must hold (and). What cannot be known keeps the conversation.',
  });

const matchShape = {
  older_than: duration('Strictly more than this ago. Calendar months and years, UTC.').optional(),
  age_from: z
    .enum(['created', 'updated', 'last_message'])
    .optional()
    .meta({ description: 'What the age is counted from.', default: 'created' }),
  name: z
    .union([pattern('glob'), z.array(pattern('glob')).min(1), nameBlock])
    .optional()
    .describe('A glob over the whole name, several of which any may match, or one other kind of test.'),
  created_by: oneOrMore(userId).optional().describe('Ids of users, or anonymous; any of them.'),
  session_ids: oneOrMore(sessionId).optional().describe('Any of these conversations.'),
  any: z.array(match).min(1).optional().describe('At least one of these.'),
  all: z.array(match).min(1).optional().describe('Each of these.'),
  not: match.optional().describe('The opposite of this.'),
};

const rule = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(64)
    .regex(LABEL, 'must not hold control or invisible characters')
    .describe('Unique in the policy; stands in plans and in the audit log.'),
  match: z
    .union([z.literal('everything'), match])
    .describe('Which conversations. An empty block is refused; all of them are written as everything.'),
  action: z.enum(['keep', 'delete']),
  binds: z
    .literal('this_policy')
    .optional()
    .describe(
      'Of a keep rule: other policies may delete what it matches. Without this key none of the folder does.',
    ),
});

const projects = z.strictObject({
  include: z
    .array(projectPattern)
    .min(1)
    .describe('Ids, or globs over names; * is all that the key can see.'),
  exclude: z.array(projectPattern).min(1).optional().describe('Beats include. Names without regard to case.'),
  released: z
    .array(projectId)
    .min(1)
    .optional()
    .describe('Ids of projects that exclude once kept out and that may be covered from now on.'),
  allow_unmatched: z
    .array(projectPattern)
    .min(1)
    .optional()
    .describe('Entries of exclude that need not match any project.'),
});

const schedule = z.strictObject({
  cron: checkedText(problemOfCron).meta({
    description: 'Five fields. Day of month and day of week must not both be restricted.',
    examples: ['30 3 * * *'],
  }),
  timezone: z
    .string()
    .superRefine((text, context) => {
      const problem = problemOfTimezone(text);
      if (problem === undefined) return;
      context.addIssue({
        code: 'custom',
        message: problem.message,
        params: { suggestion: problem.suggestion },
      });
    })
    .optional()
    .meta({ description: 'IANA name.', default: 'UTC', examples: ['Europe/Berlin'] }),
});

function count(description: string, byDefault?: number): z.ZodOptional<z.ZodInt> {
  const written = z.int().min(0).optional();
  return written.meta(byDefault === undefined ? { description } : { description, default: byDefault });
}

const limits = z.strictObject({
  max_deletions: count('Per run. Zero means zero.', 1000),
  max_percent: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .meta({ description: "Of each project's conversations. Zero is none at all.", default: 50 }),
  percent_applies_from: count(
    'max_percent holds once a project would lose at least this many; those that would lose fewer are judged together.',
    20,
  ),
  max_per_day: count("Today, in the schedule's time zone. Default: 3 times max_deletions."),
  max_per_week: count('Today and the six days before. Default: 10 times max_deletions.'),
  when_exceeded: z.enum(['refuse', 'oldest_first']).optional().meta({
    description:
      'What becomes of a plan with more than the counts allow: nothing is deleted, or as many as they allow, the oldest first.',
    default: 'refuse',
  }),
  min_age: duration('Nothing younger is deleted, whatever a rule says.').optional().meta({ default: '1d' }),
});

/** A policy file as written: its shape and the meaning of each single value. Rules between values: policy-rules.ts. */
export const policySchema = z
  .strictObject({
    version: z.literal(1),
    name: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9-]{0,62}$/,
        'must be 1 to 63 small letters, digits and hyphens, and not start with a hyphen',
      )
      .describe('Unique over the folder.'),
    description: z
      .string()
      .max(1000)
      .regex(
        /^[^\p{Cf}\p{Co}\p{Cs}\0-\x08\x0b-\x1f\x7f-\x9f]*$/u,
        'must not hold control or invisible characters',
      )
      .optional(),
    mode: z
      .enum(['dry-run', 'enforce'])
      .optional()
      .meta({ description: 'run and serve plan a dry-run policy and never apply it.', default: 'dry-run' }),
    schedule: schedule.optional().describe('Without it the policy runs only on command.'),
    projects,
    rules: z.array(rule).min(1).describe('The first that matches decides; what none matches is kept.'),
    limits: limits.optional(),
    concurrency: z
      .int()
      .min(1)
      .max(32)
      .optional()
      .meta({ description: 'Conversations in flight at once.', default: 4 }),
  })
  .meta({
    title: 'Retention policy',
    description: 'Which conversations are deleted, when, and how many at most.',
  });

export type PolicyAsWritten = z.infer<typeof policySchema>;

/** The keys that may stand in the block at a path, for suggestions. */
export function keysAt(path: readonly (string | number)[]): readonly string[] {
  const block = path.at(-1);
  if (path.length === 0) return Object.keys(policySchema.shape);
  if (path.length === 1 && block === 'schedule') return Object.keys(schedule.shape);
  if (path.length === 1 && block === 'projects') return Object.keys(projects.shape);
  if (path.length === 1 && block === 'limits') return Object.keys(limits.shape);
  if (path.length === 2) return Object.keys(rule.shape);
  return block === 'name' ? Object.keys(nameBlock.shape) : Object.keys(matchShape);
}
