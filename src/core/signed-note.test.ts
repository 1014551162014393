import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createNoteSigner, isSignedBy, parseVerifierKey, readNote } from './signed-note.ts';
import type { VerifierKey } from './signed-note.ts';

/** RFC 8032, section 7.1, test 1. */
const SECRET = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const privateKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${SECRET}`, 'hex'),
  format: 'der',
  type: 'pkcs8',
});
const signer = createNoteSigner(privateKey);
const HEAD = { seq: 1999, hash: 'ab'.repeat(32) };
const note = signer.sign(HEAD);

function keyOf(text: string): VerifierKey {
  const key = parseVerifierKey(text);
  if (key === undefined) throw new Error('no key');
  return key;
}

describe('a signed note', () => {
  it('has the form of C2SP: text, empty line, signature line over the text', () => {
    const [text, signature] = note.split('\n\n');
    expect(text).toBe(`customgpt-retention\n1999\n${Buffer.from(HEAD.hash, 'hex').toString('base64')}`);
    const [dash, name, base64 = ''] = signature?.trimEnd().split(' ') ?? [];
    expect([dash, name]).toEqual(['—', 'customgpt-retention']);
    const bytes = Buffer.from(base64, 'base64');
    const id = createHash('sha256')
      .update(Buffer.concat([Buffer.from('customgpt-retention\n\u0001'), Buffer.from(PUBLIC, 'hex')]))
      .digest()
      .subarray(0, 4);
    expect(bytes.subarray(0, 4).equals(id)).toBe(true);
    const signed = Buffer.from(`${text ?? ''}\n`);
    expect(verify(null, signed, createPublicKey(privateKey), bytes.subarray(4))).toBe(true);
    const raw = Buffer.from(`01${PUBLIC}`, 'hex').toString('base64');
    expect(signer.verifierKey).toBe(`customgpt-retention+${id.toString('hex')}+${raw}`);
  });

  it('says what it was made of, and by whom', () => {
    expect(readNote(note)).toEqual(HEAD);
    expect(isSignedBy(note, keyOf(signer.verifierKey))).toBe(true);
    const other = createNoteSigner(generateKeyPairSync('ed25519').privateKey);
    expect(isSignedBy(note, keyOf(other.verifierKey))).toBe(false);
    // With somebody else's signature, of another kind and another length, beside it.
    const cosigned = `${note}— witness.example ${Buffer.alloc(76, 7).toString('base64')}\n`;
    expect(readNote(cosigned)).toEqual(HEAD);
    expect(isSignedBy(cosigned, keyOf(signer.verifierKey))).toBe(true);
    expect(isSignedBy(cosigned.replace('1999', '1998'), keyOf(signer.verifierKey))).toBe(false);
  });

  it.each([
    ['an empty one', ''],
    ['no signature', note.split('\n\n')[0] ?? ''],
    ['no end of line', note.trimEnd()],
    ['a line that is no signature', `${note}PS\n`],
    ['a signature that is no base64', `${note}— x ***\n`],
    ['another origin', note.replace('customgpt-retention\n', 'example.com/log\n')],
    ['a number that is none', note.replace('1999', '01999')],
    ['another line', note.replace('1999\n', '1999\nx\n')],
    [
      'a hash of another length',
      note.replace(/\n[^\n]+\n\n/, `\n${Buffer.alloc(20).toString('base64')}\n\n`),
    ],
  ])('is not read with %s', (_what, text) => {
    expect(readNote(text)).toBeUndefined();
  });

  it('is not held for signed where nothing of it can be read', () => {
    expect(isSignedBy('', keyOf(signer.verifierKey))).toBe(false);
  });

  it('holds under no other text, name or signature', () => {
    const key = keyOf(signer.verifierKey);
    for (const [was, is] of [
      ['1999', '2999'],
      ['— customgpt-retention', '— somebody-else'],
    ] as const) {
      expect(isSignedBy(note.replace(was, is), key)).toBe(false);
    }
    const bytes = Buffer.from(note.trimEnd().split(' ').at(-1) ?? '', 'base64');
    for (const index of [0, 4, 67]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(isSignedBy(note.replace(bytes.toString('base64'), changed.toString('base64')), key)).toBe(false);
    }
  });
});

describe('a verifier key', () => {
  it('is read as it was written', () => {
    expect(keyOf(signer.verifierKey).text).toBe(signer.verifierKey);
  });

  const [name = '', id = '', ...key] = signer.verifierKey.split('+');
  it.each([
    ['nothing', ''],
    ['two parts', `${name}+${id}`],
    ['another name', ['example.com', id, ...key].join('+')],
    ['an id that is not the key', [name, '00000000', ...key].join('+')],
    ['a key that is too short', [name, id, Buffer.of(1, 2).toString('base64')].join('+')],
    ['another kind of key', [name, id, Buffer.alloc(33, 2).toString('base64')].join('+')],
    ['no base64', [name, id, '***'].join('+')],
  ])('is not read from %s', (_what, text) => {
    expect(parseVerifierKey(text)).toBeUndefined();
  });
});
