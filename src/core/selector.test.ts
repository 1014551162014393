import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conversation, LastMessage } from './conversation.ts';
import { before, type Duration } from './duration.ts';
import { between, earliestOf, latestOf, type Instant } from './instant.ts';
import { compileNameTest } from './name-match.ts';
import { messageReachOf, reachOf } from './reach.ts';
import {
  cutoffsAt,
  evaluate,
  traitsUsed,
  type AgeClock,
  type Evaluation,
  type NameMatcher,
  type Selector,
} from './selector.ts';

const NOW = 1_760_000_000_000;
const DAY = 86_400_000;
const CONTEXT = { now: NOW, cutoff: cutoffsAt(NOW) };
const UNREAD: LastMessage = { state: 'unread' };
const read = (at: Instant | undefined): LastMessage => ({ state: 'read', at });
const days = (amount: number): Duration => ({ amount, unit: 'd' });
const older = (amount: number, clock: AgeClock = 'created'): Selector => ({
  kind: 'older_than',
  duration: days(amount),
  clock,
});
function matchersOf(pattern: string): readonly NameMatcher[] {
  const compiled = compileNameTest('glob', pattern);
  if (!compiled.ok) throw new Error(compiled.problem);
  return [compiled.matcher];
}
function named(pattern: string): Selector {
  return { kind: 'name', matchers: matchersOf(pattern) };
}
const EVERYTHING: Selector = { kind: 'everything' };
const NOTHING: Selector = { kind: 'not', of: EVERYTHING };

function conversation(facts: Partial<Conversation> = {}): Conversation {
  return {
    projectId: 1,
    sessionId: 'session-1',
    name: 'test-1',
    createdAt: NOW - 100 * DAY,
    updatedAt: NOW - 50 * DAY,
    createdBy: 'anonymous',
    ...facts,
  };
}
const judge = (
  selector: Selector,
  facts: Partial<Conversation> = {},
  lastMessage: LastMessage = UNREAD,
): Evaluation => evaluate(selector, { conversation: conversation(facts), lastMessage }, CONTEXT);
const truth = (...given: Parameters<typeof judge>): string => judge(...given).truth;

describe('older_than', () => {
  it('is strictly more than the duration', () => {
    expect(truth(older(90), { createdAt: NOW - 90 * DAY })).toBe('no');
    expect(truth(older(90), { createdAt: NOW - 90 * DAY - 1 })).toBe('yes');
    expect(truth(older(90), { createdAt: NOW - 90 * DAY + 1 })).toBe('no');
  });

  it('does not know without a date, or with one in the future', () => {
    expect(truth(older(90), { createdAt: undefined })).toBe('unknown');
    expect(truth(older(90), { createdAt: NOW + 1 })).toBe('unknown');
    expect(truth(older(90), { createdAt: NOW })).toBe('no');
    expect(truth(older(90, 'updated'), { updatedAt: undefined })).toBe('unknown');
    expect(truth(older(90, 'updated'), { updatedAt: NOW + 1 })).toBe('unknown');
    expect(truth(older(90, 'updated'), { createdAt: NOW + 1 })).toBe('unknown');
  });

  it('counts from the update on that clock, never from before the creation', () => {
    expect(truth(older(90, 'updated'))).toBe('no');
    expect(truth(older(49, 'updated'))).toBe('yes');
    expect(truth(older(49, 'updated'), { createdAt: undefined })).toBe('yes');
    expect(truth(older(90, 'updated'), { createdAt: NOW - DAY, updatedAt: NOW - 500 * DAY })).toBe('no');
  });

  it('asks for the newest message only where it could matter', () => {
    const idle = older(90, 'last_message');
    expect(judge(idle)).toEqual({ truth: 'unknown', wantsLastMessage: true });
    expect(judge(idle, { createdAt: undefined })).toEqual({ truth: 'unknown', wantsLastMessage: true });
    expect(judge(idle, { createdAt: NOW - 90 * DAY })).toEqual({ truth: 'no', wantsLastMessage: false });
    expect(judge(idle, { createdAt: NOW + 1 })).toEqual({ truth: 'unknown', wantsLastMessage: false });
  });

  it('counts from the newest message once it is read', () => {
    const idle = older(90, 'last_message');
    expect(judge(idle, {}, read(undefined))).toEqual({ truth: 'unknown', wantsLastMessage: false });
    expect(truth(idle, {}, read(NOW - 90 * DAY))).toBe('no');
    expect(truth(idle, {}, read(NOW - 90 * DAY - 1))).toBe('yes');
    expect(truth(idle, { createdAt: undefined }, read(NOW - 91 * DAY))).toBe('yes');
    expect(truth(idle, {}, read(NOW + 1))).toBe('unknown');
    expect(truth(older(1), {}, read(NOW))).toBe('yes');
  });
});

