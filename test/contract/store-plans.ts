import { expect, it } from 'vitest';
import { NO_FINDINGS } from '../../src/core/findings.ts';
import { between } from '../../src/core/instant.ts';
import type { PlanHeader, PlanItem } from '../../src/core/plan.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { DAY_MS, DONE, NOON, PROJECT, collect, fault, header, item } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

export function planTests({ store, clock, reopen }: Suite): void {
  it('shows a plan only when it is finished', async () => {
    const writer = await store().plans.createPlan(header('plan-1'));
    await writer.add([item(1)]);
    expect(await store().plans.plan('plan-1')).toBeUndefined();
    expect(await collect(store().plans.planItems('plan-1'))).toEqual([]);
    expect(await store().plans.consumePlan('plan-1', 'run-1')).toBe(false);
    expect(await fault(store().plans.planFingerprint('plan-1'))).toBe('plan_stale');

    const summary = await writer.finish(DONE);
    expect(summary).toEqual({
      ...header('plan-1'),
      ...DONE,
      deferred: 0,
      status: 'open',
      fingerprint: summary.fingerprint,
      fileHash: undefined,
    });
    expect(summary.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(await store().plans.plan('plan-1')).toEqual(summary);
    expect(await (await reopen()).plans.plan('plan-1')).toEqual(summary);
  });

  it('gives back how each project was read', async () => {
    const [project] = DONE.projects;
    if (project === undefined) throw new Error('no project');
    const projects = [
      { ...project, projectId: 1, sampled: { claimed: 5000 } },
      { ...project, projectId: 2, sampled: { claimed: undefined } },
      { ...project, projectId: 3 },
    ];
    const writer = await store().plans.createPlan(header('plan-1'));
    const { fingerprint } = await writer.finish({ ...DONE, projects });
    expect((await store().plans.plan('plan-1'))?.projects).toStrictEqual(projects);
    const other = await store().plans.createPlan(header('plan-1a'));
    expect((await other.finish({ ...DONE, projects: projects.slice(1) })).fingerprint).not.toBe(fingerprint);
  });

  it('remembers when a project was last read in full', async () => {
    expect(await store().plans.lastReadInFull(7)).toBeUndefined();
    await store().plans.recordReadInFull(7, NOON);
    await store().plans.recordReadInFull(8, NOON + 1);
    await store().plans.recordReadInFull(7, NOON + 2);
    const again = await reopen();
    expect([await again.plans.lastReadInFull(7), await again.plans.lastReadInFull(8)]).toEqual([
      NOON + 2,
      NOON + 1,
    ]);
  });

  it('knows nothing of plans that were never made', async () => {
    expect(await store().plans.plan('plan-9')).toBeUndefined();
    expect(await store().plans.plan('plan-9')).toBeUndefined();
    expect(await collect(store().plans.planItems('plan-9'))).toEqual([]);
    expect(await store().plans.consumePlan('plan-9', 'run-1')).toBe(false);
    expect(await fault(store().plans.setPlanFileHash('plan-9', 'ff'))).toBe('plan_stale');
  });

  it('gives back every item as it was, however strange', async () => {
    const unknown = { name: undefined, createdAt: undefined, updatedAt: undefined, createdBy: undefined };
    const items = [
      item(1),
      item(2, { verdict: 'unknown', sessionId: null, rule: null, ageDays: null, seen: unknown }),
      item(3, { verdict: 'keep', lastMessageAt: undefined, lastMessageReadAt: undefined }),
      item(4, {
        seen: { ...unknown, name: 'half \ud800 \u0000 "quoted" \u202e 聊天 👩‍👩‍👧', createdBy: 'anonymous' },
      }),
      item(5, { verdict: 'held', seen: { ...unknown, name: '', createdBy: '' }, ageDays: 0 }),
      item(7, {
        seen: { ...unknown, createdAt: between(NOON - DAY_MS, NOON), updatedAt: between(NOON, NOON + 1) },
        lastMessageAt: between(NOON - 1, NOON),
      }),
      item(8, { lastMessageAt: between(NOON - 1, NOON) }),
      item(6, { seen: { ...unknown, name: 'null' }, projectId: Number.MAX_SAFE_INTEGER }),
    ];
    const writer = await store().plans.createPlan(header('plan-1'));
    await writer.add(items.slice(0, 2));
    await writer.add(items.slice(2));
    const { fingerprint } = await writer.finish(DONE);
    expect(await collect(store().plans.planItems('plan-1'))).toStrictEqual(items);
    expect(await store().plans.planFingerprint('plan-1')).toBe(fingerprint);
  });

  it('reads plans longer than one batch in order, all of it or one verdict', async () => {
    const items = Array.from({ length: 5_000 }, (_, index) =>
      item(index + 1, { verdict: index % 4 === 0 ? 'delete' : 'keep' }),
    );
    const writer = await store().plans.createPlan(header('plan-1'));
    await writer.add(items);
    const { fingerprint } = await writer.finish(DONE);
    expect(await collect(store().plans.planItems('plan-1'))).toEqual(items);
    expect(await collect(store().plans.planItems('plan-1', { verdict: 'delete' }))).toEqual(
      items.filter(({ verdict }) => verdict === 'delete'),
    );
    expect(await collect(store().plans.planItems('plan-1', { verdict: 'held' }))).toEqual([]);
    expect(await store().plans.planFingerprint('plan-1')).toBe(fingerprint);
  });

  it('gives back the items of one project, in order or so many from the end', async () => {
    // Each project has a number 1, and so on: they can be planned apart from each other.
    const mixed = Array.from({ length: 4_200 }, (_, index) =>
      item(Math.floor(index / 2) + 1, {
        projectId: (index % 2) + 1,
        verdict: index % 3 === 0 ? 'keep' : 'delete',
      }),
    );
    const items = [1, 2].flatMap((id) => mixed.filter(({ projectId }) => projectId === id));
    const writer = await store().plans.createPlan(header('plan-1'));
    await writer.add(mixed);
    await writer.finish(DONE);
    expect(await collect(store().plans.planItems('plan-1'))).toEqual(items);
    const read = (filter: Parameters<Store['plans']['planItems']>[1]) =>
      collect(store().plans.planItems('plan-1', filter));
    const own = items.filter(({ projectId }) => projectId === 2);
    const doomed = own.filter(({ verdict }) => verdict === 'delete');
    expect(await read({ projectId: 2 })).toEqual(own);
    expect(await read({ projectId: 2, verdict: 'delete' })).toEqual(doomed);
    expect(await read({ projectId: 2, verdict: 'keep' })).toEqual(
      own.filter(({ verdict }) => verdict === 'keep'),
    );
    expect(await read({ projectId: 2, verdict: 'delete', last: 3 })).toEqual(doomed.slice(-3).reverse());
    expect(await read({ verdict: 'delete', last: 1 })).toEqual(
      items.filter(({ verdict }) => verdict === 'delete').slice(-1),
    );
    expect(await read({ last: 2 })).toEqual(items.slice(-2).reverse());
    expect(await read({ projectId: 2, last: 10_000 })).toEqual(own.toReversed());
    expect(await read({ projectId: 3 })).toEqual([]);
    expect(await read({ projectId: 3, last: 5 })).toEqual([]);
    expect(await collect(store().plans.planItems('plan-9', { last: 5 }))).toEqual([]);
  });

  it('keeps two plans that are made at the same time apart', async () => {
    const writers = [
      await store().plans.createPlan(header('plan-1')),
      await store().plans.createPlan(header('plan-2', { policy: 'another' })),
    ];
    for (let ordinal = 1; ordinal <= 3; ordinal++) {
      for (const [index, writer] of writers.entries()) {
        await writer.add([item(ordinal, { projectId: index + 1 })]);
      }
    }
    for (const writer of writers)
      await writer.finish({ projects: [], requestsUsed: 0, findings: NO_FINDINGS });
    expect((await collect(store().plans.planItems('plan-1'))).map(({ projectId }) => projectId)).toEqual([
      1, 1, 1,
    ]);
    expect((await collect(store().plans.planItems('plan-2'))).map(({ projectId }) => projectId)).toEqual([
      2, 2, 2,
    ]);
  });

  it('takes a project back, also one of many batches, and fingerprints what is left', async () => {
    const mixed = Array.from({ length: 4_200 }, (_, index) =>
      item(index + 1, { projectId: (index % 2) + 1 }),
    );
    const kept = mixed.filter(({ projectId }) => projectId === 1);
    const again = item(5_000, { projectId: 2 });

    const writer = await store().plans.createPlan(header('plan-1'));
    await writer.add(mixed);
    await writer.dropProject(2);
    await writer.dropProject(99);
    await writer.add([again]);
    const { fingerprint } = await writer.finish(DONE);
    expect(await collect(store().plans.planItems('plan-1'))).toEqual([...kept, again]);
    expect(await store().plans.planFingerprint('plan-1')).toBe(fingerprint);
  });

  it('gives different plans different fingerprints, whatever the difference', async () => {
    let round = 0;
    const fingerprint = async (
      items: readonly PlanItem[],
      change: Partial<PlanHeader> = {},
      projects = [PROJECT],
    ): Promise<string> => {
      // Only the id must differ from variant to variant; that it counts too does no harm.
      const writer = await store().plans.createPlan(header('plan-x', change));
      await writer.add(items);
      const summary = await writer.finish({ projects, requestsUsed: round++, findings: NO_FINDINGS });
      expect(await store().plans.planFingerprint(summary.planId)).toBe(summary.fingerprint);
      return summary.fingerprint;
    };
    const variants = [
      await fingerprint([item(1), item(2)], { planId: 'v1' }),
      await fingerprint([item(1), item(2)], { planId: 'v2' }),
      await fingerprint([item(1)], { planId: 'v3' }),
      await fingerprint([item(1), item(2)], { planId: 'v4', mode: 'dry-run' }),
      await fingerprint([item(1), item(2)], { planId: 'v5' }, []),
      await fingerprint([item(1), item(2, { verdict: 'keep' })], { planId: 'v6' }),
    ];
    expect(new Set(variants).size).toBe(variants.length);
  });

  it('forgets a plan that was discarded, but not one that was finished', async () => {
    const writer = await store().plans.createPlan(header('plan-1'));
    await writer.add([item(1), item(2)]);
    await writer.discard();
    await writer.discard();
    expect(await store().plans.plan('plan-1')).toBeUndefined();
    await expect(writer.add([item(3)])).rejects.toThrow(/discarded/);
    await expect(writer.finish(DONE)).rejects.toThrow(/discarded/);

    const second = await store().plans.createPlan(header('plan-1'));
    await second.add([item(1)]);
    await second.finish(DONE);
    await second.discard();
    await expect(second.finish(DONE)).rejects.toThrow(/finished/);
    expect((await collect(store().plans.planItems('plan-1'))).length).toBe(1);
  });

  it('removes drafts that a crash left behind once they are older than a week, and no others', async () => {
    const old = await store().plans.createPlan(header('old'));
    await old.add([item(1)]);
    clock().set(NOON + 3 * DAY_MS);
    const young = await store().plans.createPlan(header('young'));
    await young.add([item(1)]);
    clock().set(NOON + 7 * DAY_MS + 1);
    const newest = await store().plans.createPlan(header('newest'));
    expect(await store().plans.plan('old')).toBeUndefined();
    await expect(old.add([item(2)])).rejects.toThrow();
    await expect(old.finish(DONE)).rejects.toThrow();

    await young.add([item(2)]);
    await young.finish(DONE);
    expect((await collect(store().plans.planItems('young'))).length).toBe(2);
    await newest.add([item(1)]);

    clock().set(NOON + 15 * DAY_MS);
    const again = await reopen();
    expect(await again.plans.plan('newest')).toBeUndefined();
    expect(await again.plans.plan('young')).toMatchObject({ status: 'open' });
  });

  it('finds a plan by the hash of its file', async () => {
    const writer = await store().plans.createPlan(header('plan-1'));
    await writer.finish(DONE);
    expect(await store().plans.planByFileHash('ff'.repeat(32))).toBeUndefined();
    await store().plans.setPlanFileHash('plan-1', 'ff'.repeat(32));
    const found = await store().plans.planByFileHash('ff'.repeat(32));
    expect(found).toMatchObject({ planId: 'plan-1', fileHash: 'ff'.repeat(32) });
    expect(await store().plans.planFingerprint('plan-1')).toBe(found?.fingerprint);
  });
}
