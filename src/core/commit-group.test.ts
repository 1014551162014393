import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AccountBinding } from './account.ts';
import { GENESIS } from './audit-entry.ts';
import type { AuditFacts } from './audit-entry.ts';
import { areClaimsAsked, commitGroup, questionsOf } from './commit-group.ts';
import type { AboutConversation, Draft, GroupSnapshot } from './commit-group.ts';
import type { HoldRecord } from './hold.ts';
import { createNoteSigner } from './signed-note.ts';

const NOW = 1_763_900_000_000;
const RELEASE = { at: NOW, by: 'legal', reason: 'closed' };
const FENCE = { name: 'policy:p', holder: 'w', token: 1 };

function facts(change: Partial<AuditFacts> = {}): AuditFacts {
  return {
    ...{ event: 'deletion.intended', run_id: 'run-1', policy: 'p', policy_hash: null, rule: null },
    ...{ project_id: 42, session_id: 'session-0001', facts: {} },
    ...change,
  };
}
const append = (...changes: readonly Partial<AuditFacts>[]): Draft => ({
  ...{ kind: 'append', entries: changes.map(facts), fence: undefined },
});
const bind = (owner: string, known: number, whileIdle = false): Draft => {
  const account = { origin: 'https://app.customgpt.ai', owner };
  const binding: AccountBinding = { account, kind: known === 0 ? 'bound' : 'replaced' };
  return { kind: 'bind_account', binding, known, whileIdle, by: null, reason: 'r' };
};

function hold(holdId: string, change: Partial<HoldRecord> = {}): HoldRecord {
  return {
    ...{ holdId, projectId: 42, sessionId: 'session-0001', matter: `matter of ${holdId}`, reason: 'r' },
    ...{ by: 'b', addedAt: NOW, untilAt: undefined, source: undefined, release: undefined },
    ...change,
  };
}
const place = (one: HoldRecord): Draft => ({ kind: 'place_hold', hold: one });
const release = (holdId: string): Draft => ({ kind: 'release_hold', holdId, release: RELEASE });
const sync = (revision: number, ...listed: readonly HoldRecord[]): Draft => ({
  ...{ kind: 'sync_holds', source: '/h', revision, listed, release: RELEASE },
});

const EMPTY: GroupSnapshot = {
  ...{ now: NOW, head: GENESIS, live: new Set(), conversations: new Map(), atWork: new Map() },
  ...{ holds: new Map(), lists: new Map(), bindings: [], isIdle: true },
};
const about = (change: Partial<AboutConversation>): Partial<GroupSnapshot> => ({
  conversations: new Map([['42/session-0001', { holds: [], open: [], verified: [], ...change }]]),
});

/** Of each draft the numbers of its entries, or why it is refused. */
function outcomesOf(drafts: readonly Draft[], snapshot: Partial<GroupSnapshot> = {}): readonly unknown[] {
  const { decided } = commitGroup(drafts, { ...EMPTY, ...snapshot }, undefined);
  return decided.map(({ links, refusal }) =>
    refusal === undefined ? links.map(({ entry }) => entry.seq) : (refusal as Error).message,
  );
}
const changesOf = (drafts: readonly Draft[], snapshot: Partial<GroupSnapshot> = {}) =>
  commitGroup(drafts, { ...EMPTY, ...snapshot }, undefined).decided.map(({ changes }) =>
    changes.map((change) => ('hold' in change ? `${change.kind} ${change.hold.holdId}` : change.kind)),
  );