describe('older_than, of what is known only roughly', () => {
  const around = (day: number): Instant => between(NOW - day * DAY - 3_600_000, NOW - day * DAY + 3_600_000);

  it('holds for all of it, for none of it, or is not known', () => {
    expect(truth(older(90), { createdAt: around(91) })).toBe('yes');
    expect(truth(older(90), { createdAt: around(90) })).toBe('unknown');
    expect(truth(older(90), { createdAt: around(89) })).toBe('no');
    expect(truth(older(90), { createdAt: between(NOW - 90 * DAY - 5, NOW - 90 * DAY) })).toBe('unknown');
    expect(truth(older(90), { createdAt: between(NOW - 90 * DAY - 5, NOW - 90 * DAY - 1) })).toBe('yes');
    expect(truth(older(90), { createdAt: between(NOW - 90 * DAY, NOW - 90 * DAY + 5) })).toBe('no');
    expect(truth({ kind: 'not', of: older(90) }, { createdAt: around(90) })).toBe('unknown');
  });

  it('may reach into the future, but not begin there', () => {
    expect(truth(older(90), { createdAt: between(NOW - DAY, NOW + DAY) })).toBe('no');
    expect(truth(older(90), { createdAt: between(NOW + 1, NOW + DAY) })).toBe('unknown');
    expect(truth(older(50), {}, read(undefined))).toBe('yes');
    expect(truth(older(50, 'last_message'), {}, read(between(NOW + 1, NOW + 2)))).toBe('unknown');
  });

  it('asks for the newest message where the creation leaves it open, and takes the later of both', () => {
    const idle = older(90, 'last_message');
    expect(judge(idle, { createdAt: around(90) }).wantsLastMessage).toBe(true);
    expect(truth(idle, { createdAt: around(90) }, read(NOW - 91 * DAY))).toBe('unknown');
    expect(truth(idle, { createdAt: around(90) }, read(NOW - 80 * DAY))).toBe('no');
    expect(truth(idle, { createdAt: around(95) }, read(around(91)))).toBe('yes');
    expect(truth(idle, { createdAt: undefined }, read(around(90)))).toBe('unknown');
  });
});

describe('messageReachOf', () => {
  const rules = (...selectors: Selector[]): { selector: Selector }[] =>
    selectors.map((selector) => ({ selector }));

  it('is the youngest cutoff counted from the newest message, wherever it stands', () => {
    const nested: Selector = {
      kind: 'any',
      of: [
        older(30, 'last_message'),
        { kind: 'not', of: { kind: 'all', of: [older(7, 'last_message'), named('x')] } },
      ],
    };
    expect(messageReachOf(rules(older(1), nested, older(60, 'last_message')), NOW)).toBe(NOW - 7 * DAY);
  });

  it('is none where no rule counts so', () => {
    const others: Selector[] = [
      ...[EVERYTHING, named('x'), older(1), older(1, 'updated')],
      ...[
        { kind: 'created_by' as const, users: new Set<string>() },
        { kind: 'session_ids' as const, ids: new Set<string>() },
      ],
    ];
    expect(messageReachOf(rules(...others), NOW)).toBeUndefined();
  });
});

