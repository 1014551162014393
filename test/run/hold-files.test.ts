import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createHoldFile } from '../../src/config/holds-file.ts';
import type { ListedHold } from '../../src/core/hold.ts';
import type { HoldList } from '../../src/core/hold-list.ts';
import type { HoldFile } from '../../src/core/ports/holds.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import { HoldFiles } from '../../src/run/around/hold-files.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { addProject, AGE_POLICY, GO_ON } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

const WHY = 'matter: M-7, reason: suit, by: legal';
const entry = (project: number, session?: string): string =>
  `  - { project: ${project}, ${session === undefined ? '' : `session: ${session}, `}${WHY} }\n`;
const NONE = 'version: 1\nholds: []\n';
const listing = (...entries: readonly string[]): string =>
  entries.length === 0 ? NONE : `version: 1\nholds:\n${entries.join('')}`;

const path = (): string => join(world.stateDir, 'holds.yaml');
/** Saved a second after the one before it, in the past of the world's clock. */
function put(text: string): void {
  saves += 1;
  putAt(path(), text, NOW - DAY + saves * 1_000);
}
let saves = 0;
function putAt(file: string, text: string, savedAt: number): void {
  writeFileSync(file, text);
  utimesSync(file, savedAt / 1_000, savedAt / 1_000);
}
const fileAt = (file: string, isNamed = false): HoldFile => createHoldFile({ file, isNamed }, world.clock);
/** As a process has them; another one begins anew. */
function holdsOf(files: readonly HoldFile[] = [fileAt(path())]): HoldFiles {
  const { store, clock, log, deps } = world;
  return new HoldFiles({ store: store.holds, files, clock, chance: deps.chance, log });
}
async function run(change: Partial<TestWorld['deps']> = {}): Promise<RunResult> {
  const policy = await world.policy(AGE_POLICY);
  return runPolicy(
    { ...world.deps, holds: holdsOf(), ...change },
    { policy, trigger: 'manual', signals: GO_ON },
  );
}
async function eventsOf(prefix: string): Promise<readonly object[]> {
  return (await world.entries()).filter(({ event }) => event.startsWith(prefix));
}
const deleteCount = (): number => world.sandbox.journal.count({ method: 'DELETE' });

/** The API, with something that happens when the first deletion is looked at, which is when its DELETE has left. */
function afterFirstDelete(happen: () => void): Pick<TestWorld['deps'], 'openApi'> {
  const { openApi } = world.deps;
  let hasHappened = false;
  return {
    openApi: () => {
      const { reader, deleter } = openApi();
      const existence: typeof deleter.existence = (...call) => {
        if (!hasHappened) happen();
        hasHappened = true;
        return deleter.existence(...call);
      };
      return { reader, deleter: { ...deleter, existence } };
    },
  };
}

