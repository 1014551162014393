import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect } from 'vitest';
import { chainEntry } from '../../src/core/audit-chain.ts';
import { GENESIS } from '../../src/core/audit-entry.ts';
import type { AuditEntry, AuditHead } from '../../src/core/audit-entry.ts';
import { createNoteSigner } from '../../src/core/signed-note.ts';
import {
  addConversations,
  auditLines,
  documentOf,
  jsonLines,
  onlyRun,
  type Terminal,
} from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest } from '../support/terminal-test.ts';

const PYTHON = fileURLToPath(new URL('../../docs/verify_audit.py', import.meta.url));

/** One run with three deletions: entries 1 to 9, and the checkpoint over them. */
const test = terminalTest.extend<{ stderr: string }>({
  stderr: [
    async ({ terminal }, use) => {
      addConversations(terminal.sandbox, 101, { old: 3, young: 2 });
      terminal.policy(AGE_POLICY);
      const ended = await terminal.run(['run']);
      expect(ended.code).toBe(0);
      await use(ended.stderr);
    },
    { auto: true },
  ],
});

interface Verdict {
  readonly ok: boolean;
  readonly seq?: number;
  readonly problem?: string;
  readonly verifier_keys: readonly string[];
  readonly [key: string]: unknown;
}

async function verify(
  terminal: Terminal,
  ...args: string[]
): Promise<Verdict & { readonly code: number | undefined }> {
  const ended = await terminal.run(['audit', 'verify', ...args, '--json']);
  return { code: ended.code, ...(documentOf(ended) as Verdict) };
}

