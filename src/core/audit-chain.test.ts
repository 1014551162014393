import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { chainEntry, checkEntry, hasItsHash } from './audit-chain.ts';
import { GENESIS } from './audit-entry.ts';
import type { AuditEntry, AuditFacts, Fact } from './audit-entry.ts';
import { verifyChain } from '../../test/support/verify-chain.ts';

const TIME = '2026-11-23T03:30:00.123Z';

function facts(own: AuditFacts['facts'] = {}, change: Partial<AuditFacts> = {}): AuditFacts {
  return {
    event: 'deletion.verified',
    run_id: 'run-1',
    policy: 'support-chats',
    policy_hash: 'ab'.repeat(32),
    rule: 'idle',
    project_id: 42,
    session_id: 'session-0001',
    facts: own,
    ...change,
  };
}

function chain(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let index = 0; index < length; index++) {
    entries.push(chainEntry(facts({ attempts: index }), { head: entries.at(-1) ?? GENESIS, time: TIME }));
  }
  return entries;
}

function at(entries: readonly AuditEntry[], index: number): AuditEntry {
  const entry = entries[index];
  if (entry === undefined) throw new Error(`no entry at ${index}`);
  return entry;
}

async function* stream(entries: readonly unknown[]): AsyncGenerator {
  for (const entry of entries) yield await Promise.resolve(entry);
}