describe('the other leaves', () => {
  it('matches names by any of the matchers', () => {
    const either: Selector = { kind: 'name', matchers: ['x', 'b'].flatMap(matchersOf) };
    expect(truth(either, { name: 'b' })).toBe('yes');
    expect(truth(either, { name: 'a' })).toBe('no');
    expect(truth(either, { name: undefined })).toBe('unknown');
    expect(truth(named('*'), { name: '' })).toBe('yes');
  });

  it('matches creators and sessions', () => {
    const by: Selector = { kind: 'created_by', users: new Set(['7', 'anonymous']) };
    expect(truth(by)).toBe('yes');
    expect(truth(by, { createdBy: '8' })).toBe('no');
    expect(truth(by, { createdBy: undefined })).toBe('unknown');
    const ids: Selector = { kind: 'session_ids', ids: new Set(['session-1']) };
    expect(truth(ids)).toBe('yes');
    expect(truth(ids, { sessionId: 'session-2' })).toBe('no');
    expect(truth(ids, { sessionId: 'SESSION-1' })).toBe('no');
  });

  it('matches session ids in any case where they protect', () => {
    const ids: Selector = {
      kind: 'session_ids',
      ids: new Set(['Session-1']),
      folded: new Set(['session-1']),
    };
    for (const sessionId of ['session-1', 'Session-1', 'SESSION-1']) {
      expect(truth(ids, { sessionId })).toBe('yes');
    }
    expect(truth(ids, { sessionId: 'session1' })).toBe('no');
  });

  it('matches everything', () => {
    expect(truth(EVERYTHING, { name: undefined, createdAt: undefined })).toBe('yes');
  });
});

describe('combinators', () => {
  const all = (...of: Selector[]): Selector => ({ kind: 'all', of });
  const any = (...of: Selector[]): Selector => ({ kind: 'any', of });
  const not = (of: Selector): Selector => ({ kind: 'not', of });
  const UNKNOWN = older(90, 'last_message');

  const value = fc.constantFrom<[string, Selector]>(
    ['yes', EVERYTHING],
    ['no', NOTHING],
    ['unknown', UNKNOWN],
  );
  const rank = { no: 0, unknown: 1, yes: 2 } as const;

  it('are the minimum, the maximum and the complement of Kleene', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
        const parts = values.map(([, selector]) => selector);
        const ranks = parts.map((part) => rank[judge(part).truth]);
        expect(rank[judge(all(...parts)).truth]).toBe(Math.min(...ranks));
        expect(rank[judge(any(...parts)).truth]).toBe(Math.max(...ranks));
        expect(judge(not(all(...parts)))).toEqual(judge(any(...parts.map(not))));
        expect(judge(not(not(any(...parts))))).toEqual(judge(any(...parts)));
      }),
    );
  });

  it('know nothing when asked nothing', () => {
    for (const empty of [all(), any(), not(all()), not(any())]) expect(truth(empty)).toBe('unknown');
  });

  it('want the newest message only where it could still decide', () => {
    expect(judge(all(NOTHING, UNKNOWN))).toEqual({ truth: 'no', wantsLastMessage: false });
    expect(judge(all(UNKNOWN, NOTHING))).toEqual({ truth: 'no', wantsLastMessage: false });
    expect(judge(any(UNKNOWN, EVERYTHING))).toEqual({ truth: 'yes', wantsLastMessage: false });
    expect(judge(not(UNKNOWN))).toEqual({ truth: 'unknown', wantsLastMessage: true });
    expect(judge(all(named('*'), UNKNOWN), { name: undefined })).toEqual({
      truth: 'unknown',
      wantsLastMessage: true,
    });
    expect(judge(all(named('*'), EVERYTHING), { name: undefined })).toEqual({
      truth: 'unknown',
      wantsLastMessage: false,
    });
  });
});

// ── Properties over whole selectors ─────────────────────────────────────────────────────────────────────────

const ageDays = fc.integer({ min: 1, max: 60 });
const leaf: fc.Arbitrary<Selector> = fc.oneof(
  fc.constant(EVERYTHING),
  fc
    .tuple(ageDays, fc.constantFrom<AgeClock>('created', 'updated', 'last_message'))
    .map(([n, c]) => older(n, c)),
  fc.constantFrom('a*', '*b').map(named),
  fc.constant<Selector>({ kind: 'created_by', users: new Set(['anonymous']) }),
  fc.constant<Selector>({ kind: 'session_ids', ids: new Set(['session-1']) }),
);
const selectors = (withNot: boolean): fc.Arbitrary<Selector> =>
  fc.letrec<{ node: Selector }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.record({
        kind: fc.constantFrom<'any' | 'all'>('any', 'all'),
        of: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
      }),
      ...(withNot ? [fc.record({ kind: fc.constant<'not'>('not'), of: tie('node') })] : []),
    ),
  })).node;