function inFolder({ folder }: Terminal, name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

async function exported(terminal: Terminal, name = 'audit.jsonl'): Promise<string> {
  const { stdout } = await terminal.run(['audit', 'export']);
  inFolder(terminal, name, stdout);
  return stdout;
}

function python({ folder }: Terminal, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync('python3', ['-O', PYTHON, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, said: `${stdout}${stderr}`.trim() };
}

function tamper({ stateDir }: Terminal, sql: string): void {
  const database = new Database(join(stateDir, 'retention.db'));
  const triggers = database.prepare(`SELECT name FROM sqlite_master WHERE type = 'trigger'`).pluck().all();
  for (const name of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
  database.exec(sql);
  database.close();
}

function clearAway({ stateDir }: Terminal): void {
  rmSync(stateDir, { recursive: true, force: true });
}

/** Every hash made anew, and every note by another key: what somebody can make who has everything but the key. */
function forged(entries: readonly AuditEntry[], signer: ReturnType<typeof createNoteSigner>): string {
  let head: AuditHead = GENESIS;
  const again = entries.map((entry) => {
    const { time, event, run_id, policy, policy_hash, rule, project_id, session_id, ...rest } = entry;
    const common = { run_id, policy, policy_hash, rule, project_id, session_id };
    const own = Object.fromEntries(
      Object.entries(rest).filter(([key]) => !['seq', 'prev', 'hash'].includes(key)),
    );
    const facts = event === 'checkpoint' ? { ...own, note: signer.sign(head) } : own;
    const made = chainEntry({ event, ...common, facts }, { head, time });
    head = made;
    return made;
  });
  return again.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

const CUT = `DELETE FROM audit_entries WHERE seq >= 7;
  UPDATE audit_head SET seq = 6, hash = (SELECT hash FROM audit_entries WHERE seq = 6)`;

/** What repeats the log, made to fit it once more. */
const FITTED = `UPDATE runs SET status = 'running';
  INSERT INTO open_intents (policy, project_id, session_id, run_id, seq, account)
    SELECT policy, project_id, session_id, run_id, seq, COALESCE(json_extract(facts, '$.account'), '')
    FROM (SELECT *, MAX(seq) FROM audit_entries WHERE event <> 'deletion.absent'
      GROUP BY session_id)
    WHERE event = 'deletion.intended'`;

describe.concurrent('a checkpoint', () => {
  test('ends each run: in the log, among the log lines, and beside the database', async ({
    terminal,
    stderr,
  }) => {
    const last = auditLines({ stderr }).at(-1);
    expect(last).toMatchObject({ event: 'checkpoint', seq: 14, policy: 'by-age' });
    expect((await terminal.entries()).at(-1)).toEqual(last);
    expect(readFileSync(join(terminal.stateDir, 'last-checkpoint'), 'utf8')).toBe(last?.['note']);
    const verdict = await verify(terminal);
    expect(verdict).toMatchObject({
      code: 0,
      checkpoints: 1,
      last_checkpoint: 14,
      keys_from: 'state',
      compared: null,
    });
    expect(verdict.verifier_keys).toEqual([last?.['verifier_key']]);
    // The public half was printed when the key was made, once; the private half never.
    const said = jsonLines(stderr).filter((line) => line['verifier_key'] !== undefined);
    expect(said).toMatchObject([{ verifier_key: last?.['verifier_key'] }]);
    const key = join(terminal.stateDir, 'signing-key.pem');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const secret = readFileSync(key, 'utf8').split('\n')[1] ?? 'none';
    expect(stderr + JSON.stringify(await terminal.entries())).not.toContain(secret);
    const again = await terminal.run(['run', '--json']);
    expect(again.stderr).not.toMatch(/made a key|new state/);
    expect(onlyRun(again).audit_head).toBe((await terminal.entries()).at(-1)?.hash);

    // A key that is lost is not a first start.
    rmSync(key);
    const anew = await terminal.run(['run']);
    expect(anew.stderr).toContain('the key that signed checkpoints so far is not here');
    expect(anew.stderr).not.toMatch(/made a key|new state/);
    const unknown = await terminal.run(['audit', 'verify']);
    expectPlainWords(unknown, /entry 14: it is signed by a key that is not known/);
    clearAway(terminal);
  });

  test('is signed by the key that the user supplies, and by no other', async ({ terminal }) => {
    clearAway(terminal);
    const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }).toString();
    const keys = ['one', 'two'].map((name) => {
      const { privateKey } = generateKeyPairSync('ed25519');
      const env = { RETENTION_SIGNING_KEY_FILE: inFolder(terminal, `${name}.pem`, pem(privateKey)) };
      return { env, verifier: createNoteSigner(privateKey).verifierKey };
    });
    const [one, two] = keys;
    if (one === undefined || two === undefined) throw new Error('no keys');
    const first = await terminal.run(['run'], one.env);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain('new state: the audit log starts at entry 1');
    expect(existsSync(join(terminal.stateDir, 'signing-key.pem'))).toBe(false);
    expect((await terminal.run(['audit', 'verify'], one.env)).stdout).toContain(`Key: ${one.verifier}`);
    expect(await verify(terminal)).toMatchObject({ code: 0, keys_from: 'log' });
    expect((await terminal.run(['run'], two.env)).code).toBe(0);
    const changed = await terminal.run(['audit', 'verify'], two.env);
    expect(changed.code).toBe(6);
    expectPlainWords(changed, `broken at entry 4: it is signed by a key that is not known: ${one.verifier}`);
    expect(changed.stderr).toContain('--key');
    const both = await verify(terminal, '--key', one.verifier, '--key', two.verifier);
    expect(both).toMatchObject({ code: 0, keys_from: 'given', verifier_keys: [one.verifier, two.verifier] });

    const refused = await terminal.run(['run'], { RETENTION_SIGNING_KEY_FILE: 'policies/policy.yaml' });
    expect(refused.code).toBe(2);
    expectPlainWords(refused, /RETENTION_SIGNING_KEY_FILE names .* no private key .*openssl genpkey/);
    expect((await terminal.run(['audit', 'verify', '--key', 'no-key'])).code).toBe(2);
  });
});

describe.concurrent('an exported log', () => {
  test('is the beginning of what the store holds', async ({ terminal }) => {
    await exported(terminal);
    expect((await terminal.run(['run'])).code).toBe(0);
    const same = await terminal.run(['audit', 'verify', 'audit.jsonl']);
    expect(same).toMatchObject({ code: 0, stderr: '' });
    expect(same.stdout).toContain('The store in ./state holds the same entries, and 3 more.');
    expect(await verify(terminal, 'audit.jsonl')).toMatchObject({ compared: { entries: 17 } });
  });

  test('of one run is a part, also where that run was the first', async ({ terminal }) => {
    const [first] = await terminal.entries('run.started');
    const { stdout } = await terminal.run(['audit', 'export', '--run', first?.run_id ?? '']);
    writeFileSync(join(terminal.folder, 'part.jsonl'), stdout);
    const verified = await terminal.run(['audit', 'verify', 'part.jsonl']);
    expect(verified.code).toBe(2);
    expect(verified.stderr).toContain('only a part of a log');
  });

  test('is checked by the Python script, too: chain, end, and signatures', async ({ terminal }) => {
    const text = await exported(terminal);
    const entries = jsonLines(text) as unknown as AuditEntry[];
    const [key = ''] = (await verify(terminal)).verifier_keys;
    const last = entries.at(-1)?.hash ?? '';
    const lines = text.trimEnd().split('\n');
    const check = (content: readonly string[] | string, ...args: string[]) => {
      const joined = typeof content === 'string' ? content : `${content.join('\n')}\n`;
      return python(terminal, inFolder(terminal, 'altered.jsonl', joined), ...args);
    };
    expect(python(terminal, 'audit.jsonl', key, last)).toEqual({
      code: 0,
      said: `14 entries, the chain is whole; signed to entry 14; last hash ${last}`,
    });
    expect(python(terminal, 'audit.jsonl')).toMatchObject({
      code: 0,
      said: expect.stringContaining('not checked') as string,
    });
    const other = createNoteSigner(generateKeyPairSync('ed25519').privateKey);
    const bit = text.replace('"attempts":1', '"attempts":0');
    const at = text.slice(0, text.indexOf('"attempts":1')).split('\n').length;
    // Of no entries nothing is shown.
    expect(check('')).toEqual({ code: 1, said: 'entry 0: there is none' });
    const stolen = forged(entries, other);
    const claimed = stolen.replaceAll(key, other.verifierKey);
    for (const [what, content, seq, args] of [
      ['a bit', bit, at, [key]],
      ['an entry', lines.toSpliced(3, 1), 4, [key]],
      ['the order', lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''), 3, [key]],
      ['the end', lines.slice(0, 6), 6, [last]],
      ['every checkpoint', lines.slice(0, 6), 6, [key]],
      ['another key', text, 14, [other.verifierKey]],
      ['a forged note', stolen, 14, [key]],
      ['no JSON', ['{', ...lines.slice(1)], 1, [key]],
    ] as const) {
      expect({ what, ...check(content, ...args) }).toMatchObject({
        what,
        code: 1,
        said: expect.stringMatching(new RegExp(`^entry ${seq}: .+`)) as string,
      });
      const ours = await verify(
        terminal,
        'altered.jsonl',
        '--state-dir',
        'none',
        ...(args[0] === last ? [] : ['--key', args[0]]),
      );
      // What was cut off needs to be known from elsewhere; ours takes a checkpoint for that.
      if (what === 'the end') expect(ours).toMatchObject({ code: 0 });
      else
        expect({ what, ...ours }).toMatchObject({
          what,
          code: 6,
          seq: what === 'every checkpoint' ? 7 : seq,
        });
    }
    // Under its forger's own key a forged log is consistent: that is why the key is kept elsewhere.
    expect(check(claimed, other.verifierKey).code).toBe(1);
    expect(check(forged(jsonLines(claimed) as unknown as AuditEntry[], other), other.verifierKey).code).toBe(
      0,
    );
  });
});

describe.concurrent('noticed is', () => {
  test('a tail that was cut off together with its record, by the checkpoint beside the database', async ({
    terminal,
  }) => {
    await exported(terminal);
    const kept = inFolder(terminal, 'kept', readFileSync(join(terminal.stateDir, 'last-checkpoint'), 'utf8'));
    tamper(terminal, CUT);
    expect(await verify(terminal)).toMatchObject({
      code: 6,
      seq: 7,
      problem: expect.stringMatching(/14 entries were noted in .*last-head/) as string,
    });
    for (const command of [['run'], ['plan'], ['runs'], ['hold', 'list']]) {
      const refused = await terminal.run(command);
      expect(refused.code).toBe(6);
      expectPlainWords(refused, /is an older copy: 13 audit entries were signed in last-checkpoint/);
    }

    rmSync(join(terminal.stateDir, 'last-checkpoint'));
    const noted = await terminal.run(['run']);
    expect(noted.code).toBe(6);
    expectPlainWords(noted, /is an older copy: 14 audit entries were noted in last-head/);

    // Whoever removes that, too, leaves what is kept elsewhere.
    rmSync(join(terminal.stateDir, 'last-head'));
    expect(await verify(terminal)).toMatchObject({
      code: 6,
      seq: null,
      differs: [{ table: 'open_intents' }, { table: 'runs' }],
    });
    tamper(terminal, FITTED);
    expect(await verify(terminal)).toMatchObject({ code: 0, entries: 6, checkpoints: 0 });
    expect(await verify(terminal, '--checkpoint', kept)).toMatchObject({ code: 6, seq: 7 });
    const lost = await terminal.run(['audit', 'verify', 'audit.jsonl']);
    expect(lost.code).toBe(6);
    expectPlainWords(
      lost,
      /the audit log in \.\/state is broken at entry 7: it is lost: the file goes on to entry 14/,
    );
    clearAway(terminal);
  });

  test('an older copy of the database, and a database that is gone', async ({ terminal, stderr }) => {
    const file = join(terminal.stateDir, 'retention.db');
    const older = join(terminal.folder, 'older.db');
    copyFileSync(file, older);
    const second = await terminal.run(['run']);
    expect(second.code).toBe(0);
    const log = inFolder(
      terminal,
      'worker.log',
      `worker-1  | ${second.stderr.trimEnd().replaceAll('\n', '\nworker-1  | ')}`,
    );
    copyFileSync(older, file);
    const restored = await terminal.run(['run']);
    expect(restored.code).toBe(6);
    expectPlainWords(restored, /older copy/);
    for (const name of ['last-checkpoint', 'last-head']) rmSync(join(terminal.stateDir, name));
    expect(await verify(terminal, '--checkpoint', log)).toMatchObject({
      code: 6,
      seq: 15,
      problem: 'is missing: 16 entries were signed in worker.log',
    });
    // The log lines of the first run are borne out.
    expect(await verify(terminal, '--checkpoint', inFolder(terminal, 'first.log', stderr))).toMatchObject({
      code: 0,
    });
    for (const [name, content] of [
      ['empty', ''],
      ['other.log', '{"note":1}\n{}\n'],
    ] as const) {
      const refused = await terminal.run([
        'audit',
        'verify',
        '--checkpoint',
        inFolder(terminal, name, content),
      ]);
      expect(refused.code).toBe(2);
      expectPlainWords(refused, /holds no checkpoint/);
    }
    expect((await terminal.run(['run'])).code).toBe(0);

    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
    for (const command of [['run'], ['audit', 'verify']]) {
      const gone = await terminal.run(command);
      expect(gone.code).toBe(6);
      expectPlainWords(gone, /retention\.db is gone, but 17 audit entries were noted in last-head/);
    }
    expect(existsSync(file)).toBe(false);
    clearAway(terminal);
  });

  test('a history that was written anew, by an export and by a checkpoint', async ({ terminal }) => {
    await exported(terminal);
    const kept = inFolder(terminal, 'kept', readFileSync(join(terminal.stateDir, 'last-checkpoint'), 'utf8'));
    clearAway(terminal);
    const anew = await terminal.run(['run']);
    expect(anew.code).toBe(0);
    expect(anew.stderr).toContain('new state: the audit log starts at entry 1');
    const [key = ''] = (await verify(terminal, 'audit.jsonl', '--state-dir', 'none')).verifier_keys;
    expect(await verify(terminal, 'audit.jsonl', '--key', key)).toMatchObject({ code: 6, seq: 4 });
    expect(await verify(terminal, '--checkpoint', kept, '--key', key)).toMatchObject({ code: 6 });
    const [own = ''] = (await verify(terminal)).verifier_keys;
    const differs = await verify(terminal, 'audit.jsonl', '--key', key, '--key', own);
    expect(differs).toMatchObject({ code: 6, seq: 1, problem: 'is not the one in the file', log: './state' });
    const stranger = await terminal.run(['audit', 'verify', '--checkpoint', kept]);
    expect(stranger.code).toBe(2);
    expectPlainWords(stranger, /no known key has signed/);
  });

  test('a damaged checkpoint or key beside the database', async ({ terminal }) => {
    const note = join(terminal.stateDir, 'last-checkpoint');
    const before = readFileSync(note, 'utf8');
    writeFileSync(note, 'nothing');
    const refused = await terminal.run(['run']);
    expect(refused.code).toBe(6);
    expectPlainWords(refused, /last-checkpoint is damaged/);
    // What it advises must be possible: the log is checked all the same.
    const verified = await terminal.run(['audit', 'verify']);
    expect(verified).toMatchObject({ code: 6, stdout: expect.stringContaining('every hash fits') as string });
    expectPlainWords(verified, /last-checkpoint is damaged/);
    expect(await verify(terminal)).toMatchObject({ code: 6, seq: null });
    const exportedAll = await terminal.run(['audit', 'export']);
    expect(exportedAll).toMatchObject({ code: 0, stderr: expect.stringContaining('is damaged') as string });
    writeFileSync(note, before);
    writeFileSync(join(terminal.stateDir, 'signing-key.pem'), 'nothing');
    const keyless = await terminal.run(['run']);
    expect(keyless.code).toBe(6);
    expectPlainWords(keyless, /signing-key\.pem is damaged/);
    clearAway(terminal);
  });
});
