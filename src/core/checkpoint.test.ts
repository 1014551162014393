import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chainEntry } from './audit-chain.ts';
import { GENESIS } from './audit-entry.ts';
import type { AuditEntry, AuditEvent, AuditFacts, Fact } from './audit-entry.ts';
import { checkCheckpoint, endsRun, isCheckpointDue, linkEntries, noteOf } from './checkpoint.ts';
import { createNoteSigner, parseVerifierKey, readNote } from './signed-note.ts';

const TIME = '2026-11-23T03:30:00.123Z';
const signer = createNoteSigner(generateKeyPairSync('ed25519').privateKey);
const other = createNoteSigner(generateKeyPairSync('ed25519').privateKey);

function facts(event: AuditEvent, runId = 'run-1'): AuditFacts {
  return {
    event,
    run_id: runId,
    policy: 'support-chats',
    policy_hash: 'ab'.repeat(32),
    rule: 'idle',
    project_id: 42,
    session_id: 'session-0001',
    facts: {},
  };
}

function link(events: readonly AuditEvent[], from = 0) {
  const head = { seq: from, hash: from === 0 ? GENESIS.hash : 'cd'.repeat(32) };
  return linkEntries(
    events.map((event) => facts(event)),
    { head, time: TIME, signer },
  );
}

describe('linkEntries', () => {
  it('puts a checkpoint over the entries before it at each multiple of 1,000', () => {
    const links = link(Array.from({ length: 2_500 }, () => 'deletion.skipped' as const));
    expect(links.map(({ entry }) => entry.seq)).toEqual(links.map((_, index) => index + 1));
    const checkpoints = links.filter(({ isOwn }) => !isOwn).map(({ entry }) => entry);
    expect(checkpoints.map(({ seq }) => seq)).toEqual([1_000, 2_000]);
    for (const entry of checkpoints) {
      expect(entry).toMatchObject({ event: 'checkpoint', run_id: null, policy: null, policy_hash: null });
      expect(readNote(noteOf(entry) ?? '')).toEqual({ seq: entry.seq - 1, hash: entry.prev });
    }
  });

  it.each(['run.completed', 'run.refused', 'run.interrupted'] as const)(
    'puts one behind %s, which belongs to that run and to the caller',
    (event) => {
      const links = link(['deletion.skipped', event, 'deletion.skipped']);
      expect(links.map(({ entry }) => entry.event)).toEqual([
        'deletion.skipped',
        event,
        'checkpoint',
        'deletion.skipped',
      ]);
      expect(links.every(({ isOwn }) => isOwn)).toBe(true);
      expect(links[2]?.entry).toMatchObject({
        run_id: 'run-1',
        policy: 'support-chats',
        policy_hash: 'ab'.repeat(32),
        rule: null,
        project_id: null,
        session_id: null,
        verifier_key: signer.verifierKey,
      });
    },
  );

  it('needs one only where both fall together', () => {
    expect(link(['run.completed', 'run.started'], 998).map(({ entry }) => entry.event)).toEqual([
      'run.completed',
      'checkpoint',
      'run.started',
    ]);
    expect(link(['run.completed'], 999).map(({ entry }) => entry.event)).toEqual([
      'checkpoint',
      'run.completed',
      'checkpoint',
    ]);
  });

  it('puts in nothing without a signer', () => {
    const links = linkEntries([facts('run.completed')], {
      head: { seq: 999, hash: 'cd'.repeat(32) },
      time: TIME,
      signer: undefined,
    });
    expect(links.map(({ entry }) => entry.event)).toEqual(['run.completed']);
  });
});

describe('the place of a checkpoint', () => {
  it.each(['run.completed', 'run.refused', 'run.interrupted'] as const)('is behind %s', (event) => {
    expect(endsRun({ event })).toBe(true);
  });

  it('is behind nothing else', () => {
    const others = ['run.started', 'checkpoint', 'deletion.verified'] as const;
    expect(others.some((event) => endsRun({ event }))).toBe(false);
  });

  it('is each multiple of 1,000', () => {
    expect([1, 500, 999, 1_000, 1_001, 10_000].map(isCheckpointDue)).toEqual([
      ...[false, false, false],
      ...[true, false, true],
    ]);
  });
});

describe('noteOf', () => {
  it('is the note of a checkpoint', () => {
    expect(noteOf({ event: 'checkpoint', note: 'x' })).toBe('x');
  });

  it.each([
    ['null', null],
    ['a text', 'checkpoint'],
    ['another event', { event: 'run.started', note: 'x' }],
    ['no note', { event: 'checkpoint' }],
    ['a note that is no text', { event: 'checkpoint', note: 1 }],
  ])('finds nothing in %s', (_what, entry) => {
    expect(noteOf(entry)).toBeUndefined();
  });
});

describe('checkCheckpoint', () => {
  const own = parseVerifierKey(signer.verifierKey);
  const others = parseVerifierKey(other.verifierKey);
  if (own === undefined || others === undefined) throw new Error('no keys');
  const before = { seq: 6, hash: 'ef'.repeat(32) };
  function checkpoint(change: Readonly<Record<string, Fact>>): AuditEntry {
    const about = { note: signer.sign(before), verifier_key: signer.verifierKey, ...change };
    return chainEntry({ ...facts('checkpoint'), facts: about }, { head: before, time: TIME });
  }

  it('takes one by a trusted key, and by any where none is known', () => {
    expect(checkCheckpoint(checkpoint({}), [others, own])).toMatchObject({
      ok: true,
      key: { text: own.text },
    });
    expect(checkCheckpoint(checkpoint({}), undefined)).toMatchObject({ ok: true, key: { text: own.text } });
  });

  it.each<readonly [string, Readonly<Record<string, Fact>>, string]>([
    ['no note', { note: null }, 'without a readable note'],
    ['a note that is none', { note: 'trust me' }, 'without a readable note'],
    ['a note over fewer entries', { note: signer.sign({ ...before, seq: 5 }) }, 'over something else'],
    [
      'a note over others',
      { note: signer.sign({ ...before, hash: '00'.repeat(32) }) },
      'over something else',
    ],
    ['no key', { verifier_key: null }, 'without a readable key'],
    ['a key that is none', { verifier_key: '\u001b[2J' }, 'without a readable key'],
    ["somebody else's key", { verifier_key: other.verifierKey }, 'a forged signature'],
    ["somebody else's note", { note: other.sign(before) }, 'a forged signature'],
  ])('refuses one with %s', (_what, change, problem) => {
    const seen = new Map([own, others].map((key) => [key.text, key]));
    for (const trusted of [undefined, [own]]) {
      for (const keys of [undefined, seen]) {
        expect(checkCheckpoint(checkpoint(change), trusted, keys)).toMatchObject({
          ok: false,
          problem: expect.stringContaining(problem) as string,
        });
      }
    }
  });

  it('refuses one by a key that is not trusted, and says which', () => {
    expect(checkCheckpoint(checkpoint({}), [others])).toEqual({
      ok: false,
      problem: `is signed by a key that is not known: ${own.text}`,
    });
    expect(checkCheckpoint(checkpoint({}), [])).toMatchObject({ ok: false });
  });
});
