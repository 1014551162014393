import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { AuditHead } from './audit-entry.ts';

/*
 * Signed notes (https://c2sp.org/signed-note) with Ed25519, over the head of a log in the form of a checkpoint
 * (https://c2sp.org/tlog-checkpoint): origin, number of entries, hash of the last one.
 */

/** Name of the key and origin of the log. What tells keys and logs apart is the key's id, and the hash. */
const NAME = 'customgpt-retention';
const ED25519 = 1;
const KEY_BYTES = 32;
const ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
/** What stands before the 32 bytes in the DER form of an Ed25519 public key (RFC 8410). */
const SPKI_START = Buffer.from('302a300506032b6570032100', 'hex');

/** A key that can be trusted, in its written form `name+id+key`. */
export interface VerifierKey {
  readonly text: string;
  readonly publicKey: KeyObject;
  readonly id: Buffer;
}

export interface NoteSigner {
  /** The public half, as {@link parseVerifierKey} reads it. */
  readonly verifierKey: string;
  /** The whole note. */
  readonly sign: (head: AuditHead) => string;
}

/** `privateKey` is an Ed25519 one. */
export function createNoteSigner(privateKey: KeyObject): NoteSigner {
  const raw = rawKeyOf(createPublicKey(privateKey));
  const id = keyId(raw);
  return {
    verifierKey: `${NAME}+${id.toString('hex')}+${Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')}`,
    sign(head) {
      const text = textOf(head);
      const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]);
      return `${text}\n— ${NAME} ${signature.toString('base64')}\n`;
    },
  };
}

/** Undefined where the text is not an Ed25519 verifier key of this program's logs, or its id is not that of the key. */
export function parseVerifierKey(text: string): VerifierKey | undefined {
  // The key's base64 may hold `+`, too.
  const [, name, id, key = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  const bytes = base64Of(key);
  if (name !== NAME || bytes?.length !== 1 + KEY_BYTES || bytes[0] !== ED25519) return undefined;
  const raw = bytes.subarray(1);
  if (keyId(raw).toString('hex') !== id) return undefined;
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_START, raw]), format: 'der', type: 'spki' });
  return { text, publicKey, id: keyId(raw) };
}

/** What a note says, whoever signed it; undefined where it is no note about one of our logs. */
export function readNote(note: string): AuditHead | undefined {
  const [origin, count = '', hash = '', ...more] = (partsOf(note)?.text ?? '').split('\n');
  const bytes = base64Of(hash);
  const seq = /^(0|[1-9]\d{0,15})$/.test(count) ? Number(count) : undefined;
  if (origin !== NAME || more.length !== 1 || bytes?.length !== 32 || seq === undefined) return undefined;
  return { seq, hash: bytes.toString('hex') };
}

/** Whether one of the note's signatures is this key's, and holds. */
export function isSignedBy(note: string, key: VerifierKey): boolean {
  const parts = partsOf(note);
  if (parts === undefined) return false;
  return parts.signatures.some(
    ({ name, id, signature }) =>
      name === NAME && id.equals(key.id) && verify(null, Buffer.from(parts.text), key.publicKey, signature),
  );
}

interface NoteParts {
  /** What is signed: up to and with the line break before the empty line. */
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly id: Buffer; readonly signature: Buffer }[];
}

function partsOf(note: string): NoteParts | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end === -1 || !note.endsWith('\n')) return undefined;
  const signatures = [];
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const [, name, base64 = ''] = /^— ([^+\s]+) (\S+)$/.exec(line) ?? [];
    const bytes = base64Of(base64);
    if (name === undefined || bytes === undefined) return undefined;
    // Others may have signed, too, and in other ways.
    if (bytes.length !== ID_BYTES + SIGNATURE_BYTES) continue;
    signatures.push({ name, id: bytes.subarray(0, ID_BYTES), signature: bytes.subarray(ID_BYTES) });
  }
  return { text: note.slice(0, end + 1), signatures };
}

function textOf({ seq, hash }: AuditHead): string {
  return `${NAME}\n${seq}\n${Buffer.from(hash, 'hex').toString('base64')}\n`;
}

function keyId(raw: Buffer): Buffer {
  const input = Buffer.concat([Buffer.from(`${NAME}\n`), Buffer.of(ED25519), raw]);
  return createHash('sha256').update(input).digest().subarray(0, ID_BYTES);
}

function rawKeyOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_START.length);
}

/** Undefined for anything but the one proper form: `Buffer` reads what it can of the rest. */
function base64Of(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
