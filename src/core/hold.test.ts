import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareWithList, contentOf, HoldIndex, NO_HOLDS, type Hold, type ListedHold } from './hold.ts';

const SESSION = '0b1e6f0c-5f0e-4f65-9a52-3a9df1c3a7d1';
const hold = (change: Partial<Hold> = {}): Hold => ({
  holdId: 'hold-1',
  projectId: 42,
  sessionId: SESSION,
  matter: 'M-17',
  untilAt: undefined,
  ...change,
});

describe('a hold', () => {
  it.each([
    ['its conversation', hold(), true],
    ['its conversation, copied in capitals', hold({ sessionId: SESSION.toUpperCase() }), true],
    ['every conversation of its project', hold({ sessionId: undefined }), true],
    ['until its last millisecond', hold({ untilAt: 1001 }), true],
    ['no longer when it is over', hold({ untilAt: 1000 }), false],
    ['not another conversation', hold({ sessionId: `${SESSION}x` }), false],
    ['not another project', hold({ projectId: 43, sessionId: undefined }), false],
  ])('covers %s', (_, one, isCovered) => {
    const conversation = { projectId: 42, sessionId: SESSION };
    const found = isCovered ? one : undefined;
    expect(new HoldIndex([one]).over(conversation, 1000)).toBe(found);
  });
});

describe('many holds', () => {
  const id = fc.constantFrom(SESSION, SESSION.toUpperCase(), `${SESSION}x`);
  const place = { projectId: fc.integer({ min: 1, max: 3 }) };
  const held = fc.record({
    ...place,
    holdId: fc.uuid(),
    sessionId: fc.option(id, { nil: undefined }),
    matter: fc.constant('M-17'),
    untilAt: fc.option(fc.constantFrom(1, 2, 3), { nil: undefined }),
  });

  it('cover by their index what they cover one by one', () => {
    fc.assert(
      fc.property(fc.array(held), fc.record({ ...place, sessionId: id }), (holds, conversation) => {
        const index = new HoldIndex(holds);
        const covering = holds.filter((hold) => new HoldIndex([hold]).over(conversation, 2) !== undefined);
        const found = index.over(conversation, 2);
        if (found === undefined) expect(covering).toEqual([]);
        else expect(covering).toContain(found);
        const { projectId } = conversation;
        expect(index.inProject(projectId)).toEqual(holds.filter((hold) => hold.projectId === projectId));
      }),
    );
    expect(NO_HOLDS.all).toEqual([]);
  });
});

describe('a list of holds', () => {
  const listed = fc.record<ListedHold>({
    projectId: fc.integer({ min: 1, max: 3 }),
    sessionId: fc.option(fc.constantFrom(SESSION, SESSION.toUpperCase()), { nil: undefined }),
    matter: fc.constantFrom('M-17', 'M-18'),
    reason: fc.constantFrom('suit', 'complaint'),
    by: fc.constantFrom('legal', 'J. Doe'),
    untilAt: fc.option(fc.constantFrom(1, 2), { nil: undefined }),
  });
  const contents = (holds: readonly ListedHold[]): readonly string[] => holds.map(contentOf).sort();

  it('differs from what is held by what is missing and what is gone', () => {
    fc.assert(
      fc.property(fc.array(listed), fc.array(listed), (held, wanted) => {
        const { missing, gone } = compareWithList(held, wanted);
        const after = new Set(contents([...held.filter((hold) => !gone.includes(hold)), ...missing]));
        expect(after).toEqual(new Set(contents(wanted)));
        expect(new Set(contents(missing)).size).toBe(missing.length);
        for (const hold of gone) expect(contents(wanted)).not.toContain(contentOf(hold));
        for (const hold of missing) expect(contents(held)).not.toContain(contentOf(hold));
      }),
    );
  });
});
