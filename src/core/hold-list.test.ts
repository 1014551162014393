import { describe, expect, it } from 'vitest';
import { compareRevisions, revisionOf } from './hold-list.ts';
import type { HoldRecord } from './hold.ts';

function hold(projectId: number): HoldRecord {
  return {
    ...{ holdId: `h${projectId}`, projectId, sessionId: undefined, matter: 'M', reason: 'r', by: 'b' },
    ...{ addedAt: 0, untilAt: undefined, source: '/h', release: undefined },
  };
}
const [ONE, TWO, THREE] = [hold(1), hold(2), hold(3)];

describe('a list against those that are held', () => {
  const compare = (known: number | undefined, revision: number | undefined) =>
    compareRevisions({ held: [ONE, TWO], revision: known }, { holds: [TWO, THREE], revision });
  const always = { missing: [THREE], kept: [TWO] };

  it.each([
    [undefined, 0],
    [1, 1.5],
  ])('releases what it lacks, where %j is the newest and it is of %j', (known, revision) => {
    expect(compare(known, revision)).toEqual({
      ...always,
      gone: [ONE],
      overruled: [],
      newRevision: revision,
    });
  });

  it.each([
    [undefined, undefined],
    [1, undefined],
    [1, 1],
    [1, 0.5],
  ])('releases nothing, where %j is the newest and it is of %j', (known, revision) => {
    expect(compare(known, revision)).toEqual({
      ...always,
      gone: [],
      overruled: [ONE],
      newRevision: undefined,
    });
  });

  it('keeps all where all are listed', () => {
    const held = [ONE, TWO];
    const known = { held, revision: 1 };
    expect(compareRevisions(known, { holds: held, revision: 1 }).kept).toBe(held);
  });
});

describe('a revision', () => {
  it('is when the file was saved, never later than now, and of a far future none', () => {
    expect(revisionOf(99.25, 100)).toBe(99.25);
    expect(revisionOf(60_100, 100)).toBe(100);
    expect(revisionOf(60_101, 100)).toBeUndefined();
  });
});
