import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/core/audit-entry.ts';
import { noteOf } from '../../src/core/checkpoint.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { createNoteSigner, parseVerifierKey } from '../../src/core/signed-note.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { openStateHome } from '../../src/state-home/state-home.ts';
import { openState } from '../support/state.ts';
import { collect, facts, manualClock } from './store-samples.ts';

const clock = manualClock();
const newKey = () => generateKeyPairSync('ed25519').privateKey;
const signer = createNoteSigner(newKey());

describe('checkpoints of a store', () => {
  let stateDir: string;
  const opened: Store[] = [];

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    rmSync(stateDir, { recursive: true });
  });

  async function open(onAppended?: (entries: readonly AuditEntry[]) => void): Promise<Store> {
    const told = onAppended === undefined ? {} : { onAppended };
    const store = await openState(stateDir, { clock, signer: () => signer, ...told });
    opened.push(store);
    return store;
  }
  const skips = (count: number) => Array.from({ length: count }, () => facts('deletion.skipped'));
  const checkpointsOf = async (store: Store) =>
    (await collect(store.audit.entries())).filter(({ event }) => event === 'checkpoint');
  const kept = () => readFileSync(join(stateDir, 'last-checkpoint'), 'utf8');

  it('come at each 1,000th entry, whoever writes and however much at once', async () => {
    const told: number[] = [];
    const [one, other] = [await open((entries) => told.push(...entries.map(({ seq }) => seq))), await open()];
    await one.audit.append(skips(700));
    await other.audit.append(skips(700));
    await Promise.all(Array.from({ length: 300 }, () => one.audit.append(skips(2))));
    await other.audit.append(skips(3_500));
    const checkpoints = await checkpointsOf(one);
    expect(checkpoints.map(({ seq }) => seq)).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
    expect(kept()).toBe(noteOf(checkpoints.at(-1)));
    expect(told).toContain(2_000);
    const key = parseVerifierKey(signer.verifierKey);
    const verdict = await verifyAudit({
      stored: { audit: one.audit, remembered: [], derivedDifferences: () => Promise.resolve([]) },
      known: [],
      trusted: key === undefined ? [] : [key],
    });
    expect(verdict).toMatchObject({ ok: true, log: { head: { seq: 5_505 }, checkpoints: 5 } });
  });

  it('are not among what a caller is told, but for the one that ends its run', async () => {
    const store = await open();
    await store.audit.append(skips(999));
    expect((await store.audit.append(skips(1))).map(({ seq }) => seq)).toEqual([1_001]);
    const ended = await store.audit.append([facts('run.completed', { run_id: 'run-7' })]);
    expect(ended.map(({ event, run_id: runId }) => [event, runId])).toEqual([
      ['run.completed', 'run-7'],
      ['checkpoint', 'run-7'],
    ]);
    expect(kept()).toBe(noteOf(ended.at(-1)));
    expect(readdirSync(stateDir).filter((name) => name.startsWith('last-'))).toEqual([
      'last-checkpoint',
      'last-head',
    ]);
  });

  it('count for nothing in the answers about runs', async () => {
    const store = await open();
    await store.audit.append([
      facts('run.started'),
      facts('deletion.intended'),
      facts('deletion.verified'),
      facts('run.completed'),
    ]);
    expect((await store.audit.outcomes('run-1')).counts).toMatchObject({ verified: 1, skipped: 0 });
    expect(await store.audit.openIntents()).toEqual([]);
    expect(await store.audit.intendedInRunsSince('support-chats', 0)).toBe(1);
  });

  it('are refused with the caller whose entries they would follow', async () => {
    const store = await open();
    const fence = { name: 'p', holder: 'h', token: 1 };
    await expect(store.audit.append([facts('run.completed')], fence)).rejects.toMatchObject({
      kind: 'lease_held',
    });
    expect((await store.audit.head()).seq).toBe(0);
  });

  it('stop what opens another log than the one that they sign', async () => {
    const store = await open();
    await store.audit.append([facts('run.completed')]);
    const note = signer.sign({ seq: 1, hash: 'ab'.repeat(32) });
    writeFileSync(join(stateDir, 'last-checkpoint'), note);
    await expect(open()).rejects.toMatchObject({
      kind: 'state_unusable',
      message: expect.stringMatching(
        /holds another log: 1 audit entry was signed in last-checkpoint, and its entry 1 is a different one/,
      ) as string,
    });
  });

  it('are signed by one key that is made once, also where two make it at a time', () => {
    expect(openStateHome(stateDir).signingKey()).toBeUndefined();
    const first = newKey();
    expect(openStateHome(stateDir).keepSigningKey(first).equals(first)).toBe(true);
    expect(openStateHome(stateDir).keepSigningKey(newKey()).equals(first)).toBe(true);
    expect(readdirSync(stateDir)).toEqual(['signing-key.pem']);
  });
});
