import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HeldError } from '../../src/core/errors.ts';
import { contentOf, type ListedHold } from '../../src/core/hold.ts';
import type { HoldList } from '../../src/core/hold-list.ts';
import { eventsOf, HOLD, RELEASE } from './store-holds.ts';
import { DAY_MS, facts, NOON } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

export const FILE = '/policies/holds.yaml';
const GONE = { by: 'holds.yaml', reason: 'no longer in holds.yaml' };
export const LISTED: ListedHold = {
  projectId: 42,
  sessionId: undefined,
  matter: 'M-1',
  reason: 'suit',
  by: 'legal',
  untilAt: undefined,
};

/** Saved a second after the one before it. */
export function listOf(holds: readonly ListedHold[], source = FILE): HoldList {
  return { source, holds, revision: (saved += 1000) };
}
let saved = 0;

/** Ids that no other hold of the test has. */
export function syncAt(at = NOON) {
  ids += 1;
  const prefix = `hold-file-${ids}`;
  let count = 0;
  return { at, newId: () => `${prefix}-${(count += 1)}`, ...GONE };
}
let ids = 0;

export function holdListTests(suite: Suite): void {
  const { store } = suite;
  const sync = (list: HoldList, at?: number) => store().holds.syncHolds(list, syncAt(at));
  const standingOf = async (list: HoldList, at?: number) => (await sync(list, at)).standing;
  const inForce = async () => {
    const held = await store().holds.holdsInForce(NOON);
    return (await store().holds.holds()).filter(({ holdId }) => held.some((hold) => hold.holdId === holdId));
  };

  it('are added with their source, audited, and refuse an intent', async () => {
    const added = await standingOf(listOf([LISTED]));
    expect(added).toMatchObject([{ ...LISTED, source: FILE, addedAt: NOON, release: undefined }]);
    expect(await store().holds.holds()).toEqual(added);
    expect(await eventsOf(suite)).toMatchObject([
      {
        event: 'hold.added',
        hold_id: added[0]?.holdId,
        project_id: 42,
        session_id: null,
        matter: 'M-1',
        reason: 'suit',
        by: 'legal',
        until: null,
        source: 'file',
      },
    ]);
    const intent = store().audit.append([facts('deletion.intended')]);
    await expect(intent).rejects.toBeInstanceOf(HeldError);
  });

  it('change nothing, and write nothing, when they are as listed', async () => {
    const first = await standingOf(listOf([LISTED]));
    expect(await standingOf(listOf([LISTED, LISTED]))).toEqual(first);
    expect(await standingOf(listOf([], '/other/holds.yaml'))).toEqual([]);
    expect((await store().audit.head()).seq).toBe(1);
  });

  it('are released when they are gone from the list; those of others are not', async () => {
    await store().holds.addHold(HOLD);
    await standingOf(listOf([LISTED], '/other/holds.yaml'));
    await standingOf(listOf([LISTED, { ...LISTED, projectId: 43 }]));
    expect(await standingOf(listOf([LISTED]), NOON + 5)).toHaveLength(1);
    const released = (await store().holds.holds()).filter(({ release }) => release !== undefined);
    expect(released).toMatchObject([{ projectId: 43, source: FILE, release: { at: NOON + 5, ...GONE } }]);
    expect((await eventsOf(suite)).at(-1)).toMatchObject({ event: 'hold.released', project_id: 43, ...GONE });
    expect(await standingOf(listOf([]))).toEqual([]);
    expect(await inForce()).toMatchObject([{ source: undefined }, { source: '/other/holds.yaml' }]);
  });

  it('change without a gap: the new one stands before the old one goes', async () => {
    await standingOf(listOf([LISTED]));
    const changed = { ...LISTED, matter: 'M-2' };
    const [, ...intents] = await Promise.allSettled([
      standingOf(listOf([changed])),
      ...Array.from({ length: 5 }, () => store().audit.append([facts('deletion.intended')])),
    ]);
    expect(intents.every(({ status }) => status === 'rejected')).toBe(true);
    expect((await eventsOf(suite)).map(({ event, matter }) => [event, matter])).toEqual([
      ['hold.added', 'M-1'],
      ['hold.added', 'M-2'],
      ['hold.released', 'M-1'],
    ]);
  });

  it('that are over by their date stay as long as they are listed', async () => {
    const over = { ...LISTED, untilAt: NOON - DAY_MS };
    const first = await standingOf(listOf([over]));
    expect(first).toHaveLength(1);
    expect(await standingOf(listOf([over]))).toEqual(first);
    expect(await inForce()).toEqual([]);
  });

  it('are not doubled by several who read the same file at once', async () => {
    const holds = [LISTED, { ...LISTED, sessionId: 'session-0001' }];
    const all = await Promise.all(Array.from({ length: 5 }, () => standingOf(listOf(holds))));
    expect(await inForce()).toHaveLength(2);
    for (const standing of all) expect(standing).toEqual(all[0]);
  });

  it('are added anew when they were released by command', async () => {
    const [first] = await standingOf(listOf([LISTED]));
    await store().holds.releaseHold(first?.holdId ?? '', RELEASE);
    expect(await standingOf(listOf([LISTED]))).toHaveLength(1);
    expect(await inForce()).toHaveLength(1);
    expect(await store().holds.holds()).toHaveLength(2);
  });

  it('are exactly those of the list, whatever came before', async () => {
    const listed = fc.record<ListedHold>({
      projectId: fc.integer({ min: 1, max: 3 }),
      sessionId: fc.option(fc.constantFrom('session-0001', 'SESSION-0001', 'session-0002'), {
        nil: undefined,
      }),
      matter: fc.constantFrom('M-1', 'M-2'),
      reason: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
      by: fc.constantFrom('legal', 'J. Doe'),
      untilAt: fc.option(fc.constantFrom(NOON - DAY_MS, NOON + DAY_MS), { nil: undefined }),
    });
    const step = fc.record({
      source: fc.constantFrom(FILE, '/b'),
      holds: fc.array(listed, { maxLength: 6 }),
    });
    const unique = (holds: readonly ListedHold[]) => [...new Set(holds.map(contentOf))].sort();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
        for (const { source, holds } of steps) {
          const standing = await standingOf(listOf(holds, source));
          expect(standing.map(contentOf).sort()).toEqual(unique(holds));
        }
        const rows = (await store().holds.holds()).filter(({ release }) => release === undefined);
        for (const source of [FILE, '/b']) {
          const last = steps.findLast((one) => one.source === source);
          const own = rows.filter((row) => row.source === source);
          if (last !== undefined) expect(own.map(contentOf).sort()).toEqual(unique(last.holds));
        }
        const open = rows.filter(({ untilAt }) => untilAt === undefined || untilAt > NOON);
        expect((await store().holds.holdsInForce(NOON)).length).toBe(open.length);
      }),
      { numRuns: 40 },
    );
  });
}
