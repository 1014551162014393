import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createNoteSigner, isSignedBy, parseVerifierKey, readNote } from './signed-note.ts';
import type { NoteSigner, VerifierKey } from './signed-note.ts';

/** RFC 8032, section 7.1, test 1. */
const SECRET = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const privateKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${SECRET}`, 'hex'),
  format: 'der',
  type: 'pkcs8',
});
const HEAD = { seq: 1999, hash: 'ab'.repeat(32) };

let signer: NoteSigner;
let note: string;
beforeEach(() => {
  signer = createNoteSigner(privateKey);
  note = signer.sign(HEAD);
});

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

  it('is signed by each of those who signed it, and by nobody where only others did', () => {
    const other = createNoteSigner(generateKeyPairSync('ed25519').privateKey);
    const [text = '', own = ''] = note.split('\n\n');
    const [, others = ''] = other.sign(HEAD).split('\n\n');
    for (const both of [`${text}\n\n${own}${others}`, `${text}\n\n${others}${own}`]) {
      expect(isSignedBy(both, keyOf(signer.verifierKey))).toBe(true);
      expect(isSignedBy(both, keyOf(other.verifierKey))).toBe(true);
    }
    expect(isSignedBy(`${text}\n\n${others}`, keyOf(signer.verifierKey))).toBe(false);
    const witness = `${text}\n\n— witness.example ${Buffer.alloc(76, 7).toString('base64')}\n`;
    expect(readNote(witness)).toEqual(HEAD);
    expect(isSignedBy(witness, keyOf(signer.verifierKey))).toBe(false);
  });

  it.each([3, 4, 67, 69])('is not signed by a signature of %i bytes in all', (length) => {
    const [text = '', own = ''] = note.split('\n\n');
    const bytes = Buffer.from(own.trimEnd().split(' ').at(-1) ?? '', 'base64');
    const other = Buffer.concat([bytes, Buffer.alloc(1)]).subarray(0, length);
    const changed = `${text}\n\n— customgpt-retention ${other.toString('base64')}\n`;
    expect(readNote(changed)).toEqual(HEAD);
    expect(isSignedBy(changed, keyOf(signer.verifierKey))).toBe(false);
  });

  it.each<[string, (whole: string) => string]>([
    ['an empty one', () => ''],
    ['no signature', (whole) => whole.split('\n\n')[0] ?? ''],
    ['no signature line', (whole) => `${whole.split('\n\n')[0] ?? ''}\n\n`],
    ['no end of line', (whole) => whole.trimEnd()],
    ['another sign for its end of line', (whole) => whole.replace(/\n$/, 'x')],
    ['a sign too few', (whole) => whole.slice(0, -2)],
    ['a line that is no signature', (whole) => `${whole}PS\n`],
    ['a line that only ends in a signature', (whole) => whole.replace('— ', 'PS — ')],
    ['a line that goes on behind a signature', (whole) => whole.replace(/\n$/, ' PS\n')],
    ['a signature that is no base64', (whole) => `${whole}— x ***\n`],
    ['a signature that is not quite base64', (whole) => `${whole}— x AAA\n`],
    ['another origin', (whole) => whole.replace('customgpt-retention\n', 'example.com/log\n')],
    ['a number with a zero before it', (whole) => whole.replace('1999', '01999')],
    ['a number with more before it', (whole) => whole.replace('1999', '-1999')],
    ['a number with more after it', (whole) => whole.replace('1999', '1999.0')],
    ['a number of too many digits', (whole) => whole.replace('1999', '1'.repeat(17))],
    ['no number', (whole) => whole.replace('1999', '')],
    ['another line', (whole) => whole.replace('1999\n', '1999\nx\n')],
    ['a line behind the hash', (whole) => whole.replace('\n\n', '\nx\n\n')],
    [
      'a hash of another length',
      (whole) => whole.replace(/\n[^\n]+\n\n/, `\n${Buffer.alloc(20).toString('base64')}\n\n`),
    ],
    ['a hash that is no base64', (whole) => whole.replace(/\n[^\n]+\n\n/, '\n***\n\n')],
  ])('is not read with %s', (_what, change) => {
    expect(readNote(change(note))).toBeUndefined();
  });

  it.each([0, 1, 9, 10, 9_007_199_254_740_991])('is read over %i entries', (seq) => {
    expect(readNote(signer.sign({ ...HEAD, seq }))).toEqual({ ...HEAD, seq });
  });

  it('is not held for signed where nothing of it can be read', () => {
    expect(isSignedBy('', keyOf(signer.verifierKey))).toBe(false);
    expect(isSignedBy(`${note}PS\n`, keyOf(signer.verifierKey))).toBe(false);
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
    const key = keyOf(signer.verifierKey);
    expect(key.text).toBe(signer.verifierKey);
    expect(key.id.toString('hex')).toBe(signer.verifierKey.split('+')[1]);
    expect(key.publicKey.equals(createPublicKey(privateKey))).toBe(true);
  });

  it('may hold the sign that parts it', () => {
    // Of the keys that are made at random, most have one within a few.
    const many = Array.from({ length: 60 }, () =>
      createNoteSigner(generateKeyPairSync('ed25519').privateKey),
    );
    const parted = many.map(({ verifierKey }) => verifierKey).filter((text) => text.split('+').length > 3);
    expect(parted).not.toEqual([]);
    for (const text of parted) expect(keyOf(text).text).toBe(text);
  });

  interface Parts {
    readonly name: string;
    readonly id: string;
    readonly key: string;
  }
  it.each<[string, (parts: Parts) => string]>([
    ['nothing', () => ''],
    ['two parts', ({ name, id }) => `${name}+${id}`],
    ['another name', ({ id, key }) => `example.com+${id}+${key}`],
    ['no name', ({ id, key }) => `+${id}+${key}`],
    ['a line before it', ({ name, id, key }) => `x\n${name}+${id}+${key}`],
    ['a line behind it', ({ name, id, key }) => `${name}+${id}+${key}\nx`],
    ['an id that is not the key', ({ name, key }) => `${name}+00000000+${key}`],
    ['an id that is too long', ({ name, id, key }) => `${name}+${id}0+${key}`],
    ['an id in capitals', ({ name, id, key }) => `${name}+${id.toUpperCase()}+${key}`],
    ['a key that is too short', ({ name, id }) => `${name}+${id}+${Buffer.of(1, 2).toString('base64')}`],
    ['another kind of key', ({ name, id }) => `${name}+${id}+${Buffer.alloc(33, 2).toString('base64')}`],
    ['no base64', ({ name, id }) => `${name}+${id}+***`],
  ])('is not read from %s', (_what, change) => {
    const [name = '', id = '', ...key] = signer.verifierKey.split('+');
    expect(parseVerifierKey(change({ name, id, key: key.join('+') }))).toBeUndefined();
  });

  it.each([
    ['a key that is too long', Buffer.concat([Buffer.of(1), Buffer.from(PUBLIC, 'hex'), Buffer.of(0)])],
    ['a key that is too short', Buffer.concat([Buffer.of(1), Buffer.from(PUBLIC, 'hex').subarray(1)])],
    ['a key of another kind', Buffer.concat([Buffer.of(2), Buffer.from(PUBLIC, 'hex')])],
  ])('is not read from %s, though the id is that of it', (_what, bytes) => {
    const input = Buffer.concat([Buffer.from('customgpt-retention\n\u0001'), bytes.subarray(1)]);
    const id = createHash('sha256').update(input).digest('hex').slice(0, 8);
    expect(parseVerifierKey(`customgpt-retention+${id}+${bytes.toString('base64')}`)).toBeUndefined();
  });
});
