import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chainEntry } from './audit-chain.ts';
import { GENESIS } from './audit-entry.ts';
import type { AuditEntry, AuditEvent, AuditFacts, AuditHead } from './audit-entry.ts';
import { linkEntries } from './checkpoint.ts';
import { createNoteSigner, parseVerifierKey } from './signed-note.ts';
import type { NoteSigner } from './signed-note.ts';
import { LogCheck } from './verify-log.ts';
import type { LogCheckOptions, LogVerdict } from './verify-log.ts';

const TIME = '2026-11-23T03:30:00.123Z';
const signer = createNoteSigner(generateKeyPairSync('ed25519').privateKey);
const key = parseVerifierKey(signer.verifierKey);
if (key === undefined) throw new Error('no key');

function facts(event: AuditEvent): AuditFacts {
  return {
    event,
    run_id: 'run-1',
    policy: 'p',
    policy_hash: null,
    rule: null,
    project_id: null,
    session_id: null,
    facts: {},
  };
}

function log(events: readonly AuditEvent[], by?: NoteSigner, head: AuditHead = GENESIS): AuditEntry[] {
  const links = linkEntries(events.map(facts), { head, time: TIME, signer: by });
  return links.map(({ entry }) => entry);
}

const RUN = ['run.started', 'deletion.skipped', 'run.completed'] as const;
const skips = (count: number) => Array.from({ length: count }, () => 'deletion.skipped' as const);

function verdict(entries: readonly unknown[], options: LogCheckOptions = {}): LogVerdict {
  const check = new LogCheck(options);
  for (const entry of entries) check.take(entry);
  return check.end();
}

/** The same facts in a chain that fits again: what somebody can make who has everything but the key. */
function rechained(entries: readonly AuditEntry[]): AuditEntry[] {
  let head: AuditHead = GENESIS;
  return entries.map((entry) => {
    const { time, event, run_id, policy, policy_hash, rule, project_id, session_id, ...rest } = entry;
    const common = { run_id, policy, policy_hash, rule, project_id, session_id };
    const own = Object.entries(rest).filter(([key]) => !['seq', 'prev', 'hash'].includes(key));
    const again = chainEntry({ event, ...common, facts: Object.fromEntries(own) }, { head, time });
    head = again;
    return again;
  });
}

describe('a whole log', () => {
  it('is told with its head, its checkpoints and their keys', () => {
    const entries = log([...RUN, ...skips(1_500), ...RUN], signer);
    const head = entries.at(-1);
    expect(verdict(entries, { trusted: [key], mustBeSigned: true })).toEqual({
      ok: true,
      head: { seq: 1_509, hash: head?.hash },
      checkpoints: 3,
      lastCheckpoint: 1_509,
      keys: [signer.verifierKey],
    });
  });

  it('names each key once, in the order in which they came', () => {
    const other = createNoteSigner(generateKeyPairSync('ed25519').privateKey);
    const entries: AuditEntry[] = [];
    for (const by of [signer, other, signer]) entries.push(...log(RUN, by, entries.at(-1)));
    expect(verdict(entries)).toMatchObject({ ok: true, keys: [signer.verifierKey, other.verifierKey] });
    expect(verdict(entries, { trusted: [key] })).toMatchObject({ ok: false, seq: 8 });
  });

  it('may be empty, unsigned, or signed from some entry on only', () => {
    expect(verdict([])).toEqual({
      ok: true,
      head: GENESIS,
      checkpoints: 0,
      lastCheckpoint: undefined,
      keys: [],
    });
    const old = log([...RUN, ...skips(2_000)]);
    expect(verdict(old)).toMatchObject({ ok: true, checkpoints: 0 });
    const entries = [...old, ...log(RUN, signer, old.at(-1))];
    expect(verdict(entries, { trusted: [key] })).toMatchObject({ ok: true, checkpoints: 1 });
  });

  it('leads through every head that was known', () => {
    const entries = log(RUN, signer);
    const known = [...entries, ...entries].map(({ seq, hash }) => ({ seq, hash, how: 'recorded' }));
    expect(verdict(entries, { known })).toMatchObject({ ok: true });
  });
});

describe('a log that is not', () => {
  const entries = log([...RUN, ...skips(1_500), ...RUN], signer);

  it('is broken at its first bad entry, whatever comes behind it', () => {
    const check = new LogCheck({});
    expect(check.take(entries[0])).toBe(true);
    expect(check.take(entries[2])).toBe(false);
    expect(check.take(entries[1])).toBe(false);
    check.breakOff('is not as it was written');
    expect(check.end()).toMatchObject({
      ok: false,
      seq: 2,
      problem: expect.stringContaining('entry 3') as string,
    });
    expect(check.head.seq).toBe(1);
  });

  it('is broken where its reader says so', () => {
    const check = new LogCheck({});
    check.take(entries[0]);
    check.breakOff('is not as it was written');
    expect(check.end()).toEqual({ ok: false, seq: 2, problem: 'is not as it was written' });
  });

  it('does not lead through a known head: another one, or an older copy', () => {
    const known = [{ seq: 3, hash: 'ff'.repeat(32), how: 'signed in head.note' }];
    expect(verdict(entries, { known })).toEqual({
      ok: false,
      seq: 3,
      problem: 'is not the one that was signed in head.note',
    });
    expect(verdict(entries.slice(0, 2), { known: [...known, { ...GENESIS, how: 'x' }] })).toEqual({
      ok: false,
      seq: 3,
      problem: 'is missing: 3 entries were signed in head.note',
    });
  });

  it('lacks what was known first, and furthest', () => {
    const known = [2, 7, 7, 3].map((seq, index) => ({ seq, hash: 'ff'.repeat(32), how: `seen ${index}` }));
    expect(verdict([], { known })).toMatchObject({ seq: 1, problem: 'is missing: 7 entries were seen 1' });
  });

  it('has a checkpoint that does not hold', () => {
    const stranger = createNoteSigner(generateKeyPairSync('ed25519').privateKey);
    expect(verdict(log(RUN, stranger), { trusted: [key] })).toMatchObject({
      ok: false,
      seq: 4,
      problem: `is signed by a key that is not known: ${stranger.verifierKey}`,
    });
    // One fact changed long before, and every hash made anew: the notes are over other hashes.
    const changed = rechained(entries.with(5, { ...entries[5], rule: 'vip' } as AuditEntry));
    expect(verdict(changed)).toMatchObject({ ok: false, seq: 1_000 });
    expect(verdict(rechained(entries))).toMatchObject({ ok: true });
  });

  it('lacks a checkpoint where one belongs', () => {
    const first = log(RUN, signer);
    const unsigned = log([...RUN, 'run.started'], undefined, first.at(-1));
    expect(verdict([...first, ...unsigned])).toEqual({
      ok: false,
      seq: 8,
      problem: 'is not the checkpoint that follows the end of a run',
    });
    expect(verdict([...first, ...unsigned.slice(0, 3)])).toEqual({
      ok: false,
      seq: 8,
      problem: 'is missing: a checkpoint follows the end of a run',
    });
    const long = log(skips(1_000), undefined, first.at(-1));
    expect(verdict([...first, ...long])).toEqual({
      ok: false,
      seq: 1_000,
      problem: 'is not a checkpoint, and each 1000th entry has to be one',
    });
  });

  it('is signed by nobody where somebody has to', () => {
    expect(verdict(log(RUN), { trusted: [key], mustBeSigned: true })).toEqual({
      ok: false,
      seq: 4,
      problem: 'is missing: there is no checkpoint, so nothing is signed',
    });
  });
});
