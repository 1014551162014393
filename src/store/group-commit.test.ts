import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry, AuditFacts } from '../core/audit-entry.ts';
import { noteOf } from '../core/checkpoint.ts';
import { HeldError } from '../core/errors.ts';
import type { HoldRecord } from '../core/hold.ts';
import type { KeptHeads } from '../core/ports/state-home.ts';
import { createNoteSigner } from '../core/signed-note.ts';
import { openStateHome } from '../state-home/state-home.ts';
import { Connection } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import { openForWriting } from './open-database.ts';
import { verifyChain } from '../../test/support/verify-chain.ts';

const NOW = 1_763_900_000_000;
const clock = { now: () => NOW, monotonic: () => 0, sleep: () => Promise.resolve() };

function facts(change: Partial<AuditFacts> = {}): AuditFacts {
  return {
    event: 'deletion.intended',
    run_id: 'run-1',
    policy: 'support-chats',
    policy_hash: null,
    rule: 'idle',
    project_id: 42,
    session_id: 'session-0001',
    facts: { seen_at: 'x'.repeat(500) },
    ...change,
  };
}

const HOLD: HoldRecord = {
  ...{
    holdId: 'hold-1',
    projectId: 42,
    sessionId: 'session-0009',
    matter: 'M-9',
    reason: 'suit',
    by: 'legal',
  },
  ...{ addedAt: NOW, untilAt: undefined, source: undefined, release: undefined },
};
const RELEASE = { at: NOW, by: 'legal', reason: 'closed' };

let stateDir: string;
let database: Database;
let connection: Connection;
let heads: KeptHeads;
let commits: GroupCommit;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'group-commit-'));
  ({ database, connection } = openForWriting(stateDir, { clock }));
  heads = openStateHome(stateDir).heads;
  commits = new GroupCommit(connection, { heads });
});
afterEach(() => {
  connection.close();
  rmSync(stateDir, { recursive: true });
});

const append = (count = 1) =>
  commits.append(
    Array.from({ length: count }, () => facts()),
    undefined,
  );
const entryCount = () => database.prepare<[], number>('SELECT COUNT(*) FROM audit_entries').pluck().get();

