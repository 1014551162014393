import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Problem } from './problems.ts';

/** Bytes: some thousand session ids. Checked before anything is read, and again on what was read. */
const LARGEST_FILE = 256 * 1024;

export interface TextFile {
  readonly bytes: Uint8Array;
  /** With its byte order mark, if it has one. */
  readonly text: string;
}

/**
 * A file of UTF-8 text, or why it cannot be one. Synchronously, since files of this size take less time than handing them
 * to another thread: those of holds are read before each DELETE.
 */
export function readTextFile(file: string): TextFile | Problem {
  const bytes = readBytes(file);
  if ('message' in bytes) return bytes;
  try {
    return { bytes, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return fileProblem(file, 'the file is not UTF-8 text');
  }
}

/** The file's bytes, or why it cannot be one. */
function readBytes(file: string): Uint8Array | Problem {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK opening a named pipe would wait for a writer for ever.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = fstatSync(descriptor);
    if (!found.isFile()) return fileProblem(file, 'it is not a file');
    if (found.size > LARGEST_FILE) return fileProblem(file, TOO_LARGE);
    const bytes = readUpTo(descriptor, LARGEST_FILE + 1);
    return bytes.length > LARGEST_FILE ? fileProblem(file, TOO_LARGE) : bytes;
  } catch (error) {
    return fileProblem(file, problemOfAccess(error));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

const TOO_LARGE = `the file is larger than ${LARGEST_FILE / 1024} KiB`;

/** The size is not believed: a file may grow, and some kinds of file have none. */
function readUpTo(descriptor: number, most: number): Uint8Array {
  const buffer = new Uint8Array(most);
  let length = 0;
  for (;;) {
    const bytesRead = readSync(descriptor, buffer, length, most - length, null);
    length += bytesRead;
    if (bytesRead === 0 || length === most) return buffer.subarray(0, length);
  }
}

export function problemOfAccess(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'reading it is not permitted';
    default:
      return `it cannot be read (${typeof code === 'string' ? code : String(error)})`;
  }
}

export function fileProblem(file: string, message: string): Problem {
  return { file, line: 1, column: 1, path: '', message };
}
