import { expect, it } from 'vitest';
import { isFault } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { MINUTE_MS, NOON, RUN } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

export function leaseTests({ store, reopen }: Suite): void {
  const time = { now: NOON, ttlMs: MINUTE_MS };
  const acquire = (holder: string, now = NOON) => store().leases.acquireLease('p', holder, { ...time, now });

  it('is known to be held until it expires or is given back', async () => {
    const isHeld = (now = NOON) => store().leases.isHeld('p', now);
    expect(await isHeld()).toBe(false);
    const lease = await acquire('a');
    if (lease === undefined) throw new Error('no lease');
    expect([await isHeld(), await isHeld(NOON + MINUTE_MS - 1), await isHeld(NOON + MINUTE_MS)]).toEqual([
      true,
      true,
      false,
    ]);
    await store().leases.releaseLease(lease);
    expect(await isHeld()).toBe(false);
  });

  it('goes to one worker only', async () => {
    const leases = await Promise.all(['a', 'b', 'c'].map((holder) => acquire(holder)));
    expect(leases.filter((lease) => lease !== undefined)).toEqual([
      { name: 'p', holder: 'a', token: 1, expiresAt: NOON + MINUTE_MS },
    ]);
    expect(await store().leases.acquireLease('q', 'b', time)).toMatchObject({ token: 1 });
  });

  it('can be taken once it has expired, with a greater token', async () => {
    await acquire('a');
    expect(await acquire('b', NOON + MINUTE_MS - 1)).toBeUndefined();
    expect(await acquire('b', NOON + MINUTE_MS)).toMatchObject({ holder: 'b', token: 2 });
    expect(await acquire('a', NOON + 3 * MINUTE_MS)).toMatchObject({ holder: 'a', token: 3 });
  });

  it('stays the same for the holder who asks again in time, and is a new one after it lapsed', async () => {
    await acquire('a');
    expect(await acquire('a', NOON + 1)).toMatchObject({ token: 1, expiresAt: NOON + 1 + MINUTE_MS });
    expect(await acquire('a', NOON + 5 * MINUTE_MS)).toMatchObject({ token: 2 });
  });

  it('is renewed by its holder, in time, with its token', async () => {
    const lease = await acquire('a');
    if (lease === undefined) throw new Error('no lease');
    const renew = (change: Partial<typeof lease>, now: number) =>
      store().leases.renewLease({ ...lease, ...change }, { ...time, now });
    expect(await renew({ holder: 'b' }, NOON)).toBeUndefined();
    expect(await renew({ token: 2 }, NOON)).toBeUndefined();
    expect(await renew({ name: 'q' }, NOON)).toBeUndefined();
    expect(await renew({}, NOON + 30_000)).toEqual({ ...lease, expiresAt: NOON + 90_000 });
    expect(await acquire('b', NOON + 89_999)).toBeUndefined();
    expect(await renew({}, NOON + 90_000)).toBeUndefined();
  });

  it('is free after its holder released it, and only then; the token is never given out again', async () => {
    const lease = await acquire('a');
    if (lease === undefined) throw new Error('no lease');
    await store().leases.releaseLease({ ...lease, token: 7 });
    await store().leases.releaseLease({ ...lease, holder: 'b' });
    expect(await acquire('b')).toBeUndefined();
    await store().leases.releaseLease(lease);
    expect(await store().leases.renewLease(lease, time)).toBeUndefined();
    expect(await acquire('a')).toMatchObject({ token: 2 });
    await store().leases.releaseLease(lease);
    expect(await acquire('b')).toBeUndefined();
  });

  it('survives a restart', async () => {
    await acquire('a');
    const again = await reopen();
    expect(await again.leases.acquireLease('p', 'b', time)).toBeUndefined();
    expect(await again.leases.acquireLease('p', 'b', { ...time, now: NOON + MINUTE_MS })).toMatchObject({
      token: 2,
    });
  });
}

