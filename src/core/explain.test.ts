import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Conversation, LastMessage, Project } from './conversation.ts';
import { createDecider } from './decide.ts';
import type { Duration } from './duration.ts';
import { coverageOf, explainRules, type ClauseExplained } from './explain.ts';
import { NO_HOLDS } from './hold.ts';
import { between, DAY_MS } from './instant.ts';
import { compileNameTest } from './name-match.ts';
import type { Policy, Rule } from './policy.ts';
import type { AgeClock, Selector, Truth } from './selector.ts';

const NOW = Date.UTC(2026, 2, 31, 12);

function named(pattern: string): Selector {
  const compiled = compileNameTest('glob', pattern, { ignoreCase: false });
  if (!compiled.ok) throw new Error(compiled.problem);
  return { kind: 'name', matchers: [compiled.matcher] };
}

const durations: fc.Arbitrary<Duration> = fc.record({
  amount: fc.integer({ min: 1, max: 40 }),
  unit: fc.constantFrom('d' as const, 'w' as const, 'mo' as const),
});
const leaf: fc.Arbitrary<Selector> = fc.oneof(
  fc.constant<Selector>({ kind: 'everything' }),
  fc
    .tuple(durations, fc.constantFrom<AgeClock>('created', 'updated', 'last_message'))
    .map(([duration, clock]): Selector => ({ kind: 'older_than', duration, clock })),
  fc.constantFrom('a*', '*b', 'ab').map(named),
  fc.constantFrom('7', 'anonymous').map((user): Selector => ({ kind: 'created_by', users: new Set([user]) })),
  fc
    .constantFrom('session-1', 'session-2')
    .map((id): Selector => ({ kind: 'session_ids', ids: new Set([id]) })),
);
const { selector } = fc.letrec<{ selector: Selector }>((tie) => ({
  selector: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc
      .tuple(fc.constantFrom('any' as const, 'all' as const), fc.array(tie('selector'), { maxLength: 3 }))
      .map(([kind, of]): Selector => ({ kind, of })),
    tie('selector').map((of): Selector => ({ kind: 'not', of })),
  ),
}));
const policies = fc.record({
  rules: fc
    .array(fc.tuple(selector, fc.constantFrom('keep' as const, 'delete' as const)), { maxLength: 5 })
    .map((given) =>
      given.map(([match, action], index): Rule => ({
        ...{ name: `r${index}`, selector: match, action, binds: 'every_policy' },
      })),
    ),
  limits: durations.map((minAge) => ({ minAge }) as Policy['limits']),
});
const instants = fc.oneof(
  fc.constant(undefined),
  fc.integer({ min: -800, max: 2 }).map((days) => NOW + days * DAY_MS),
  fc.integer({ min: -800, max: 2 }).map((days) => between(NOW + days * DAY_MS, NOW + (days + 3) * DAY_MS)),
);
const conversations: fc.Arbitrary<Conversation> = fc.record({
  projectId: fc.constant(1),
  sessionId: fc.constantFrom('session-1', 'session-2', 'session-3'),
  name: fc.constantFrom(undefined, 'a', 'ab', 'b', 'c'),
  createdBy: fc.constantFrom(undefined, '7', '8', 'anonymous'),
  createdAt: instants,
  updatedAt: instants,
});
const lastMessages: fc.Arbitrary<LastMessage> = fc.oneof(
  fc.constant<LastMessage>({ state: 'unread' }),
  instants.map((at): LastMessage => ({ state: 'read', at })),
);

/** A match by the answers of its parts, as the documents have it. */
function byItsParts({ selector: { kind }, parts, truth }: ClauseExplained): Truth {
  const truths = parts.map((part) => part.truth);
  switch (kind) {
    case 'any':
      return truths.includes('yes')
        ? 'yes'
        : truths.length === 0 || truths.includes('unknown')
          ? 'unknown'
          : 'no';
    case 'all':
      return truths.includes('no')
        ? 'no'
        : truths.length === 0 || truths.includes('unknown')
          ? 'unknown'
          : 'yes';
    case 'not':
      return truths[0] === 'unknown' ? 'unknown' : truths[0] === 'yes' ? 'no' : 'yes';
    default:
      return truth;
  }
}

