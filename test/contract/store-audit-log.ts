import { expect, it } from 'vitest';
import { GENESIS } from '../../src/core/audit-entry.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { verifyChain } from '../support/verify-chain.ts';
import { DAY_MS, MINUTE_MS, NOON, collect, facts, fault } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

export function auditLogTests({ store, clock, reopen }: Suite): void {
  it('starts empty, at the genesis', async () => {
    expect(await store().audit.head()).toEqual(GENESIS);
    expect(await collect(store().audit.entries())).toEqual([]);
  });

  it('gives entries their place and their time, and returns them as they stand in the log', async () => {
    const written = await store().audit.append([
      facts('deletion.intended', { facts: { seen_at: '2026-11-23T11:59:00.000Z', list: [1, { a: null }] } }),
      facts('deletion.verified'),
    ]);
    expect(written.map(({ seq, time, event }) => [seq, time, event])).toEqual([
      [1, '2026-11-23T12:00:00.000Z', 'deletion.intended'],
      [2, '2026-11-23T12:00:00.000Z', 'deletion.verified'],
    ]);
    expect(written[0]?.prev).toBe(GENESIS.hash);
    expect(written[1]?.prev).toBe(written[0]?.hash);
    expect(await store().audit.head()).toEqual({ seq: 2, hash: written[1]?.hash });
    const stored = await collect(store().audit.entries());
    expect(stored).toEqual(written);
    expect(stored.map((entry) => Object.keys(entry))).toEqual(written.map((entry) => Object.keys(entry)));
  });

  it('goes on where it was after a restart', async () => {
    const first = await store().audit.append([facts('run.started')]);
    const again = await reopen();
    const second = await again.audit.append([facts('run.completed')]);
    expect(second[0]).toMatchObject({ seq: 2, prev: first[0]?.hash });
    expect(await collect(again.audit.entries())).toEqual([...first, ...second]);
  });

  it('keeps concurrent callers in order, each with its entries together, in one sound chain', async () => {
    const calls = Array.from({ length: 300 }, (_, index) =>
      store().audit.append(
        Array.from({ length: (index % 3) + 1 }, () => facts('deletion.intended', { facts: { index } })),
      ),
    );
    const answers = await Promise.all(calls);
    const all = await collect(store().audit.entries());
    expect(all).toEqual(answers.flat());
    expect(all.map((entry) => entry.seq)).toEqual(all.map((_, index) => index + 1));
    expect(await verifyChain(store().audit.entries(), await store().audit.head())).toMatchObject({
      ok: true,
    });
  });

  it('reads a log longer than one batch', async () => {
    const many = Array.from({ length: 4_500 }, () => facts('deletion.skipped'));
    await store().audit.append(many);
    expect((await collect(store().audit.entries())).length).toBe(4_500);
    expect(await verifyChain(store().audit.entries())).toMatchObject({ ok: true, head: { seq: 4_500 } });
  });

  it('filters by run and by sequence number', async () => {
    for (const run_id of ['run-1', 'run-2', null, 'run-1']) {
      await store().audit.append([facts('deletion.skipped', { run_id })]);
    }
    const seqs = async (filter: Parameters<Store['audit']['entries']>[0]): Promise<number[]> =>
      (await collect(store().audit.entries(filter))).map((entry) => entry.seq);
    expect(await seqs({ runId: 'run-1' })).toEqual([1, 4]);
    expect(await seqs({ fromSeq: 3 })).toEqual([3, 4]);
    expect(await seqs({ runId: 'run-1', fromSeq: 2 })).toEqual([4]);
    expect(await seqs({ runId: 'run-9' })).toEqual([]);
  });

  it('takes the time of the commit, also when the clock was set back', async () => {
    await store().audit.append([facts('run.started')]);
    clock().set(NOON - DAY_MS);
    expect((await store().audit.append([facts('run.completed')]))[0]?.time).toBe('2026-11-22T12:00:00.000Z');
    expect(await verifyChain(store().audit.entries())).toMatchObject({ ok: true });
  });

  it('refuses facts that would overwrite common keys, without harm to others of the same turn', async () => {
    const before = store().audit.append([facts('run.started')]);
    const bad = store().audit.append([facts('run.started'), facts('run.started', { facts: { hash: 'x' } })]);
    const after = store().audit.append([facts('run.completed')]);
    await expect(bad).rejects.toThrow(/common key/);
    expect((await before)[0]?.seq).toBe(1);
    expect((await after)[0]?.seq).toBe(2);
    expect((await collect(store().audit.entries())).length).toBe(2);
  });

  it('does nothing for nothing', async () => {
    expect(await store().audit.append([])).toEqual([]);
    expect(await store().audit.head()).toEqual(GENESIS);
  });

  it('lets only the holder of the lease write under a fence', async () => {
    const lease = await store().leases.acquireLease('support-chats', 'worker-a', {
      now: NOON,
      ttlMs: MINUTE_MS,
    });
    if (lease === undefined) throw new Error('no lease');
    const append = (fence: typeof lease) => store().audit.append([facts('deletion.intended')], fence);
    expect((await append(lease)).length).toBe(1);

    const calls = [
      append({ ...lease, token: lease.token + 1 }),
      store().audit.append([facts('run.started')]),
      append({ ...lease, holder: 'worker-b' }),
      append(lease),
      append({ ...lease, name: 'another' }),
    ];
    expect(await Promise.all(calls.map(fault))).toEqual([
      'lease_held',
      'none',
      'lease_held',
      'none',
      'lease_held',
    ]);
    expect((await store().audit.head()).seq).toBe(3);
  });

  it('refuses the holder whose lease ran out, and the one that was woken after somebody else took it', async () => {
    const lease = await store().leases.acquireLease('support-chats', 'worker-a', {
      now: NOON,
      ttlMs: MINUTE_MS,
    });
    clock().set(NOON + MINUTE_MS - 1);
    expect(await fault(store().audit.append([facts('deletion.intended')], lease))).toBe('none');
    clock().set(NOON + MINUTE_MS);
    expect(await fault(store().audit.append([facts('deletion.intended')], lease))).toBe('lease_held');
    await store().leases.acquireLease('support-chats', 'worker-b', { now: clock().now(), ttlMs: MINUTE_MS });
    expect(await fault(store().audit.append([facts('deletion.intended')], lease))).toBe('lease_held');
    expect((await store().audit.head()).seq).toBe(1);
  });

  it('is unusable once it is closed; what was asked for before is written', async () => {
    const last = store().audit.append([facts('run.interrupted')]);
    const closed = store();
    await closed.close();
    expect((await last)[0]?.seq).toBe(1);
    expect(await fault(closed.audit.append([facts('run.started')]))).toBe('state_unusable');
    expect(await fault(closed.audit.head())).toBe('state_unusable');
    await closed.close();
    expect((await (await reopen()).audit.head()).seq).toBe(1);
  });
}
