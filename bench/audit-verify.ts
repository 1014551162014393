import { generateKeyPairSync, hash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GENESIS } from '../src/core/audit-entry.ts';
import type { AuditFacts, AuditHead } from '../src/core/audit-entry.ts';
import { linkEntries } from '../src/core/checkpoint.ts';
import { createNoteSigner } from '../src/core/signed-note.ts';

interface VerifyPace {
  /** The built command over the exported log, from its start to its end, on one core. */
  readonly verifySeconds: number;
  /** Reading the same lines, parsing each and hashing it as it stands: what nobody who checks a chain can leave out. */
  readonly bareSeconds: number;
}

/** Checks an exported log of this many entries, intents and verified deletions by turns, with signed checkpoints. */
export async function verifyPace(entries: number): Promise<VerifyPace> {
  const folder = mkdtempSync(join(tmpdir(), 'retention-bench-'));
  const file = join(folder, 'audit.jsonl');
  try {
    writeLog(file, entries);
    const bareSeconds = await timed(() => bareHashes(file, entries));
    const verifySeconds = await timed(() => {
      verify(file, folder);
    });
    return { verifySeconds, bareSeconds };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function timed(work: () => Promise<void> | void): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

async function bareHashes(file: string, atLeast: number): Promise<void> {
  let digests = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    JSON.parse(line);
    if (hash('sha256', line).length === 64) digests += 1;
  }
  if (digests < atLeast) throw new Error(`${digests} lines were hashed`);
}

function verify(file: string, folder: string): void {
  const command = [process.execPath, 'dist/main.js', 'audit', 'verify', file, '--state-dir', folder];
  // One core, its garbage collector included, where the system has a word for it.
  const [program = '', ...args] = process.platform === 'linux' ? ['taskset', '-c', '0', ...command] : command;
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`audit verify ended with ${String(status)}: ${stderr}`);
}

function writeLog(path: string, count: number): void {
  const signer = createNoteSigner(generateKeyPairSync('ed25519').privateKey);
  const file = openSync(path, 'w');
  let head: AuditHead = GENESIS;
  for (let index = 0; head.seq < count; index += 500) {
    const facts = Array.from({ length: 500 }, (_, offset) => pair(index + offset)).flat();
    const links = linkEntries(facts, { head, time: '2026-11-23T03:56:07.905Z', signer });
    writeSync(file, links.map(({ entry }) => `${JSON.stringify(entry)}\n`).join(''));
    head = links.at(-1)?.entry ?? head;
  }
  closeSync(file);
}

/** What one deletion leaves in the log. */
function pair(index: number): readonly AuditFacts[] {
  const common = {
    run_id: 'run-deaa4qmeliet',
    policy: 'test-sessions',
    policy_hash: '03bc3c3da33b964f0c99119c224c33986f4eb8ff00da3627be61f577edc669e2',
    rule: 'test-and-demo',
    project_id: 12306,
    session_id: `9fc085fb-5dd6-42f6-8d90-${String(index).padStart(12, '0')}`,
  };
  const seen = { seen_at: '2026-11-23T03:56:07.665Z', seen_by: 'listing' };
  const verified = {
    attempts: 1,
    requested_at: '2026-11-23T03:56:07.899Z',
    delete_status: 200,
    verify_status: 404,
    ...seen,
    verified_at: '2026-11-23T03:56:07.903Z',
    control: {
      request: 'GET /api/v1/projects/12306/conversations?page=1&orderBy=created_at&order=asc',
      status: 200,
      at: '2026-11-23T03:56:07.904Z',
    },
  };
  return [
    { ...common, event: 'deletion.intended', facts: { attempt: 1, ...seen, plan_id: 'plan-9kf632x29kpy' } },
    { ...common, event: 'deletion.verified', facts: verified },
  ];
}