function everyClause(clause: ClauseExplained): readonly ClauseExplained[] {
  return [clause, ...clause.parts.flatMap(everyClause)];
}

describe('an explanation', () => {
  test('agrees with the decision, whatever the policy and the conversation', () => {
    fc.assert(
      fc.property(policies, conversations, lastMessages, (policy, conversation, lastMessage) => {
        const { rules, first, minAge } = explainRules(policy, { conversation, lastMessage }, NOW);
        const step = createDecider(policy, NO_HOLDS, NOW).decide(conversation, lastMessage);
        const deciding = rules.find(({ match }) => match.truth !== 'no');
        expect(first).toBe(deciding?.rule.name);
        expect(rules.map(({ rule }) => rule)).toEqual(policy.rules);
        for (const clause of rules.flatMap(({ match }) => everyClause(match)))
          expect(clause.truth).toBe(byItsParts(clause));
        if (step.kind === 'needs_last_message') {
          expect(deciding?.match).toMatchObject({ truth: 'unknown', wantsLastMessage: true });
          return;
        }
        const { verdict, rule } = step.decision;
        expect(rule).toBe(first ?? null);
        const ofDelete = { old_enough: 'delete', younger: 'keep', unknown: 'unknown' }[minAge.state];
        const ofRule = deciding?.rule.action === 'delete' ? ofDelete : 'keep';
        expect(verdict).toBe(deciding?.match.truth === 'unknown' ? 'unknown' : ofRule);
      }),
      { numRuns: 2_000 },
    );
  });

  it('names the instant that an age is measured by', () => {
    const old: Selector = { kind: 'older_than', duration: { amount: 90, unit: 'd' }, clock: 'created' };
    const rule: Rule = {
      name: 'old',
      selector: { kind: 'all', of: [old, named('a*')] },
      action: 'delete',
      binds: 'every_policy',
    };
    const conversation: Conversation = {
      ...{ projectId: 1, sessionId: 'session-1', name: 'b', createdBy: '7' },
      ...{ createdAt: NOW - 100 * DAY_MS, updatedAt: undefined },
    };
    const limits = { minAge: { amount: 1, unit: 'd' } } as Policy['limits'];
    const explained = explainRules(
      { rules: [rule], limits },
      { conversation, lastMessage: { state: 'unread' } },
      NOW,
    );
    expect(explained).toMatchObject({
      first: undefined,
      minAge: { state: 'old_enough', cutoff: NOW - DAY_MS },
      rules: [
        {
          match: {
            truth: 'no',
            cutoff: undefined,
            parts: [
              { truth: 'yes', cutoff: NOW - 90 * DAY_MS, parts: [] },
              { truth: 'no', cutoff: undefined },
            ],
          },
        },
      ],
    });
  });
});

describe('what a policy covers', () => {
  const projects = {
    includes: ({ id }: Project) => id === 7,
    includedBy: ({ id }: Project) => (id < 9 ? 'support-*' : undefined),
    excludeEntries: [
      { written: '1', kind: 'id' as const, matches: ({ id }: Project) => id === 1 },
      { written: '*-old', kind: 'pattern' as const, matches: ({ id }: Project) => id === 8 },
    ],
  };

  it.each([
    [7, { isCovered: true, includedBy: 'support-*', excludedBy: undefined }],
    [8, { isCovered: false, includedBy: 'support-*', excludedBy: '*-old' }],
    [9, { isCovered: false, includedBy: undefined, excludedBy: undefined }],
  ])('is said with its entries: project %s', (id, coverage) => {
    expect(coverageOf(projects, { id, name: 'x' })).toEqual(coverage);
  });
});