const exact = fc.integer({ min: NOW - 70 * DAY, max: NOW + DAY });
const rough = fc.tuple(exact, fc.nat({ max: 2 * DAY })).map(([from, width]) => between(from, from + width));
const instant = fc.option(fc.oneof({ weight: 2, arbitrary: exact }, rough), { nil: undefined });
const conversations: fc.Arbitrary<Conversation> = fc.record({
  projectId: fc.constant(1),
  sessionId: fc.constantFrom('session-1', 'session-2'),
  name: fc.constantFrom('a', 'ab', 'b', undefined),
  createdAt: instant,
  updatedAt: instant,
  createdBy: fc.constantFrom('anonymous', '7', undefined),
});
const at = (
  ...[selector, facts, lastMessage, now = NOW]: [Selector, Conversation, LastMessage, number?]
): Evaluation => evaluate(selector, { conversation: facts, lastMessage }, { now, cutoff: cutoffsAt(now) });

describe('any selector', () => {
  it('keeps what it answered when something unknown becomes known', () => {
    fc.assert(
      fc.property(
        selectors(true),
        conversations,
        conversations,
        instant,
        (...[selector, some, more, message]) => {
          const fuller: Conversation = {
            ...some,
            name: some.name ?? more.name,
            createdBy: some.createdBy ?? more.createdBy,
          };
          const answer = at(selector, some, UNREAD);
          if (answer.truth === 'unknown') return;
          expect(answer.wantsLastMessage).toBe(false);
          expect(at(selector, fuller, UNREAD).truth).toBe(answer.truth);
          // Whatever the newest message is, unless it lies in the future and is no date at all.
          if (message === undefined || earliestOf(message) <= NOW) {
            expect(at(selector, fuller, read(message)).truth).toBe(answer.truth);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('answers for each instant as it answers for an interval around it, where it knows an answer', () => {
    const within = fc.double({ min: 0, max: 1, noNaN: true });
    const pick = (at: Instant | undefined, share: number): number | undefined => {
      if (at === undefined) return undefined;
      const [from, to] = [earliestOf(at), Math.min(latestOf(at), Math.max(NOW, earliestOf(at)))];
      return from + Math.round((to - from) * share);
    };
    fc.assert(
      fc.property(selectors(true), conversations, instant, within, (...[selector, facts, message, share]) => {
        const roughly = at(selector, facts, read(message)).truth;
        if (roughly === 'unknown') return;
        const { createdAt, updatedAt } = facts;
        const exactly = {
          ...facts,
          createdAt: pick(createdAt, share),
          updatedAt: pick(updatedAt, 1 - share),
        };
        expect(at(selector, exactly, read(pick(message, share))).truth).toBe(roughly);
      }),
      { numRuns: 3_000 },
    );
  });

  it('says the same of a message that is new enough for all as of any newer one', () => {
    fc.assert(
      fc.property(
        selectors(true),
        conversations,
        fc.nat({ max: DAY }),
        fc.nat({ max: DAY }),
        (...[selector, facts, a, b]) => {
          const reach = messageReachOf([{ selector }], NOW);
          if (reach === undefined) return;
          const [one, other] = [reach + a, reach + b].map((message) => Math.min(message, NOW));
          expect(at(selector, facts, read(one)).truth).toBe(at(selector, facts, read(other)).truth);
        },
      ),
    );
  });

  it('never wants a message that is read already', () => {
    fc.assert(
      fc.property(selectors(true), conversations, instant, (selector, facts, message) => {
        expect(at(selector, facts, read(message)).wantsLastMessage).toBe(false);
      }),
    );
  });

  it('says yes to nothing of which it knows no date and looks at dates only', () => {
    fc.assert(
      fc.property(ageDays, fc.constantFrom<AgeClock>('created', 'updated', 'last_message'), (n, clock) => {
        const facts = conversation({ createdAt: undefined, updatedAt: undefined });
        expect(at(older(n, clock), facts, read(undefined)).truth).toBe('unknown');
        expect(at({ kind: 'not', of: older(n, clock) }, facts, read(undefined)).truth).toBe('unknown');
      }),
    );
  });

  it('does not let a conversation go from deletable to kept as it grows older, without not', () => {
    fc.assert(
      fc.property(
        selectors(false),
        conversations,
        instant,
        fc.nat({ max: 30 * DAY }),
        (...[selector, facts, message, later]) => {
          if (at(selector, facts, read(message)).truth !== 'yes') return;
          expect(at(selector, facts, read(message), NOW + later).truth).toBe('yes');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('uses the facts it names and no others', () => {
    fc.assert(
      fc.property(selectors(true), conversations, conversations, (selector, one, other) => {
        const used = traitsUsed(selector);
        const mixed: Conversation = {
          projectId: 1,
          name: used.has('name') ? one.name : other.name,
          createdBy: used.has('created_by') ? one.createdBy : other.createdBy,
          sessionId: used.has('session_id') ? one.sessionId : other.sessionId,
          updatedAt: used.has('updated') ? one.updatedAt : other.updatedAt,
          // Every clock looks at the creation too.
          createdAt: (['created', 'updated', 'last_message'] as const).some((clock) => used.has(clock))
            ? one.createdAt
            : other.createdAt,
        };
        expect(at(selector, mixed, UNREAD)).toEqual(at(selector, one, UNREAD));
      }),
    );
  });
});

describe('reachOf', () => {
  const limits = { minAge: days(1) };
  const rule = (
    selector: Selector,
    action: 'keep' | 'delete' = 'delete',
  ): { selector: Selector; action: 'keep' | 'delete' } => ({
    selector,
    action,
  });
  const reach = (...rules: { selector: Selector; action: 'keep' | 'delete' }[]): number =>
    reachOf({ rules, limits }, NOW);

  it('is the youngest cutoff of the rules that delete', () => {
    expect(reach(rule(older(90)), rule(older(7, 'last_message')), rule(older(2), 'keep'))).toBe(
      NOW - 7 * DAY,
    );
    expect(reach(rule({ kind: 'all', of: [older(7), named('x'), older(30)] }))).toBe(NOW - 30 * DAY);
    expect(reach(rule({ kind: 'any', of: [older(7), older(30)] }))).toBe(NOW - 7 * DAY);
  });

  it('is bounded by min_age alone where a rule has no age of its own', () => {
    for (const selector of [EVERYTHING, named('x'), { kind: 'not' as const, of: older(90) }]) {
      expect(reach(rule(selector), rule(older(90)))).toBe(NOW - DAY + 1);
    }
    expect(reach(rule({ kind: 'session_ids', ids: new Set() }))).toBe(NOW - DAY + 1);
    expect(reach(rule({ kind: 'created_by', users: new Set() }))).toBe(NOW - DAY + 1);
    expect(reach(rule(older(1)))).toBe(NOW - DAY);
  });

  it('reaches nothing when no rule deletes', () => {
    expect(reach()).toBe(-Infinity);
    expect(reach(rule(EVERYTHING, 'keep'))).toBe(-Infinity);
  });

  it('leaves nothing deletable beyond it', () => {
    fc.assert(
      fc.property(
        fc.array(selectors(true), { maxLength: 3 }),
        conversations,
        instant,
        ageDays,
        (...[some, facts, message, minAge]) => {
          const bound = reachOf({ rules: some.map((s) => rule(s)), limits: { minAge: days(minAge) } }, NOW);
          if (facts.createdAt === undefined || earliestOf(facts.createdAt) < bound) return;
          const tooYoung = latestOf(facts.createdAt) > before(NOW, days(minAge));
          for (const selector of some) {
            expect(tooYoung || at(selector, facts, read(message)).truth !== 'yes').toBe(true);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('cutoffsAt', () => {
  it('gives equal durations one cutoff', () => {
    const cutoff = cutoffsAt(NOW);
    const month: Duration = { amount: 1, unit: 'mo' };
    expect(cutoff(month)).toBe(before(NOW, month));
    expect(cutoff(month)).toBe(cutoff({ ...month }));
  });
});

it('names what it looks at', () => {
  const nested: Selector = { kind: 'any', of: [named('a'), { kind: 'not', of: older(1, 'last_message') }] };
  expect([...traitsUsed(nested)]).toEqual(['name', 'last_message']);
  expect([...traitsUsed(EVERYTHING)]).toEqual([]);
});
