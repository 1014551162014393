import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf } from '../core/error-code.ts';
import type { Problem } from './problems.ts';

/** Bytes: some thousand session ids. Checked before anything is read, and again on what was read. */
const LARGEST_FILE = 256 * 1024;
/** Bytes: some 90,000 entries. */
export const LARGEST_HOLDS_FILE = 16 * 1024 * 1024;

export interface TextFile {
  readonly bytes: Uint8Array;
  /** With its byte order mark, if it has one. */
  readonly text: string;
}

/** A file of UTF-8 text, or why it cannot be one. */
export function readTextFile(file: string, most = LARGEST_FILE): TextFile | Problem {
  const saved = readSavedFile(file, most);
  if ('message' in saved) return saved;
  const { bytes } = saved;
  const text = decodedText(file, bytes);
  return typeof text === 'string' ? { bytes, text } : text;
}

export function decodedText(file: string, bytes: Uint8Array): string | Problem {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fileProblem(file, 'the file is not UTF-8 text');
  }
}

/** A file as it was saved. */
export interface SavedFile {
  readonly bytes: Uint8Array;
  /** Epoch ms, with fractions as fine as the file system tells. */
  readonly modifiedAt: number;
}

/**
 * A file, `most` bytes of it at most, or why it cannot be read. The time is that from before the bytes were read: what is
 * written meanwhile is younger than it says, never older.
 */
export function readSavedFile(file: string, most: number): SavedFile | Problem {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK opening a named pipe would wait for a writer for ever.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(descriptor);
    if (!found.isFile()) return fileProblem(file, 'it is not a file');
    if (found.size > most) return fileProblem(file, tooLarge(most));
    const bytes = readUpTo(descriptor, found.size, most + 1);
    return bytes.length > most ? fileProblem(file, tooLarge(most)) : { bytes, modifiedAt: found.mtimeMs };
  } catch (error) {
    return fileProblem(file, problemOfAccess(error));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Whether a file has just these bytes, saved just then; false, too, where it cannot be read. Costs no memory. Synchronously, since files of holds
 * are compared before each DELETE.
 */
export function isStill(file: string, { bytes, modifiedAt }: SavedFile): boolean {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(descriptor);
    if (!found.isFile() || found.mtimeMs !== modifiedAt) return false;
    for (let at = 0; ;) {
      const length = readSync(descriptor, CHUNK, 0, CHUNK.length, null);
      if (length === 0) return at === bytes.length;
      if (Buffer.compare(CHUNK.subarray(0, length), bytes.subarray(at, at + length)) !== 0) return false;
      at += length;
    }
  } catch {
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

const CHUNK = new Uint8Array(64 * 1024);

function tooLarge(most: number): string {
  const kib = most / 1024;
  return `the file is larger than ${kib < 1024 ? `${kib} KiB` : `${kib / 1024} MiB`}`;
}

/** The size is not believed: a file may grow, and some kinds of file have none. */
function readUpTo(descriptor: number, size: number, most: number): Uint8Array {
  let buffer = new Uint8Array(Math.min(most, size + 1));
  let length = 0;
  for (;;) {
    const bytesRead = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (bytesRead === 0 || length === most) return buffer.subarray(0, length);
    if (length < buffer.length) continue;
    const larger = new Uint8Array(Math.min(most, 2 * length + FEW_BYTES));
    larger.set(buffer);
    buffer = larger;
  }
}

const FEW_BYTES = 4096;

export function problemOfAccess(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'reading it is not permitted';
    default:
      return `it cannot be read (${code ?? String(error)})`;
  }
}

export function fileProblem(file: string, message: string): Problem {
  return { file, line: 1, column: 1, path: '', message };
}