describe('group commit', () => {
  function fillDisk(): void {
    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages + 4}`);
  }
  function freeDisk(): void {
    database.pragma('max_page_count = 1000000');
  }

  it('makes one transaction for all callers of a turn', async () => {
    const groups: number[] = [];
    commits = new GroupCommit(connection, { heads, onAppended: (entries) => groups.push(entries.length) });
    await Promise.all(Array.from({ length: 500 }, () => append()));
    expect(groups).toEqual([500]);
    await Promise.all(Array.from({ length: 2_500 }, () => append()));
    expect(groups).toEqual([500, 1_000, 1_000, 500]);
    expect(entryCount()).toBe(3_000);
  });

  it('gathers in the next commit whoever comes before the answer to one', async () => {
    const groups: number[] = [];
    commits = new GroupCommit(connection, { heads, onAppended: (entries) => groups.push(entries.length) });
    await append();
    const first = append();
    // Written, and nobody told yet.
    while (entryCount() === 1) await nextTurn();
    await Promise.all([first, append(), append(), append()]);
    expect(groups).toEqual([1, 1, 3]);
  });

  /** Lets so many callers come, turn by turn, each turn's before the group looks again who is there. */
  async function comeInTurns(turns: number, come: (turn: number) => void): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) {
      const next = nextTurn();
      come(turn);
      await next;
    }
  }

  it('waits as long as each turn brings somebody new', async () => {
    const groups: number[] = [];
    commits = new GroupCommit(connection, { heads, onAppended: (entries) => groups.push(entries.length) });
    const calls: Promise<unknown>[] = [];
    await comeInTurns(5, () => calls.push(append()));
    await Promise.all(calls);
    expect(groups).toEqual([5]);
  });

  it.each([
    ['as many as one holds', 500, 1],
    ['one fewer, and then more', 499.5, 2],
  ])('waits no longer once there are %s', async (_, eachTurn, expected) => {
    let current = 0;
    let writtenIn: number | undefined;
    // The time is asked for in the transaction.
    const now = (): number => {
      writtenIn ??= current;
      return NOW;
    };
    commits = new GroupCommit(
      new Connection(database, { path: connection.path, clock: { ...clock, now }, readOnly: false }),
      { heads },
    );
    const calls: Promise<unknown>[] = [];
    await comeInTurns(5, (turn) => {
      current = turn;
      while (calls.length < Math.floor(eachTurn * (turn + 1))) calls.push(append(0));
    });
    await Promise.all(calls);
    expect(writtenIn).toBe(expected);
  });

  it('refuses the whole group when the disk is full, and everything after it', async () => {
    await append();
    fillDisk();
    const answers = await Promise.allSettled([append(), append(500), append()]);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 'rejected',
        reason: { kind: 'state_unusable', message: expect.stringContaining('no space left') as string },
      });
    }
    expect(entryCount()).toBe(1);

    freeDisk();
    await expect(append()).rejects.toMatchObject({ kind: 'state_unusable' });
    expect(entryCount()).toBe(1);

    commits = new GroupCommit(connection, { heads });
    expect((await append())[0]?.seq).toBe(2);
  });

  it('refuses those who wait behind a group that failed', async () => {
    fillDisk();
    const answers = await Promise.allSettled(Array.from({ length: 2_500 }, () => append()));
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    expect(entryCount()).toBe(0);
  });

  it('stops when somebody cut the log off under its hands', async () => {
    await append(3);
    database.exec('DROP TRIGGER audit_entries_never_go');
    database.exec('DELETE FROM audit_entries WHERE seq = 3');
    await expect(append()).rejects.toMatchObject({ kind: 'state_unusable' });
    expect(entryCount()).toBe(2);
  });
});

/** What became of each call: the numbers of its entries, or why it was refused. */
async function outcomesOf(calls: readonly Promise<readonly AuditEntry[]>[]): Promise<readonly unknown[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) =>
    one.status === 'fulfilled'
      ? one.value.map(({ seq }) => seq)
      : ((one.reason as { readonly kind?: string }).kind ?? (one.reason as Error).message),
  );
}

const write = (...changes: readonly Partial<AuditFacts>[]) => commits.append(changes.map(facts), undefined);

const storedHead = () => database.prepare('SELECT seq, hash FROM audit_head').all();

describe('what a group writes', () => {
  it('is one chain, and each caller is told of his own entries', async () => {
    const told: AuditEntry[] = [];
    commits = new GroupCommit(connection, { heads, onAppended: (entries) => told.push(...entries) });
    const written = await Promise.all([write({}, {}), write(), write({ event: 'deletion.verified' })]);
    expect(written.map((entries) => entries.map(({ seq }) => seq))).toEqual([[1, 2], [], [3]]);
    expect(told).toEqual(written.flat());
    const again = await write({});
    expect(again).toMatchObject([{ seq: 4, prev: written[2][0]?.hash, time: '2025-11-23T12:13:20.000Z' }]);
    expect(storedHead()).toEqual([{ seq: 4, hash: again[0]?.hash }]);
    const chain = await verifyChain(
      (async function* () {
        yield* await Promise.resolve([...told.slice(0, 3), ...again]);
      })(),
    );
    expect(chain).toMatchObject({ ok: true });
  });

  it('is nothing where nobody wants anything', async () => {
    const told: unknown[] = [];
    commits = new GroupCommit(connection, { heads, onAppended: (entries) => told.push(entries) });
    expect(await append(0)).toEqual([]);
    expect(await commits.write({ kind: 'release_hold', holdId: 'h', release: RELEASE })).toEqual({
      links: [],
      changes: [],
    });
    expect([told, entryCount()]).toEqual([[], 0]);
  });

  it('goes in together with what a command changes beside the log', async () => {
    const holds = () => database.prepare<[], number>('SELECT COUNT(*) FROM holds').pluck().get();
    const { links } = await commits.write({ kind: 'place_hold', hold: HOLD });
    expect(links).toMatchObject([{ entry: { seq: 1, event: 'hold.added', hold_id: 'hold-1' } }]);
    expect([holds(), entryCount()]).toEqual([1, 1]);
    const unwritable = { ...HOLD, holdId: 'hold-2', matter: '\ud800' };
    await expect(commits.write({ kind: 'place_hold', hold: unwritable })).rejects.toThrow();
    expect([holds(), entryCount()]).toEqual([1, 1]);
  });

  it('lacks the mistake of one caller only', async () => {
    const calls = [write({}), write({}, { facts: { hash: 'x' } }), write({})];
    expect(await outcomesOf(calls)).toEqual([[1], 'fact hash of deletion.intended is a common key', [2]]);
    expect(await outcomesOf([write({})])).toEqual([[3]]);
  });

  it('is flushed once everybody has an answer', async () => {
    await commits.flushed();
    let answers = 0;
    const calls = [append(), append()].map((call) => call.then(() => (answers += 1)));
    await commits.flushed();
    await Promise.resolve();
    expect(answers).toBe(2);
    await Promise.all(calls);
    // Nobody is at work any more, and whoever comes is served.
    expect(await append()).toHaveLength(1);
    await commits.flushed();
  });
});

describe('a fence', () => {
  const fence = { name: 'p', holder: 'worker-a', token: 3 };
  const under = (change: Partial<typeof fence> = {}) => commits.append([facts()], { ...fence, ...change });
  const lease = (expiresAt: number) =>
    database.prepare(`INSERT INTO leases VALUES ('p', 'worker-a', 3, ?)`).run(expiresAt);

  it('lets those write whose lease it is, and refuses the others of the group', async () => {
    lease(NOW + 1);
    const calls = [
      under(),
      under({ name: 'q' }),
      under({ holder: 'worker-b' }),
      under({ token: 2 }),
      under(),
      append(),
    ];
    expect(await outcomesOf(calls)).toEqual([[1], 'lease_held', 'lease_held', 'lease_held', [2], [3]]);
    const shared = [commits.append([facts()], fence), commits.append([facts()], fence)];
    expect(await outcomesOf(shared)).toEqual([[4], [5]]);
  });

  it('is gone with the instant at which the lease ends', async () => {
    lease(NOW);
    const told: unknown[] = [];
    commits = new GroupCommit(connection, { heads, onAppended: (entries) => told.push(entries) });
    await expect(under()).rejects.toMatchObject({
      kind: 'lease_held',
      message: 'the lease p is no longer ours',
      hint: 'Let the other worker finish; this one has stopped.',
    });
    expect(told).toEqual([]);
    expect(entryCount()).toBe(0);
  });
});

describe('a hold', () => {
  const hold = (sessionId: string | null, untilAt: number | null = null) =>
    database
      .prepare(
        `INSERT INTO holds (hold_id, project_id, session_id, matter, reason, added_by, added_at, until_at)
          VALUES ('h1', 42, ?, 'M-7', 'suit', 'legal', 0, ?)`,
      )
      .run(sessionId, untilAt);

  it('refuses the caller who intends to delete what it covers, and nobody else', async () => {
    hold('session-0001');
    const other = { session_id: 'session-0002' };
    const refused = write(other, {});
    const calls = [refused, write(other), write({ project_id: 43 }), write({ event: 'deletion.verified' })];
    expect(await outcomesOf(calls)).toEqual(['held for M-7', [1], [2], [3]]);
    await expect(refused).rejects.toBeInstanceOf(HeldError);
  });

  it('covers a whole project, but no entry that names no conversation', async () => {
    hold(null);
    const nothing = [write({ session_id: null }), write({ project_id: null })];
    expect(await outcomesOf([write({ session_id: 'session-9999' }), ...nothing])).toEqual([
      'held for M-7',
      [1],
      [2],
    ]);
  });

  it.each([
    ['is over at its last instant', NOW, [1]],
    ['is not over before', NOW + 1, 'held for M-7'],
  ])('%s', async (_, untilAt, expected) => {
    hold('session-0001', untilAt);
    expect(await outcomesOf([write({})])).toEqual([expected]);
  });
});

describe('a checkpoint', () => {
  const signer = createNoteSigner(generateKeyPairSync('ed25519').privateKey);

  it('comes in between, told to nobody who did not ask, and is kept beside the database', async () => {
    const told: number[] = [];
    const entries: AuditEntry[] = [];
    const onAppended = (written: readonly AuditEntry[]) => {
      told.push(...written.map(({ seq }) => seq));
      entries.push(...written);
    };
    commits = new GroupCommit(connection, { heads, onAppended, signer });
    expect(await append(999)).toHaveLength(999);
    expect((await append()).map(({ seq }) => seq)).toEqual([1001]);
    expect(told.slice(-2)).toEqual([1000, 1001]);
    const ended = await write({ event: 'run.completed', session_id: null });
    expect(ended.map(({ event }) => event)).toEqual(['run.completed', 'checkpoint']);
    expect(readFileSync(join(stateDir, 'last-checkpoint'), 'utf8')).toBe(noteOf(entries.at(-1)));
  });
});

describe('the open intents', () => {
  const open = () =>
    database
      .prepare('SELECT policy, project_id, session_id, run_id, seq FROM open_intents ORDER BY seq')
      .all();
  const row = (seq: number, run_id = 'run-1') => ({
    ...{ policy: 'support-chats', project_id: 42, session_id: 'session-0001', run_id, seq },
  });

  it.each(['verified', 'already_gone', 'failed', 'skipped'] as const)(
    'hold an intent until it is %s',
    async (outcome) => {
      await write({}, { event: 'run.started' });
      expect(open()).toEqual([row(1)]);
      await write({ event: `deletion.${outcome}` });
      expect(open()).toEqual([]);
    },
  );

  it('go on holding what is unverified, by its intent, or by that word where the intent is settled', async () => {
    await write({}, { event: 'deletion.unverified' });
    expect(open()).toEqual([row(1)]);
    await write({ event: 'deletion.verified' }, { event: 'deletion.unverified' });
    expect(open()).toEqual([row(4)]);
  });

  it('hold the newest intent, which no other run settles', async () => {
    await write({}, { run_id: 'run-2' });
    expect(open()).toEqual([row(2, 'run-2')]);
    await write({ event: 'deletion.verified' });
    expect(open()).toEqual([row(2, 'run-2')]);
    await write({ event: 'deletion.verified', run_id: 'run-2' });
    expect(open()).toEqual([]);
  });

  it.each<Partial<AuditFacts>>([{ policy: 'another' }, { project_id: 43 }, { session_id: 'session-0002' }])(
    'are settled by no outcome with %j',
    async (change) => {
      await write({}, { event: 'deletion.verified', ...change });
      expect(open()).toEqual([row(1)]);
    },
  );

  it.each<Partial<AuditFacts>>([
    { policy: null },
    { project_id: null },
    { session_id: null },
    { run_id: null },
  ])('hold nothing with %j', async (change) => {
    await write(change);
    expect(open()).toEqual([]);
  });
});
