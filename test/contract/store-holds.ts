import { expect, it } from 'vitest';
import { HeldError } from '../../src/core/errors.ts';
import type { HoldRecord } from '../../src/core/hold.ts';
import { DAY_MS, facts, NOON } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

export const HOLD: HoldRecord = {
  holdId: 'hold-1',
  projectId: 42,
  sessionId: 'session-0001',
  matter: 'M-17',
  reason: 'Smith v. Acme',
  by: 'legal',
  addedAt: NOON,
  untilAt: undefined,
  source: undefined,
  release: undefined,
};
export const RELEASE = { at: NOON + 1, by: 'the judge', reason: 'case closed' };

export async function eventsOf({ store }: Pick<Suite, 'store'>) {
  const entries = [];
  for await (const entry of store().audit.entries()) entries.push(entry);
  return entries;
}

export function holdTests(suite: Suite): void {
  const { store, reopen } = suite;
  const intend = (sessionId: string, projectId = 42) =>
    store().audit.append([
      facts('deletion.intended', { session_id: sessionId, project_id: projectId }),
      facts('deletion.verified', { session_id: sessionId, project_id: projectId }),
    ]);

  it('are kept with who placed them and why, over a restart, and audited', async () => {
    await store().holds.addHold(HOLD);
    await store().holds.addHold({ ...HOLD, holdId: 'hold-2', sessionId: undefined, untilAt: NOON + DAY_MS });
    const again = await reopen();
    expect(await again.holds.holds()).toEqual([
      HOLD,
      { ...HOLD, holdId: 'hold-2', sessionId: undefined, untilAt: NOON + DAY_MS },
    ]);
    const common = { event: 'hold.added', run_id: null, policy: null, project_id: 42, matter: 'M-17' };
    const said = { reason: 'Smith v. Acme', by: 'legal' };
    expect(await eventsOf({ store: () => again })).toMatchObject([
      { ...common, ...said, session_id: 'session-0001', hold_id: 'hold-1', until: null },
      { ...common, ...said, session_id: null, hold_id: 'hold-2', until: '2026-11-24T12:00:00.000Z' },
    ]);
  });

  it('are in force until released or over', async () => {
    await store().holds.addHold(HOLD);
    await store().holds.addHold({ ...HOLD, holdId: 'hold-2', untilAt: NOON + DAY_MS });
    const idsAt = async (now: number) => (await store().holds.holdsInForce(now)).map(({ holdId }) => holdId);
    expect(await idsAt(NOON + DAY_MS - 1)).toEqual(['hold-1', 'hold-2']);
    expect(await idsAt(NOON + DAY_MS)).toEqual(['hold-1']);
    expect(await store().holds.releaseHold('hold-1', RELEASE)).toEqual({ ...HOLD, release: RELEASE });
    expect(await idsAt(NOON)).toEqual(['hold-2']);
    expect((await store().holds.holds())[0]).toEqual({ ...HOLD, release: RELEASE });
  });

  it('are released once, and only where there is one', async () => {
    await store().holds.addHold(HOLD);
    const releases = await Promise.all([
      store().holds.releaseHold('hold-1', RELEASE),
      store().holds.releaseHold('hold-1', RELEASE),
      store().holds.releaseHold('hold-9', RELEASE),
    ]);
    expect(releases.filter((release) => release !== undefined)).toHaveLength(1);
    expect((await eventsOf(suite)).map(({ event }) => event)).toEqual(['hold.added', 'hold.released']);
  });

  it('refuse the intent to delete what they cover, in the transaction that would write it', async () => {
    await store().holds.addHold(HOLD);
    await expect(intend('session-0001')).rejects.toBeInstanceOf(HeldError);
    expect(await eventsOf(suite)).toHaveLength(1);
    await intend('session-0001', 43);
    // Asked for in one breath: they share a commit, and the hold came first.
    const [, refused, free] = await Promise.allSettled([
      store().holds.addHold({ ...HOLD, holdId: 'hold-2', projectId: 44, sessionId: undefined }),
      intend('session-0003', 44),
      intend('session-0003', 45),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { matter: 'M-17' } });
    expect(free.status).toBe('fulfilled');
    await store().holds.releaseHold('hold-1', RELEASE);
    await intend('session-0001');
  });
}