describe('a file of holds', () => {
  test('keeps what it lists until that is taken out', async () => {
    world = await createWorld();
    const [first] = addProject(world, 101, { old: 3, young: 0 });
    addProject(world, 102, { old: 2, young: 0 });
    put(listing(entry(101, first?.toUpperCase()), entry(102)));
    expect((await run()).counts).toMatchObject({ held: 3, verified: 2 });
    expect(world.sandbox.accounts.conversationIds(101)).toEqual([first]);
    expect((await run()).counts).toMatchObject({ held: 3, planned: 0 });
    put(listing(entry(102)));
    expect((await run()).counts).toMatchObject({ held: 2, verified: 1 });
    expect(await eventsOf('hold.')).toMatchObject([
      { event: 'hold.added', project_id: 101, source: 'file', reason: 'suit', by: 'legal' },
      { event: 'hold.added', project_id: 102, session_id: null },
      { event: 'hold.released', project_id: 101, by: 'holds.yaml', reason: 'no longer in holds.yaml' },
    ]);
  });

  test('stops a DELETE that waits, when it is added in mid-run', async () => {
    world = await createWorld({ rpm: 6 });
    const old = addProject(world, 101, { old: 5, young: 0 });
    const result = await run(
      afterFirstDelete(() => {
        put(listing(...old.slice(1).map((session) => entry(101, session))));
      }),
    );
    const { verified, skipped } = result.counts;
    expect(verified + skipped).toBe(5);
    expect(world.sandbox.accounts.conversationIds(101)).toEqual(old.slice(verified));
    expect(old.length).toBeGreaterThan(verified);
    for (const entry of await eventsOf('deletion.skipped')) {
      expect(entry).toMatchObject({ reason: 'held for M-7 since the plan' });
    }
  });

  test('stops at any pace what is not on its way yet', async () => {
    world = await createWorld();
    const old = addProject(world, 101, { old: 100, young: 0 });
    const result = await run(
      afterFirstDelete(() => {
        put(listing(entry(101)));
      }),
    );
    const { verified, skipped } = result.counts;
    expect(verified + skipped).toBe(100);
    // Those that were intended by then: as many as are worked on at once, and twice as many ahead.
    expect(verified).toBeLessThanOrEqual(12);
    expect(world.sandbox.accounts.count(101)).toBe(old.length - verified);
  });

  test.each([
    ['malformed', 'version: 1\nholds: [', /holds\.yaml:2:/],
    ['wrong', listing(entry(0)), /holds\[0\]\.project: must be at least 1/],
    ['empty', '', /the file is empty/],
  ])('that becomes %s in mid-run ends it, and releases nothing', async (_, text, message) => {
    world = await createWorld({ rpm: 6 });
    addProject(world, 101, { old: 5, young: 0 });
    put(listing(entry(102)));
    const result = await run(
      afterFirstDelete(() => {
        put(text);
      }),
    );
    expect(result.fault).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) as string });
    expect(result.run.status).toBe('failed');
    const sent = deleteCount();
    expect(sent).toBeLessThan(5);
    expect(await eventsOf('hold.released')).toEqual([]);
    expect((await run()).fault?.message).toMatch(message);
    expect(deleteCount()).toBe(sent);
  });

  test('that is gone is refused while holds from it are in force', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 0 });
    put(listing(entry(102), entry(103)));
    expect((await run()).counts.verified).toBe(2);
    addProject(world, 104, { old: 2, young: 0 });
    rmSync(path());
    const { fault } = await run();
    expect(fault?.message).toMatch(/holds\.yaml is gone, but 2 holds from it are in force$/);
    expect(fault?.hint).toContain('holds: []');
    expect(deleteCount()).toBe(2);
    put(listing(entry(102)));
    await holdsOf().holdsInForce(NOW);
    rmSync(path());
    expect((await run()).fault?.message).toMatch(/but 1 hold from it is in force$/);
    put(NONE);
    expect((await run()).counts).toMatchObject({ held: 0, verified: 2 });
    rmSync(path());
    expect((await run()).fault).toBeUndefined();
  });

  test('adds again what was released by command while it lists it', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 2, young: 0 });
    put(listing(entry(101)));
    const holds = holdsOf();
    const [first] = (await holds.holdsInForce(NOW)).all;
    const { store } = world;
    await store.holds.releaseHold(first?.holdId ?? '', { at: NOW, by: 'me', reason: 'mistake' });
    expect(await store.holds.holdsInForce(NOW)).toEqual([]);
    expect((await holds.holdsInForce(NOW)).all).toMatchObject([{ projectId: 101, source: path() }]);
    expect((await run({ holds })).counts).toMatchObject({ held: 2 });
  });

  test('leaves holds by command and those of other files alone', async () => {
    world = await createWorld();
    addProject(world, 101, { old: 1, young: 0 });
    const { store } = world;
    const hold = { projectId: 101, sessionId: undefined, untilAt: undefined, addedAt: NOW };
    await store.holds.addHold({ ...hold, holdId: 'h1', matter: 'M', reason: 'r', by: 'b' });
    writeFileSync(join(world.stateDir, 'other.yaml'), listing(entry(105)));
    await holdsOf([fileAt(join(world.stateDir, 'other.yaml'), true)]).holdsInForce(NOW);
    put(NONE);
    expect((await holdsOf().holdsInForce(NOW)).all).toHaveLength(2);
    expect(world.log.lines.join('\n')).toContain('holds from files that are not read here stay in force');
  });

  test('says so when a hold is over by its date', async () => {
    world = await createWorld();
    put(listing(entry(101).replace('by: legal', 'by: legal, until: 2020-01-01')));
    const holds = holdsOf();
    expect((await holds.holdsInForce(NOW)).all).toEqual([]);
    expect((await holds.holdsInForce(NOW)).all).toEqual([]);
    expect(world.log.lines.join('\n')).toContain('"over":1');
    expect((await world.store.audit.head()).seq).toBe(1);
  });
});

