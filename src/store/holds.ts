import type { HoldRecord } from '../core/hold.ts';
import { isOver } from '../core/hold.ts';
import { compareRevisions } from '../core/hold-list.ts';
import type { HoldStore } from '../core/ports/holds.ts';
import type { Connection } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';
import { prepareHoldCheck } from './hold-check.ts';
import { prepareHoldLookups, recordOf } from './hold-rows.ts';
import type { HoldRow } from './hold-rows.ts';

/** Placed and released by the writer of the log, in the transaction that writes the audit entry. */
export function createHoldStore(connection: Connection, writer: GroupCommit): HoldStore {
  const all = connection.prepare<[], HoldRow>('SELECT * FROM holds ORDER BY added_at, rowid');
  const { knownList } = prepareHoldLookups(connection);
  return {
    async addHold(hold) {
      await writer.write({ kind: 'place_hold', hold: { ...hold, source: undefined, release: undefined } });
    },
    async releaseHold(holdId, release) {
      return (await writer.write({ kind: 'release_hold', holdId, release })).released;
    },
    knownList: (source) => connection.read(() => connection.snapshotNow(() => knownList(source))),
    async syncHolds(list, { at, newId, by, reason }) {
      const { source, revision, holds } = list;
      const known = await connection.read(() => connection.snapshotNow(() => knownList(source)));
      const { missing, gone, kept, overruled, newRevision } = compareRevisions(known, list);
      // Asked before each run: nobody waits for a commit that would change nothing.
      if (missing.length + gone.length === 0 && newRevision === undefined)
        return { standing: kept, overruled };
      const placed = { addedAt: at, source, release: undefined };
      const listed = holds.map((hold) => ({ ...hold, holdId: newId(), ...placed }));
      const release = { at, by, reason };
      const written = await writer.write({ kind: 'sync_holds', source, revision, listed, release });
      return written.synced ?? { standing: [], overruled: [] };
    },
    holds: () => connection.read(() => all.all().map(recordOf)),
    holdsInForce: prepareInForce(connection),
  };
}

interface KnownHolds {
  /** Another one when somebody has written since. */
  readonly version: string;
  readonly held: readonly HoldRecord[];
}

/** Asked before each DELETE. The table is read, and compared with the log, only when somebody has written since. */
function prepareInForce(connection: Connection): HoldStore['holdsInForce'] {
  const unreleased = connection.prepare<[], HoldRow>(
    'SELECT * FROM holds WHERE released_at IS NULL ORDER BY rowid',
  );
  const lastEvent = connection
    .prepare<[], number | null>(
      `SELECT MAX(seq) FROM audit_entries INDEXED BY audit_hold_events WHERE event IN ('hold.added', 'hold.released')`,
    )
    .pluck();
  const { catchUp, assertLogged } = prepareHoldCheck(connection);
  let known: KnownHolds | undefined;
  let inForce:
    (Omit<KnownHolds, 'version'> & { readonly of: KnownHolds; from: number; to: number }) | undefined;
  const versionNow = (): string => `${connection.othersVersion()} ${String(lastEvent.get())}`;
  const look = (): KnownHolds => {
    const version = versionNow();
    if (known?.version === version) return known;
    const held = unreleased.all().map(recordOf);
    assertLogged(held);
    return { version, held };
  };
  return async (now) => {
    if (known?.version !== connection.readNow(versionNow)) await catchUp();
    return connection.read(() => {
      // In one snapshot: another process may be placing a hold meanwhile.
      known = connection.snapshotNow(look);
      if (inForce?.of === known && inForce.from <= now && now < inForce.to) return inForce.held;
      const held = known.held.filter((hold) => !isOver(hold, now));
      const ends = held.map(({ untilAt = Infinity }) => untilAt);
      inForce = { of: known, from: now, to: ends.reduce((a, b) => Math.min(a, b), Infinity), held };
      return held;
    });
  };
}