/** As a script in another language would do it: sorted keys, no spaces. Enough for flat ASCII entries. */
function hashByHand(entry: AuditEntry): string {
  const keys = Object.keys(entry)
    .filter((key) => key !== 'hash')
    .sort();
  const text = keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(entry[key])}`).join(',');
  return createHash('sha256').update(`{${text}}`).digest('hex');
}

describe('chainEntry', () => {
  it('lays the keys in the order of the contract and hashes the canonical form without the hash', () => {
    const entry = chainEntry(facts({ delete_status: 200, attempts: 2 }), { head: GENESIS, time: TIME });
    expect(Object.keys(entry)).toEqual([
      'seq',
      'time',
      'event',
      'run_id',
      'policy',
      'policy_hash',
      'rule',
      'project_id',
      'session_id',
      'delete_status',
      'attempts',
      'prev',
      'hash',
    ]);
    expect(entry).toMatchObject({ seq: 1, time: TIME, prev: '0'.repeat(64) });
    expect(entry.hash).toBe(hashByHand(entry));
  });

  it('names the hash of the entry before it', () => {
    const [first, second] = chain(2);
    expect(second).toMatchObject({ seq: 2, prev: first?.hash });
  });

  it.each(['seq', 'time', 'event', 'rule', 'project_id', 'session_id', 'prev', 'hash'])(
    'refuses a fact called %s',
    (key) => {
      expect(() => chainEntry(facts({ [key]: 'x' }), { head: GENESIS, time: TIME })).toThrow(/common key/);
    },
  );

  it('refuses what has no canonical form', () => {
    expect(() => chainEntry(facts({ broken: '\ud800' }), { head: GENESIS, time: TIME })).toThrow();
    expect(() => chainEntry(facts({ broken: Number.NaN }), { head: GENESIS, time: TIME })).toThrow();
  });

  it('makes entries that still hold after they were written as JSON and read again', async () => {
    const fact = fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<Fact>;
    const own = fc.dictionary(fc.string({ unit: 'grapheme' }), fact, { maxKeys: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(own, { maxLength: 5 }), async (list) => {
        const entries: AuditEntry[] = [];
        for (const one of list) {
          try {
            entries.push(chainEntry(facts(one), { head: entries.at(-1) ?? GENESIS, time: TIME }));
          } catch {
            // A key of ours, or a text without a canonical form: refused, and so never in a log.
          }
        }
        const check = await verifyChain(stream(entries.map((entry) => JSON.stringify(entry))));
        expect(check).toEqual({ ok: true, head: headOf(entries) });
      }),
    );
  });
});

function headOf(entries: readonly AuditEntry[]) {
  const last = entries.at(-1);
  return last === undefined ? GENESIS : { seq: last.seq, hash: last.hash };
}

describe('checkEntry', () => {
  it('gives the next head', () => {
    const [entry] = chain(1);
    expect(checkEntry(entry, GENESIS)).toEqual({ ok: true, head: { seq: 1, hash: entry?.hash } });
  });

  it.each([
    ['null', null],
    ['an array', []],
    ['a number', 7],
    ['nothing at all', {}],
  ])('cannot read %s', (_what, entry) => {
    expect(checkEntry(entry, GENESIS)).toEqual({ ok: false, seq: 1, problem: 'is not readable' });
  });

  it.each([
    ['a sequence number as text', { seq: '1' }],
    ['a project as text', { project_id: '42' }],
    ['another time', { time: '23 November' }],
    ['a time with more before it', { time: `1${TIME}` }],
    ['a time with more after it', { time: `${TIME} ` }],
    ['an event that is no text', { event: 7 }],
    ['no hash of the entry before it', { prev: null }],
    ['no hash', { hash: undefined }],
    ['a missing rule', { rule: undefined }],
  ])('cannot read %s', (_what, change) => {
    const entry = { ...at(chain(1), 0), ...change };
    expect(checkEntry(entry, GENESIS)).toEqual({ ok: false, seq: 1, problem: 'is not readable' });
  });

  it('reads entries that belong to no project', () => {
    const entry = chainEntry(facts({}, { project_id: null, session_id: null }), {
      head: GENESIS,
      time: TIME,
    });
    expect(checkEntry(entry, GENESIS).ok).toBe(true);
  });

  it('finds an event that no version of the log knows, even under a right hash', () => {
    const entry = chainEntry(facts({}, { event: 'deletion.forgotten' as never }), {
      head: GENESIS,
      time: TIME,
    });
    expect(checkEntry(entry, GENESIS)).toMatchObject({ ok: false, problem: 'has an unknown event' });
  });

  it('takes what cannot be hashed for a wrong hash', () => {
    expect(checkEntry({ ...at(chain(1), 0), extra: '\udfff' }, GENESIS)).toMatchObject({
      ok: false,
      problem: 'does not match its hash',
    });
  });
});

describe('a whole chain', () => {
  let entries: readonly AuditEntry[];
  beforeEach(() => {
    entries = chain(6);
  });

  it('accepts a sound chain, as objects and as lines, and the empty one', async () => {
    const ok = { ok: true, head: headOf(entries) };
    expect(await verifyChain(stream(entries))).toEqual(ok);
    expect(await verifyChain(stream(entries.map((entry) => JSON.stringify(entry))))).toEqual(ok);
    expect(await verifyChain(stream([]))).toEqual({ ok: true, head: GENESIS });
  });

  it('lets time go backwards', async () => {
    const first = chainEntry(facts(), { head: GENESIS, time: TIME });
    const second = chainEntry(facts(), { head: first, time: '2025-01-01T00:00:00.000Z' });
    expect((await verifyChain(stream([first, second]))).ok).toBe(true);
  });

  it('names the first entry whose content was changed', async () => {
    const changed = entries.with(3, { ...at(entries, 3), rule: 'vip' });
    expect(await verifyChain(stream(changed))).toEqual({
      ok: false,
      seq: 4,
      problem: 'does not match its hash',
    });
  });

  it('names the place of a missing, repeated, moved or foreign entry', async () => {
    const [one, two, three, four] = entries;
    expect(await verifyChain(stream([one, three, four]))).toMatchObject({
      seq: 2,
      problem: 'is not there: entry 3 stands in its place',
    });
    expect(await verifyChain(stream([one, two, two]))).toMatchObject({ ok: false, seq: 3 });
    expect(await verifyChain(stream([one, three, two]))).toMatchObject({ ok: false, seq: 2 });
    expect(await verifyChain(stream(entries.slice(1)))).toMatchObject({ ok: false, seq: 1 });
    const foreign = chainEntry(facts(), { head: { seq: 1, hash: 'f'.repeat(64) }, time: TIME });
    expect(await verifyChain(stream([one, foreign]))).toMatchObject({
      seq: 2,
      problem: 'does not name the hash of the entry before it',
    });
  });

  it('names a line that is not JSON', async () => {
    const lines = entries.map((entry) => JSON.stringify(entry)).with(2, '{"seq":3,');
    expect(await verifyChain(stream(lines))).toEqual({ ok: false, seq: 3, problem: 'is not readable' });
  });

  it('does not read a line that says one thing first and another thing last', async () => {
    const lines = entries.map((entry) => JSON.stringify(entry));
    const lying = lines.with(2, `{"session_id":"session-9999",${lines[2]?.slice(1) ?? ''}`);
    expect(await verifyChain(stream(lying))).toEqual({ ok: false, seq: 3, problem: 'is not readable' });
  });

  it('finds a tail that was cut off, or written anew, by a head that was seen before', async () => {
    const known = headOf(entries);
    expect(await verifyChain(stream(entries), known)).toMatchObject({ ok: true });
    expect(await verifyChain(stream(entries), headOf(entries.slice(0, 3)))).toMatchObject({ ok: true });
    expect(await verifyChain(stream(entries.slice(0, 4)), known)).toEqual({
      ok: false,
      seq: 5,
      problem: 'is missing: 6 entries were recorded',
    });
    const rewritten = chainEntry(facts({ attempts: 99 }), { head: headOf(entries.slice(0, 5)), time: TIME });
    expect(await verifyChain(stream([...entries.slice(0, 5), rewritten]), known)).toEqual({
      ok: false,
      seq: 6,
      problem: 'is not the one that was recorded',
    });
  });

  it('notices any single bit of an exported log', async () => {
    const lines = entries.map((entry) => JSON.stringify(entry)).join('\n');
    const bytes = Buffer.from(lines);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (index, bit) => {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(index) ^ (1 << bit), index);
        const check = await verifyChain(stream(flipped.toString().split('\n')), headOf(entries));
        expect(check.ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an entry that is read by itself', () => {
  it('is what its hash says, or was changed', () => {
    const entry = at(chain(2), 1);
    expect(hasItsHash(entry)).toBe(true);
    expect(hasItsHash({ ...entry, event: 'deletion.failed' })).toBe(false);
    expect(hasItsHash({ ...entry, rule: '\ud800' })).toBe(false);
  });
});
