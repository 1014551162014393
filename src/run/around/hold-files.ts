import { setImmediate as nextTurn } from 'node:timers/promises';
import { RetentionError } from '../../core/errors.ts';
import { compareRevisions, type HoldList } from '../../core/hold-list.ts';
import {
  HoldIndex,
  isOver,
  NO_HOLDS,
  type Hold,
  type HoldRecord,
  type SourcedHold,
} from '../../core/hold.ts';
import type { HoldFile, HoldSource, HoldStore } from '../../core/ports/holds.ts';
import type { Chance, Clock, Log } from '../../core/ports/surroundings.ts';

/** How long a list from which something has vanished must stay the same before anything is released. */
const SETTLE_MS = 1_000;

/** How often a file may change under our eyes. */
const MOST_TURNS = 20;

export interface HoldFilesParts {
  readonly store: Pick<HoldStore, 'syncHolds' | 'knownList' | 'holdsInForce'>;
  readonly files: readonly HoldFile[];
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

interface Synced {
  readonly list: HoldList;
  /** The holds that stand for it. */
  readonly standing: readonly HoldRecord[];
  /** How many others from the file stay in force. */
  readonly overruled: number;
  /** The holds in force when all of them were last found among these. */
  readonly foundIn: readonly SourcedHold[] | undefined;
}

/**
 * Holds by command, and those that files list. Whenever it is asked, the files are read: what changed is in the store before
 * the answer is given. A file that is wrong, or gone while it has holds in force, is no answer: then nothing may be deleted.
 */
export class HoldFiles implements HoldSource {
  readonly #parts: HoldFilesParts;
  readonly #synced = new Map<string, Synced>();
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<HoldIndex> | undefined;
  #found = { held: [] as readonly SourcedHold[], index: NO_HOLDS };
  #hasLooked = false;

  constructor(parts: HoldFilesParts) {
    this.#parts = parts;
  }

  /**
   * One look after the other: an older one must not undo a newer one. Who asks in the same turn, or while one is under way,
   * shares the next.
   */
  holdsInForce(now: number): Promise<HoldIndex> {
    if (this.#next !== undefined) return this.#next;
    const look = this.#last.then(nextTurn).then(() => {
      this.#next = undefined;
      return this.#look(now);
    });
    this.#next = look;
    this.#last = look.catch(() => undefined);
    return look;
  }

  async #look(now: number): Promise<HoldIndex> {
    const { store, files } = this.#parts;
    let held = await store.holdsInForce(now);
    for (const file of files) {
      if (await this.#syncIfChanged(file, held, now)) held = await store.holdsInForce(now);
    }
    if (!this.#hasLooked) this.#sayUnread(held);
    this.#hasLooked = true;
    if (held !== this.#found.held) this.#found = { held, index: new HoldIndex(held) };
    return this.#found.index;
  }

  /** True when the store may have changed. */
  async #syncIfChanged(file: HoldFile, held: readonly SourcedHold[], now: number): Promise<boolean> {
    const list = await file.read();
    if (list === undefined) {
      assertNoneInForce(file, held);
      return false;
    }
    const known = this.#synced.get(file.source);
    if (known?.list === list) {
      if (known.foundIn === held) return false;
      this.#synced.set(file.source, { ...known, foundIn: held });
      if (isStanding(known.standing, held, now)) return false;
    }
    await this.#sync(file);
    return true;
  }

  async #sync(file: HoldFile): Promise<void> {
    const { store, clock, chance, log } = this.#parts;
    const name = file.name.split(/[/\\]/).at(-1) ?? file.name;
    for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
      const list = await this.#settled(file);
      const at = clock.now();
      const { standing, overruled } = await store.syncHolds(list, {
        at,
        newId: () => `hold-${chance.token(12)}`,
        by: name,
        reason: `no longer in ${name}`,
      });
      // Changed once more in just that moment: what it says now may be held, or not be held any more.
      if ((await readAgain(file)) !== list) continue;
      this.#noteSynced(file, { list, standing, overruled: overruled.length, foundIn: undefined });
      const over = standing.filter((hold) => isOver(hold, at)).length;
      if (over > 0) log.warn({ file: file.name, over }, 'holds are over by their date and hold nothing');
      log.info({ file: file.name, holds: standing.length }, 'holds read');
      return;
    }
    throw restless(file);
  }

  /**
   * A file that is being written may be half there, and what is missing from it would be released for a moment: so a list
   * from which something has vanished has to stay as it is for a while.
   */
  async #settled(file: HoldFile): Promise<HoldList> {
    const { store, clock, log } = this.#parts;
    const known = await store.knownList(file.source);
    let list = await readAgain(file);
    for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
      if (compareRevisions(known, list).gone.length === 0) return list;
      log.info({ file: file.name }, 'holds were taken out: released if the file stays so for a second');
      await clock.sleep(SETTLE_MS);
      const later = await readAgain(file);
      if (later === list) return list;
      list = later;
    }
    throw restless(file);
  }

  /** Says once of each list that it may not release what it lacks. */
  #noteSynced(file: HoldFile, synced: Synced): void {
    const { list, overruled } = synced;
    const known = this.#synced.get(file.source);
    this.#synced.set(file.source, synced);
    if (overruled === 0 || (known?.list === list && known.overruled === overruled)) return;
    this.#parts.log.warn({ file: file.name, holds: overruled }, overruledWords(file, synced));
  }

  #sayUnread(held: readonly SourcedHold[]): void {
    const read = new Set(this.#parts.files.map(({ source }) => source));
    const unread = held.filter(({ source }) => source !== undefined && !read.has(source));
    if (unread.length === 0) return;
    const files = [...new Set(unread.map(({ source }) => source))];
    this.#parts.log.info(
      { files, holds: unread.length },
      'holds from files that are not read here stay in force',
    );
  }
}

/** Somebody may have released by command what the file still lists. */
function isStanding(standing: readonly Hold[], held: readonly Hold[], now: number): boolean {
  const ids = new Set(held.map(({ holdId }) => holdId));
  return standing.every((hold) => ids.has(hold.holdId) || isOver(hold, now));
}

/** What a file listed stays in force without it; but nobody can say any more what it was meant to list. */
function assertNoneInForce(file: HoldFile, held: readonly SourcedHold[]): void {
  const count = held.filter(({ source }) => source === file.source).length;
  if (count === 0) return;
  const holds = count === 1 ? '1 hold from it is' : `${count} holds from it are`;
  throw new RetentionError('usage', `${file.name} is gone, but ${holds} in force`, {
    hint: 'Restore it, or write one with "version: 1" and "holds: []". Until then nothing is deleted.',
  });
}

function overruledWords({ name }: HoldFile, { list, overruled }: Synced): string {
  const [holds, stay, them] = overruled === 1 ? ['hold', 'stays', 'it'] : ['holds', 'stay', 'them'];
  const whatStays = `${overruled} ${holds} that ${name} does not list ${stay} in force`;
  const end = `or end ${them} with hold release`;
  return list.revision === undefined
    ? `${whatStays}, because its modification time is in the future: save it again (touch), ${end}`
    : `${whatStays}, because an equally new or newer version of the file was read and may list ${them}: bring the file up to date everywhere, or save this one again (touch) if it is the right one, ${end}`;
}

async function readAgain(file: HoldFile): Promise<HoldList> {
  const list = await file.read();
  if (list === undefined) throw new RetentionError('usage', `${file.name} was removed while it was read`);
  return list;
}

function restless(file: HoldFile): RetentionError {
  return new RetentionError('usage', `${file.name} does not stop changing, so nobody knows what is held`);
}
