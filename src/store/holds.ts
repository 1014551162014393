import type { AuditEvent, AuditFacts, Fact } from '../core/audit-entry.ts';
import { compareWithList, isOver } from '../core/hold.ts';
import type { Hold, HoldRecord, HoldRelease } from '../core/hold.ts';
import { formatInstant } from '../core/instant.ts';
import type { HoldList, HoldStore, HoldSync } from '../core/ports/holds.ts';
import type { Connection } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';
import { prepareHoldCheck } from './hold-check.ts';
import { holdOf, recordOf } from './hold-rows.ts';
import type { HoldRow } from './hold-rows.ts';

interface StoreParts {
  readonly connection: Connection;
  readonly writer: GroupCommit;
  readonly statements: ReturnType<typeof prepareStatements>;
}

/** Placed and released in the transaction that writes the audit entry, so that neither is ever there without the other. */
export function createHoldStore(connection: Connection, writer: GroupCommit): HoldStore {
  const statements = prepareStatements(connection);
  const { insert, release, one, all } = statements;
  return {
    async addHold(hold) {
      const record = { ...hold, source: undefined, release: undefined };
      const entries = [addedEntry(record)];
      const alongside = (): void => {
        insert(record);
      };
      await writer.change(() => ({ entries, alongside }));
    },
    async releaseHold(holdId, how) {
      let released: HoldRecord | undefined;
      await writer.change(() => {
        const row = one.get(holdId);
        if (row === undefined || row.released_at !== null) return { entries: [] };
        released = { ...recordOf(row), release: how };
        const alongside = (): void => {
          release(holdId, how);
        };
        return { entries: [releasedEntry(holdOf(row), how)], alongside };
      });
      return released;
    },
    syncHolds: (list, how) => sync({ connection, writer, statements }, list, how),
    holds: () => connection.read(() => all.all().map(recordOf)),
    holdsInForce: prepareInForce(connection, statements),
  };
}

interface KnownHolds {
  /** Another one when somebody has written since. */
  readonly version: string;
  readonly held: readonly HoldRecord[];
}

/** Asked before each DELETE. The table is read, and compared with the log, only when somebody has written since. */
function prepareInForce(
  connection: Connection,
  { unreleased, lastEvent }: StoreParts['statements'],
): HoldStore['holdsInForce'] {
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

async function sync(
  { connection, writer, statements }: StoreParts,
  list: HoldList,
  how: HoldSync,
): Promise<readonly HoldRecord[] | undefined> {
  const { insert, release, ofFile } = statements;
  const compared = () => {
    const held = ofFile.all(list.source).map(recordOf);
    const { missing, gone } = compareWithList(held, list.holds);
    return { held, missing, gone, isSame: missing.length + gone.length === 0 };
  };
  const before = await connection.read(compared);
  if (before.isSame) return before.held;
  let standing: readonly HoldRecord[] | undefined;
  await writer.change(() => {
    const { held, missing, gone, isSame } = compared();
    standing = isSame ? held : undefined;
    if (isSame || !list.isCurrent()) return { entries: [] };
    const added = missing.map((hold) => recordFor(hold, list, how));
    standing = [...held.filter((hold) => !gone.includes(hold)), ...added];
    return {
      entries: [...added.map(addedEntry), ...gone.map((hold) => releasedEntry(hold, how))],
      alongside: () => {
        added.forEach(insert);
        for (const { holdId } of gone) release(holdId, how);
      },
    };
  });
  return standing;
}

function prepareStatements(connection: Connection) {
  const insertion = connection.prepare(
    `INSERT INTO holds (hold_id, project_id, session_id, matter, reason, added_by, added_at, until_at, source)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const ending = connection.prepare(
    'UPDATE holds SET released_at = ?, released_by = ?, release_reason = ? WHERE hold_id = ? AND released_at IS NULL',
  );
  return {
    insert: ({ holdId, projectId, sessionId, matter, reason, by, addedAt, untilAt, source }: HoldRecord) => {
      const target = [holdId, projectId, sessionId ?? null];
      insertion.run(...target, matter, reason, by, addedAt, untilAt ?? null, source ?? null);
    },
    release: (holdId: string, { at, by, reason }: HoldRelease) => {
      ending.run(at, by, reason, holdId);
    },
    one: connection.prepare<[string], HoldRow>('SELECT * FROM holds WHERE hold_id = ?'),
    all: connection.prepare<[], HoldRow>('SELECT * FROM holds ORDER BY added_at, rowid'),
    unreleased: connection.prepare<[], HoldRow>(
      'SELECT * FROM holds WHERE released_at IS NULL ORDER BY rowid',
    ),
    lastEvent: connection
      .prepare<[], number | null>(
        `SELECT MAX(seq) FROM audit_entries INDEXED BY audit_hold_events WHERE event IN ('hold.added', 'hold.released')`,
      )
      .pluck(),
    /** Those that are over by their date, too: they stay as long as the file lists them. */
    ofFile: connection.prepare<[string], HoldRow>(
      'SELECT * FROM holds WHERE released_at IS NULL AND source = ? ORDER BY rowid',
    ),
  };
}

function recordFor(hold: HoldList['holds'][number], { source }: HoldList, how: HoldSync): HoldRecord {
  return { ...hold, holdId: how.newId(), addedAt: how.at, source, release: undefined };
}

function addedEntry({ source, reason, by, untilAt, ...hold }: HoldRecord): AuditFacts {
  const until = untilAt === undefined ? null : formatInstant(untilAt);
  const facts = { reason, by, until, source: source === undefined ? 'command' : 'file' };
  return entry('hold.added', { ...hold, untilAt }, facts);
}

function releasedEntry(hold: Hold, { reason, by }: Omit<HoldRelease, 'at'>): AuditFacts {
  return entry('hold.released', hold, { reason, by });
}

function entry(event: AuditEvent, hold: Hold, facts: { readonly [key: string]: Fact }): AuditFacts {
  const nobodys = { run_id: null, policy: null, policy_hash: null, rule: null };
  const { holdId, projectId, sessionId = null, matter } = hold;
  return {
    event,
    ...nobodys,
    project_id: projectId,
    session_id: sessionId,
    facts: { hold_id: holdId, matter, ...facts },
  };
}