describe('a file that is being written', () => {
  const one: ListedHold = {
    projectId: 101,
    sessionId: undefined,
    matter: 'M',
    reason: 'r',
    by: 'b',
    untilAt: undefined,
  };
  const other = { ...one, projectId: 102 };
  const list = (...holds: readonly ListedHold[]): HoldList => ({
    source: '/h.yaml',
    holds,
    revision: (saves += 1),
  });
  /** A file that says something else at each reading; the last list stays. */
  function changing(...lists: readonly (HoldList | undefined)[]): HoldFile {
    let reading = 0;
    return {
      source: '/h.yaml',
      name: '/h.yaml',
      read: () => Promise.resolve(lists[Math.min(reading++, lists.length - 1)]),
    };
  }
  const whole = list(one, other);
  const released = () => eventsOf('hold.released');

  test('releases nothing that is missing for less than a second', async () => {
    world = await createWorld();
    const half = list(one);
    const holds = holdsOf([changing(whole, whole, half, half, whole)]);
    expect((await holds.holdsInForce(NOW)).all).toHaveLength(2);
    expect((await holds.holdsInForce(NOW)).all).toHaveLength(2);
    expect(await released()).toEqual([]);
    expect(world.clock.now()).toBe(NOW + 1_000);
  });

  test('is waited for, but not for ever', async () => {
    world = await createWorld();
    await holdsOf([changing(whole)]).holdsInForce(NOW);
    const restless: HoldFile = { ...changing(whole), read: () => Promise.resolve(list(one)) };
    await expect(holdsOf([restless]).holdsInForce(NOW)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('does not stop changing') as string,
    });
    const growing: HoldFile = { ...restless, read: () => Promise.resolve(list(one, other)) };
    await expect(holdsOf([growing]).holdsInForce(NOW)).rejects.toThrow(/stop changing/);
    await expect(holdsOf([changing(list(one), undefined)]).holdsInForce(NOW)).rejects.toThrow(/was removed/);
    expect(await released()).toEqual([]);
  });

  test('is read once for all who ask at the same time, and afresh for who asks later', async () => {
    world = await createWorld();
    let readings = 0;
    const file: HoldFile = {
      ...changing(whole),
      read: () => {
        readings += 1;
        return Promise.resolve(whole);
      },
    };
    const holds = holdsOf([file]);
    await holds.holdsInForce(NOW);
    readings = 0;
    await Promise.all(Array.from({ length: 20 }, () => holds.holdsInForce(NOW)));
    expect(readings).toBe(1);
    await holds.holdsInForce(NOW + DAY);
    expect(readings).toBe(2);
  });
});