export function runTests({ store, reopen }: Suite): void {
  it('keeps a run as it was recorded', async () => {
    await store().runs.startRun(RUN);
    expect(await store().runs.run('run-1')).toStrictEqual(RUN);
    expect(await store().runs.run('run-9')).toBeUndefined();
    expect(await (await reopen()).runs.run('run-1')).toStrictEqual(RUN);
  });

  it('changes what is given, and nothing else', async () => {
    await store().runs.startRun(RUN);
    await store().runs.updateRun('run-1', { planId: 'plan-1' });
    const requests = { list: 1, messages: 2, delete: 3, verify: 4, control: 5, calibrate: 0, account: 6 };
    const end = {
      status: 'partial',
      endedAt: NOON + 5,
      requests,
      auditHead: 'ff',
      problem: 'two failed',
    } as const;
    await store().runs.updateRun('run-1', end);
    expect(await store().runs.run('run-1')).toStrictEqual({ ...RUN, planId: 'plan-1', ...end });
    await store().runs.updateRun('run-1', { problem: undefined });
    expect(await store().runs.run('run-1')).toStrictEqual({
      ...RUN,
      planId: 'plan-1',
      ...end,
      problem: undefined,
      warnings: [],
      asBefore: 0,
    });
    await expect(store().runs.updateRun('run-9', { status: 'failed' })).rejects.toThrow(/run-9/);
  });

  it('knows how the runs of a policy went', async () => {
    const history = (policy = RUN.policy) => store().runs.history(policy);
    const none = {
      ...{ last: undefined, lastEnded: undefined, lastSuccess: undefined },
      failuresInARow: 0,
    };
    expect(await history()).toEqual(none);
    const statuses = ['partial', 'completed', 'completed', 'refused', 'failed', 'running'] as const;
    for (const [index, status] of statuses.entries())
      await store().runs.startRun({ ...RUN, runId: `run-${index}`, status, startedAt: NOON + index });
    expect(await history()).toMatchObject({
      last: { runId: 'run-5' },
      lastEnded: { runId: 'run-4' },
      lastSuccess: { runId: 'run-2' },
      failuresInARow: 2,
    });
    expect(await history('another')).toEqual(none);
  });

  it('lists runs newest first', async () => {
    const start = (runId: string, policy: string, startedAt: number) =>
      store().runs.startRun({ ...RUN, runId, policy, startedAt });
    await start('one', 'p', NOON);
    await start('two', 'q', NOON + 2);
    await start('three', 'p', NOON + 1);
    await start('four', 'p', NOON + 1);
    const ids = async (filter: Parameters<Store['runs']['runs']>[0]) =>
      (await store().runs.runs(filter)).map(({ runId }) => runId);
    expect(await ids({ limit: 10 })).toEqual(['two', 'four', 'three', 'one']);
    expect(await ids({ limit: 2 })).toEqual(['two', 'four']);
    expect(await ids({ policy: 'p', limit: 2 })).toEqual(['four', 'three']);
    expect(await ids({ policy: 'z', limit: 2 })).toEqual([]);
  });

  it('knows every run that is under way, behind however many that are not', async () => {
    await store().runs.startRun({ ...RUN, runId: 'oldest', startedAt: NOON - 9 });
    for (let index = 0; index < 201; index += 1)
      await store().runs.startRun({
        ...RUN,
        runId: `run-${index}`,
        startedAt: NOON + index,
        status: 'completed',
      });
    await store().runs.startRun({ ...RUN, runId: 'newest', policy: 'q', startedAt: NOON - 10 });
    const ids = async () => (await store().runs.runsUnderWay()).map(({ runId }) => runId);
    expect(await ids()).toEqual(['oldest', 'newest']);
    await store().runs.updateRun('oldest', {
      status: 'interrupted',
      endedAs: 'x',
      alikeSince: 5,
      runsRemaining: 7,
    });
    expect(await ids()).toEqual(['newest']);
    expect(await store().runs.run('oldest')).toMatchObject({ endedAs: 'x', alikeSince: 5, runsRemaining: 7 });
  });

  it('does not take the same run twice', async () => {
    await store().runs.startRun(RUN);
    await expect(store().runs.startRun(RUN)).rejects.toSatisfy((error) => isFault(error, 'state_unusable'));
  });

  it('remembers the last slot of each policy, and never an earlier one again', async () => {
    expect(await store().runs.lastSlot('p')).toBeUndefined();
    await store().runs.recordSlot('p', NOON);
    await store().runs.recordSlot('q', NOON + 7);
    await store().runs.recordSlot('p', NOON + MINUTE_MS);
    await store().runs.recordSlot('p', NOON);
    expect(await store().runs.lastSlot('p')).toBe(NOON + MINUTE_MS);
    expect(await (await reopen()).runs.lastSlot('q')).toBe(NOON + 7);
  });
}