describe('what a store is asked', () => {
  it('is what the drafts depend on, each once', () => {
    const fenced: Draft = { kind: 'append', entries: [facts()], fence: FENCE };
    const others = append({ run_id: 'run-2', project_id: 43 }, { event: 'run.started' }, { run_id: null });
    const asked = questionsOf([
      fenced,
      fenced,
      others,
      release('h1'),
      sync(1),
      place(hold('h2')),
      bind('t', 0),
    ]);
    expect([...asked.fences]).toEqual([FENCE]);
    expect([...asked.intents.keys()]).toEqual(['42/session-0001', '43/session-0001']);
    expect([...asked.runIds]).toEqual(['run-1', 'run-2']);
    expect([[...asked.holdIds], [...asked.sources], asked.isAccountAsked]).toEqual([['h1'], ['/h'], true]);
    expect(questionsOf([append({})]).isAccountAsked).toBe(false);
  });

  it('of a conversation that several intend go by the one that saw it first', () => {
    const seen = (...times: readonly (string | undefined)[]): string | undefined => {
      const drafts = times.map((at) => append({ facts: at === undefined ? {} : { seen_at: at } }));
      return questionsOf(drafts).intents.get('42/session-0001')?.seenAt;
    };
    expect(seen('2026-01-02', '2026-01-01')).toBe('2026-01-01');
    expect(seen('2026-01-01', '2026-01-02')).toBe('2026-01-01');
    expect(seen(undefined, '2026-01-02')).toBe('2026-01-02');
    expect(seen('2026-01-02', undefined)).toBe('2026-01-02');
    expect(seen(undefined)).toBeUndefined();
  });

  it.each([
    { runIds: ['run-1', 'run-2'], atWork: [], expected: false },
    { runIds: ['run-1'], atWork: ['run-1'], expected: false },
    { runIds: ['run-1'], atWork: ['run-1', 'run-2'], expected: true },
    { runIds: ['run-1', 'run-2'], atWork: ['run-1'], expected: true },
  ])('of claims, where $runIds intend and $atWork are at work: $expected', ({ runIds, atWork, expected }) => {
    const runs = new Map(atWork.map((runId) => [runId, 'p']));
    expect(areClaimsAsked({ runIds: new Set(runIds) }, runs)).toBe(expected);
  });
});

describe('a group', () => {
  it('is one chain, with checkpoints, and ends where the last link is', () => {
    const signer = createNoteSigner(generateKeyPairSync('ed25519').privateKey);
    const head = { seq: 998, hash: 'a'.repeat(64) };
    const drafts = [append({}, {}), append(), append({ event: 'run.completed', session_id: null })];
    const { decided, head: after } = commitGroup(drafts, { ...EMPTY, head }, signer);
    expect(
      decided.map(({ links }) => links.map(({ entry, isOwn }) => [entry.seq, entry.event, isOwn])),
    ).toEqual([
      [
        [999, 'deletion.intended', true],
        [1000, 'checkpoint', false],
        [1001, 'deletion.intended', true],
      ],
      [],
      [
        [1002, 'run.completed', true],
        [1003, 'checkpoint', true],
      ],
    ]);
    expect(after).toBe(decided[2]?.links[1]?.entry);
    expect(decided[0]?.links[0]?.entry).toMatchObject({ prev: head.hash, time: '2025-11-23T12:13:20.000Z' });
    expect(commitGroup([], { ...EMPTY, head }, signer).head).toBe(head);
  });

  it('goes on behind a draft that cannot be written, of which nothing stays', () => {
    const unwritable = append({}, { facts: { seq: 1 } });
    expect(outcomesOf([append({}), unwritable, append({})])).toEqual([
      [1],
      'fact seq of deletion.intended is a common key',
      [2],
    ]);
    const bad = hold('h1', { matter: '\ud800' });
    expect(changesOf([place(bad), append({})])).toEqual([[], []]);
    expect(outcomesOf([place(bad), append({})]).at(-1)).toEqual([1]);
  });

  it('refuses whose lease is lost, before it looks at holds', () => {
    const fenced: Draft = { kind: 'append', entries: [facts()], fence: FENCE };
    expect(outcomesOf([fenced, append({})])).toEqual(['the lease policy:p is no longer ours', [1]]);
    expect(outcomesOf([fenced], { live: new Set([FENCE]) })).toEqual([[1]]);
    expect(outcomesOf([fenced], about({ holds: [hold('h1')] }))).toEqual([
      'the lease policy:p is no longer ours',
    ]);
  });

  it('refuses what is held, all of the draft, before what is claimed', () => {
    const taken: Partial<AboutConversation> = { verified: [{ runId: 'run-2', time: '2026' }] };
    const seen = { facts: { seen_at: '2025' } };
    const drafts = [append({ session_id: 'session-0002' }, seen)];
    expect(outcomesOf(drafts, about({ ...taken, holds: [hold('h1')] }))).toEqual(['held for matter of h1']);
    expect(outcomesOf(drafts, about(taken))).toEqual(['another run is deleting it']);
    expect(outcomesOf(drafts, about({ holds: [hold('h1', { untilAt: NOW })] }))).toEqual([[1, 2]]);
  });

  it('lets later drafts meet the intents of earlier ones', () => {
    const atWork = new Map([
      ['run-1', 'p'],
      ['run-2', 'q'],
    ]);
    const [mine, theirs] = [append({}), append({ run_id: 'run-2', policy: 'q' })];
    expect(outcomesOf([mine, theirs], { atWork })).toEqual([[1], 'another run is deleting it']);
    expect(outcomesOf([mine, append({ event: 'deletion.failed' }), theirs], { atWork })).toEqual([
      [1],
      [2],
      [3],
    ]);
  });
});