describe('workers with versions of a file', () => {
  /** One container's view: its own file, at the path that all of them know. */
  function workerWith(name: string): {
    readonly put: (text: string, savedAt: number) => void;
    readonly look: () => Promise<readonly number[]>;
    restart(): void;
  } {
    const folder = join(world.stateDir, name);
    mkdirSync(folder);
    const file = join(folder, 'holds.yaml');
    const start = (): HoldFiles => {
      const own = fileAt(file);
      const read = async (): Promise<HoldList | undefined> => {
        const list = await own.read();
        if (list === undefined || known?.of === list) return known?.list;
        known = { of: list, list: { ...list, source: path() } };
        return known.list;
      };
      let known: { readonly of: HoldList; readonly list: HoldList } | undefined;
      return holdsOf([{ source: path(), name: path(), read }]);
    };
    let holds = start();
    return {
      put: (text, savedAt) => {
        putAt(file, text, savedAt);
      },
      look: async () => (await holds.holdsInForce(world.clock.now())).all.map(({ projectId }) => projectId),
      restart: () => {
        holds = start();
      },
    };
  }
  const eventsSoFar = async (): Promise<readonly string[]> =>
    (await world.entries())
      .filter(({ event }) => event.startsWith('hold.'))
      .map(({ event, project_id }) => `${event} ${String(project_id)}`);
  const warnings = (): readonly string[] => world.log.lines.filter((line) => line.includes('does not list'));

  test('do not release each other’s holds: an older one adds, and is told what it may not end', async () => {
    world = await createWorld();
    const [newer, older] = [workerWith('newer'), workerWith('older')];
    older.put(listing(entry(101), entry(103)), NOW - 2 * DAY);
    newer.put(listing(entry(101), entry(102)), NOW - DAY);
    expect(await newer.look()).toEqual([101, 102]);
    for (let turn = 0; turn < 4; turn += 1) {
      expect(await older.look()).toEqual([101, 102, 103]);
      expect(await newer.look()).toEqual([101, 102, 103]);
      if (turn === 2) newer.restart();
    }
    expect(await eventsSoFar()).toEqual(['hold.added 101', 'hold.added 102', 'hold.added 103']);
    expect(world.clock.now()).toBe(NOW);
    // The older one once; the newer one after its new start, when another's holds were there.
    expect(warnings()).toHaveLength(2);
    expect(warnings()[0]).toContain(
      `1 hold that ${path()} does not list stays in force, because an equally new or newer version of the file was read and may list it: bring the file up to date everywhere, or save this one again (touch) if it is the right one, or end it with hold release`,
    );
  });

  test('rest where the older one is read first, too', async () => {
    world = await createWorld();
    const [newer, older] = [workerWith('newer'), workerWith('older')];
    older.put(listing(entry(101), entry(103)), NOW - 2 * DAY);
    newer.put(listing(entry(101)), NOW - DAY);
    await older.look();
    for (let turn = 0; turn < 4; turn += 1) {
      await newer.look();
      expect(await older.look()).toEqual([101, 103]);
    }
    const once = ['hold.added 101', 'hold.added 103', 'hold.released 103', 'hold.added 103'];
    expect(await eventsSoFar()).toEqual(once);
    // Brought up to date by a copy, which is saved now.
    older.put(listing(entry(101)), NOW);
    expect(await older.look()).toEqual([101]);
    expect(await newer.look()).toEqual([101]);
    expect(await eventsSoFar()).toEqual([...once, 'hold.released 103']);
  });

  test('release what they lack once they are saved again', async () => {
    world = await createWorld();
    const worker = workerWith('restored');
    worker.put(listing(entry(101), entry(102)), NOW - DAY);
    expect(await worker.look()).toEqual([101, 102]);
    const restored = listing(entry(101));
    worker.put(restored, NOW - 2 * DAY);
    expect(await worker.look()).toEqual([101, 102]);
    worker.put(restored, NOW + DAY);
    expect(await worker.look()).toEqual([101, 102]);
    expect(warnings()).toHaveLength(2);
    expect(warnings()[1]).toContain('because its modification time is in the future');
    worker.put(restored, NOW - 1);
    expect(await worker.look()).toEqual([101]);
  });

  test('may each be the newest, in turns', async () => {
    world = await createWorld();
    const [one, other] = [workerWith('one'), workerWith('other')];
    one.put(listing(entry(101)), NOW - 3_000);
    expect(await one.look()).toEqual([101]);
    other.put(listing(entry(101)), NOW - 1_000);
    expect(await other.look()).toEqual([101]);
    // Between the two: older than what says the same.
    one.put(NONE, NOW - 2_000);
    expect(await one.look()).toEqual([101]);
    expect(await eventsSoFar()).toEqual(['hold.added 101']);
  });
});
