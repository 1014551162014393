import { describe, expect, test } from 'vitest';
import { EarlierAnswers } from '../../core/deletion/earlier.ts';
import { Bars } from '../prove/bars.ts';
import { countMissing } from './count-missing.ts';
import type { Application } from './context.ts';
import { OutOfSight } from '../prove/out-of-sight.ts';
import { ProjectWork } from './project-work.ts';
import type { Relisting } from './relist.ts';

type Look = ReturnType<Relisting['look']>;

/** By project, what the second listing says of each planned conversation: `1-0`, `1-1`, … */
type Looks = Readonly<Record<number, readonly Look[]>>;

function scene(looks: Looks, parts: { verified?: readonly string[]; earlier?: EarlierAnswers } = {}) {
  const { verified = [], earlier = new EarlierAnswers([], []) } = parts;
  const works = Object.entries(looks).map(
    ([id, { length }]) => new ProjectWork({ projectId: Number(id), planned: length, listingCost: 1 }),
  );
  const context = {
    relisting: {
      takenAt: 0,
      look: ({ projectId, ordinal }: { projectId: number; ordinal: number }) => looks[projectId]?.[ordinal],
    },
    plan: { planId: 'plan' },
    store: {
      plans: {
        planItems: async function* (_: string, { projectId }: { projectId: number }) {
          for (const ordinal of (looks[projectId] ?? []).keys())
            yield await Promise.resolve({
              projectId,
              sessionId: `${projectId}-${ordinal}`,
              ordinal,
              seen: {},
            });
        },
      },
      audit: {
        verifiedSessions: async function* () {
          yield await Promise.resolve(verified);
        },
      },
    },
    earlier,
    bars: new Bars(),
    outOfSight: new OutOfSight(),
  };
  return { works, context, count: () => countMissing(context as unknown as Application, works) };
}

function times(count: number, look: Look): readonly Look[] {
  return Array.from({ length: count }, () => look);
}

describe('what the second listing no longer shows', () => {
  test('is counted in each project, and over all of them before any is judged', async () => {
    const { works, context, count } = scene({
      1: times(5, 'not_listed'),
      2: [...times(2, 'not_listed'), 'changed'],
      3: times(72, 'unchanged'),
    });
    await count();
    expect(works.map(({ missing }) => missing)).toEqual([5, 2, 0]);
    expect(context.outOfSight.bar).toBeUndefined();
  });

  test('is not missing where a run of ours deleted it, or may have', async () => {
    const open = [{ projectId: 1, sessionId: '1-1', createdAt: undefined, answered: 'accepted' as const }];
    const parts = { verified: ['1-0'], earlier: new EarlierAnswers(open, []) };
    const { works, count } = scene({ 1: times(3, 'not_listed') }, parts);
    await count();
    expect(works[0]?.missing).toBe(1);
  });

  test('is not made light of by a project that could not be listed, or is not covered any more', async () => {
    const { works, context, count } = scene({
      1: times(6, 'not_listed'),
      2: times(90, 'unreadable'),
      3: times(90, 'unchanged'),
    });
    context.bars.project(3, { reason: 'not covered', cause: 'project' });
    await count();
    expect(works.map(({ isUnreadable }) => isUnreadable)).toEqual([false, true, false]);
    expect(context.outOfSight.bar?.reason).toMatch(/^6 of 6 planned /);
  });

  test('is not asked for where there is no second listing', async () => {
    const { works, context } = scene({ 1: times(6, 'not_listed') });
    await countMissing({ ...context, relisting: undefined } as unknown as Application, works);
    expect(works[0]?.missing).toBe(0);
    expect(context.outOfSight.bar).toBeUndefined();
  });
});