describe('commands about holds', () => {
  it('place one, which those behind it meet, and those before it did not', () => {
    const drafts = [append({}), place(hold('h1')), append({}), append({ session_id: 'session-0002' })];
    expect(outcomesOf(drafts)).toEqual([[1], [2], 'held for matter of h1', [3]]);
    expect(changesOf(drafts)).toEqual([[], ['hold_added h1'], [], []]);
    const { decided } = commitGroup([place(hold('h1', { untilAt: NOW }))], EMPTY, undefined);
    expect(decided[0]?.links[0]?.entry).toMatchObject({
      until: '2025-11-23T12:13:20.000Z',
      source: 'command',
    });
  });

  it('end one, once, whether it was there before or is of the same group', () => {
    const stored = { ...about({ holds: [hold('h1')] }), holds: new Map([['h1', hold('h1')]]) };
    expect(outcomesOf([append({}), release('h1'), append({}), release('h1')], stored)).toEqual([
      ...['held for matter of h1', [1], [2], []],
    ]);
    expect(outcomesOf([place(hold('h1')), release('h1'), append({})])).toEqual([[1], [2], [3]]);
    const { decided } = commitGroup([release('h1'), release('h9')], { ...EMPTY, ...stored }, undefined);
    expect(decided.map(({ released }) => released)).toEqual([{ ...hold('h1'), release: RELEASE }, undefined]);
    const ended = new Map([['h1', { ...hold('h1'), release: RELEASE }]]);
    expect(outcomesOf([release('h1')], { holds: ended })).toEqual([[]]);
  });

  const listed = (holdId: string, change: Partial<HoldRecord> = {}) =>
    hold(holdId, { source: '/h', ...change });

  it('make the holds of a source those of its list: the new one before the old one goes', () => {
    const held = [listed('h1'), listed('h2', { projectId: 43 })];
    const lists = new Map([['/h', { held, revision: 100 }]]);
    const wanted = sync(
      200,
      listed('h3', { matter: held[0]?.matter ?? '' }),
      listed('h4', { projectId: 44 }),
    );
    const { decided } = commitGroup([wanted], { ...EMPTY, lists }, undefined);
    const said = decided[0]?.links.map(({ entry }) => [entry.event, entry['hold_id']]);
    // What h3 says is what h1 says: it is the same hold.
    expect(said).toEqual([
      ['hold.added', 'h4'],
      ['hold.released', 'h2'],
    ]);
  });

  it('meet lists and releases before them in the group', () => {
    const lists = new Map([['/h', { held: [listed('h1')], revision: 100 }]]);
    const holds = new Map([['h1', listed('h1')]]);
    const other = listed('h2', { projectId: 43 });
    expect(changesOf([sync(200, other), sync(150), sync(200), sync(201)], { lists })).toEqual([
      ['list_read', 'hold_added h2', 'hold_released h1'],
      [],
      [],
      ['list_read', 'hold_released h2'],
    ]);
    expect(changesOf([release('h1'), sync(100, listed('h3'))], { lists, holds })).toEqual([
      ['hold_released h1'],
      ['hold_added h3'],
    ]);
    expect(
      changesOf([sync(1, listed('h1')), sync(1, listed('h5', { matter: listed('h1').matter }))]),
    ).toEqual([['list_read', 'hold_added h1'], []]);
    const { decided } = commitGroup([sync(50, other)], { ...EMPTY, lists }, undefined);
    expect(decided[0]?.synced).toEqual({ standing: [other], overruled: [listed('h1')] });
  });
});

describe('a binding', () => {
  it('is added by whoever knows the last one', () => {
    const drafts = [bind('team:7', 0), bind('team:8', 0), bind('team:8', 1), append({})];
    expect(outcomesOf(drafts)).toEqual([[1], [], [2], [3]]);
    const { decided } = commitGroup([bind('team:7', 0, true)], { ...EMPTY, isIdle: false }, undefined);
    expect(decided[0]?.bound).toBe('under_way');
    expect(changesOf(drafts)).toEqual([['account_bound'], [], ['account_bound'], []]);
  });
});
