import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'signing-key-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(content: string): string {
  const path = join(folder, 'key.pem');
  writeFileSync(path, content);
  return path;
}
const read = (path: string) => readSettings({ RETENTION_SIGNING_KEY_FILE: path });
const ed25519 = generateKeyPairSync('ed25519');
const pkcs8 = { format: 'pem', type: 'pkcs8' } as const;

describe('RETENTION_SIGNING_KEY_FILE', () => {
  it('names an Ed25519 key as openssl genpkey writes it', () => {
    const result = read(file(ed25519.privateKey.export(pkcs8).toString()));
    if (!result.ok) throw new Error(result.problems.join());
    expect(result.settings.signingKey?.equals(ed25519.privateKey)).toBe(true);
    // Settings that end up in a log or a dump give nothing away.
    expect(JSON.stringify(result.settings)).not.toMatch(/PRIVATE|MC4/);
  });

  it.each([
    ['a public key', ed25519.publicKey.export({ format: 'pem', type: 'spki' }).toString(), 'no private key'],
    ['something else', 'secret-text', 'no private key'],
    ['an empty file', '', 'no private key'],
    [
      'an encrypted key',
      ed25519.privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
      'no private key',
    ],
    [
      'another kind of key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pkcs8).toString(),
      'another kind than Ed25519',
    ],
    ['an X25519 key', generateKeyPairSync('x25519').privateKey.export(pkcs8).toString(), 'another kind'],
  ])('is refused with %s, saying how to make one', (_what, content, words) => {
    const result = read(file(content));
    if (result.ok) throw new Error('accepted');
    expect(result.problems).toHaveLength(1);
    expect(result.problems[0]).toMatch(
      /^RETENTION_SIGNING_KEY_FILE names .*openssl genpkey -algorithm ed25519/,
    );
    expect(result.problems[0]).toContain(words);
    expect(result.problems[0]).not.toContain('secret-text');
  });

  it('is refused when it names nothing that can be read, or is empty', () => {
    expect(read(join(folder, 'none.pem'))).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('cannot be read (ENOENT)')],
    });
    expect(read(folder)).toMatchObject({ ok: false, problems: [expect.stringContaining('EISDIR')] });
    expect(read('')).toMatchObject({
      ok: false,
      problems: ['RETENTION_SIGNING_KEY_FILE is empty: set it or remove it'],
    });
  });
});
