import { expect, it } from 'vitest';
import { HeldError } from '../../src/core/errors.ts';
import { contentOf, type ListedHold } from '../../src/core/hold.ts';
import { FILE, LISTED, listOf, syncAt } from './store-hold-lists.ts';
import { eventsOf, RELEASE } from './store-holds.ts';
import { facts, NOON } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

const [ONE, TWO, THREE] = [42, 43, 44].map((projectId) => ({ ...LISTED, projectId })) as [
  ListedHold,
  ListedHold,
  ListedHold,
];

/** Several workers with versions of one file, one of which is older. */
export function holdRevisionTests(suite: Suite): void {
  const { store, reopen } = suite;
  const sync = (revision: number | undefined, ...holds: readonly ListedHold[]) =>
    store().holds.syncHolds({ ...listOf(holds), revision }, syncAt());
  const projectsInForce = async () =>
    (await store().holds.holdsInForce(NOON)).map(({ projectId }) => projectId).sort();
  const events = async () =>
    (await eventsOf(suite)).map(({ event, project_id }) => `${event} ${String(project_id)}`);

  it('release nothing that a newer one lists, and are told how many stay', async () => {
    await sync(200, ONE, TWO);
    const { standing, overruled } = await sync(100, ONE);
    expect(standing.map(contentOf)).toEqual([contentOf(ONE)]);
    expect(overruled.map(contentOf)).toEqual([contentOf(TWO)]);
    expect(await projectsInForce()).toEqual([42, 43]);
    await expect(
      store().audit.append([facts('deletion.intended', { project_id: 43 })]),
    ).rejects.toBeInstanceOf(HeldError);
    expect((await store().audit.head()).seq).toBe(2);
  });

  it('hold what they list, however old they are, and come to rest in turns', async () => {
    await sync(200, ONE);
    for (let turn = 0; turn < 3; turn += 1) {
      await sync(100, TWO);
      await sync(200, ONE);
      await sync(undefined, THREE);
    }
    expect(await projectsInForce()).toEqual([42, 43, 44]);
    expect(await events()).toEqual(['hold.added 42', 'hold.added 43', 'hold.added 44']);
    expect((await sync(201, ONE)).overruled).toEqual([]);
    expect(await projectsInForce()).toEqual([42]);
  });

  it('release nothing where two were saved at the same instant, or nobody knows when', async () => {
    await sync(200, ONE, TWO);
    expect((await sync(200, ONE)).overruled).toHaveLength(1);
    expect((await sync(undefined, ONE)).overruled).toHaveLength(1);
    expect(await projectsInForce()).toEqual([42, 43]);
    expect(await store().holds.knownList(FILE)).toMatchObject({ revision: 200 });
    expect((await sync(200.25, ONE)).overruled).toEqual([]);
    expect(await projectsInForce()).toEqual([42]);
  });

  it('that nobody knew the age of give way to the first whose age is known', async () => {
    await sync(undefined, ONE);
    expect(await store().holds.knownList(FILE)).toMatchObject({ revision: undefined });
    await sync(1, TWO);
    expect(await projectsInForce()).toEqual([43]);
  });

  it('are newer, too, where they say the same: what was saved between releases nothing', async () => {
    await sync(100, ONE);
    await sync(300, ONE);
    await sync(200);
    expect(await projectsInForce()).toEqual([42]);
    expect(await events()).toEqual(['hold.added 42']);
    const again = await reopen();
    await again.holds.syncHolds({ ...listOf([]), revision: 299.5 }, syncAt());
    expect(await again.holds.holdsInForce(NOON)).toHaveLength(1);
  });

  it('keep what an edit puts back, whatever a version between took out', async () => {
    await sync(100, ONE);
    await sync(300, ONE, TWO);
    expect((await sync(200)).overruled).toHaveLength(2);
    await sync(400, TWO);
    await sync(500, ONE, TWO);
    expect(await projectsInForce()).toEqual([42, 43]);
    expect(await events()).toEqual(['hold.added 42', 'hold.added 43', 'hold.released 42', 'hold.added 42']);
  });

  it('are the newest of their own file alone', async () => {
    await sync(200, ONE);
    await store().holds.syncHolds({ ...listOf([TWO], '/other'), revision: 100 }, syncAt());
    await store().holds.syncHolds({ ...listOf([], '/other'), revision: 150 }, syncAt());
    expect(await projectsInForce()).toEqual([42]);
  });

  it('bring back what was released by command while they list it, and that is as new as the newest', async () => {
    await sync(200, ONE);
    const [hold] = (await sync(100, TWO)).standing;
    await store().holds.releaseHold(hold?.holdId ?? '', RELEASE);
    await sync(100, TWO);
    expect((await sync(200, ONE)).overruled).toHaveLength(1);
    expect(await projectsInForce()).toEqual([42, 43]);
  });

  it('meet what those before them in the same commit changed', async () => {
    await sync(100, ONE, TWO);
    const [newer, older] = await Promise.all([sync(300, ONE), sync(200, THREE)]);
    expect([newer.overruled, older.overruled.map(contentOf)]).toEqual([[], [contentOf(ONE)]]);
    expect(await projectsInForce()).toEqual([42, 44]);
  });
}
