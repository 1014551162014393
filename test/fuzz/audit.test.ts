import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AUDIT_EVENTS, GENESIS, type AuditEntry, type Fact } from '../../src/core/audit-entry.ts';
import { linkEntries } from '../../src/core/checkpoint.ts';
import { createNoteSigner } from '../../src/core/signed-note.ts';
import { verifyChain } from '../support/verify-chain.ts';
import { fuzz, tellCases } from './cases.ts';

tellCases('audit logs');

async function* stream(entries: readonly unknown[]): AsyncGenerator {
  for (const entry of entries) yield await Promise.resolve(entry);
}

const facts = fc.dictionary(
  fc.constantFrom('attempts', 'requested_at', 'control', 'reason', 'delete_status', '__proto__', 'ü'),
  fc.oneof(
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.dictionary(fc.constantFrom('status', 'at'), fc.oneof(fc.integer(), fc.string()), { maxKeys: 2 }),
  ) as fc.Arbitrary<Fact>,
  { maxKeys: 3 },
);

const signer = createNoteSigner(generateKeyPairSync('ed25519').privateKey);

/** A log as it is written, with the checkpoints after the ends of runs. */
const logs = fc
  .array(
    fc.record({
      event: fc.constantFrom(...AUDIT_EVENTS.filter((event) => event !== 'checkpoint')),
      rule: fc.constantFrom('old', 'vip', null),
      project_id: fc.constantFrom(1, 2, null),
      session_id: fc.constantFrom('session-1', 'session-2', null),
      facts,
      at: fc.nat({ max: 10_000 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((list) => {
    const entries: AuditEntry[] = [];
    for (const { at, ...own } of list) {
      const place = { head: entries.at(-1) ?? GENESIS, time: new Date(at).toISOString(), signer };
      const links = linkEntries([{ ...own, run_id: 'run-1', policy: 'p', policy_hash: 'ab' }], place);
      entries.push(...links.map(({ entry }) => entry));
    }
    return entries;
  });

const values = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, 1, 2, 'old', 'session-1', {}, []),
  fc.jsonValue({ maxDepth: 1 }),
);

type Change = (lines: readonly string[], entries: readonly AuditEntry[]) => readonly string[];

/** A change by somebody who knows what he wants, to one entry or to their order. */
const meant: fc.Arbitrary<Change> = fc
  .tuple(
    fc.nat(),
    fc.nat(),
    values,
    fc.constantFrom('set', 'drop', 'add', 'take out', 'twice', 'swap', 'cut', 'lie'),
  )
  .map(([where, which, value, how]): Change => (lines, entries) => {
    const at = where % lines.length;
    const entry = { ...entries[at] } as Record<string, unknown>;
    const key = Object.keys(entry)[which % Object.keys(entry).length] ?? 'seq';
    const line = lines[at] ?? '';
    const next = (at + 1) % lines.length;
    switch (how) {
      case 'set':
        return lines.with(at, JSON.stringify({ ...entry, [key]: value }));
      case 'drop':
        return lines.with(at, JSON.stringify({ ...entry, [key]: undefined }));
      case 'add':
        return lines.with(at, JSON.stringify({ ...entry, added: value }));
      case 'take out':
        return lines.toSpliced(at, 1);
      case 'twice':
        return lines.toSpliced(at, 0, line);
      case 'swap':
        return lines.with(at, lines[next] ?? '').with(next, line);
      case 'cut':
        return lines.slice(0, at);
      case 'lie':
        // The last value of a key is what most readers take; a person, and some readers, take the first.
        return lines.with(at, `{${JSON.stringify(key)}:${JSON.stringify(value)},${line.slice(1)}`);
    }
  });

/** A change by a bad disk, or an editor. */
const blind: fc.Arbitrary<Change> = fc
  .tuple(fc.nat(), fc.nat({ max: 3 }), fc.string({ unit: 'binary', maxLength: 3 }))
  .map(([where, cut, put]): Change => (lines) => {
    const text = lines.join('\n');
    const at = where % (text.length + 1);
    return (text.slice(0, at) + put + text.slice(at + cut)).split('\n');
  });

function meaningOf(lines: readonly string[]): unknown {
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** Whether a line has more keys than there are: one of them twice, so that two readers may read two things. */
function hasTwice(line: string): boolean {
  const keys = (text: string): number => text.match(/":/g)?.length ?? 0;
  return keys(line) > keys(JSON.stringify(JSON.parse(line)));
}

describe('the check of an exported log', () => {
  test('never throws, whatever the lines are', async () => {
    const anything = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.anything(),
      logs.map(([entry]) => entry),
    );
    await fuzz(
      fc.asyncProperty(fc.array(anything, { maxLength: 5 }), async (lines) => {
        const check = await verifyChain(stream(lines));
        if (!check.ok) expect(check.seq).toBeGreaterThan(0);
      }),
      500,
    );
  });

  test('is never satisfied with a log that one change has made to say something else', async () => {
    await fuzz(
      fc.asyncProperty(logs, fc.oneof({ weight: 3, arbitrary: meant }, blind), async (entries, change) => {
        const lines = entries.map((entry) => JSON.stringify(entry));
        const last = entries.at(-1);
        const head = { seq: last?.seq ?? 0, hash: last?.hash ?? '' };
        expect(await verifyChain(stream(lines), head)).toEqual({ ok: true, head });
        const changed = change(lines, entries);
        const check = await verifyChain(stream(changed), head);
        if (!check.ok) return;
        expect(meaningOf(changed)).toEqual(meaningOf(lines));
        expect(changed.filter(hasTwice)).toEqual([]);
      }),
      1500,
    );
  });
});
