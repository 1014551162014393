import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Problem } from './problems.ts';

/** Bytes: some thousand session ids. Checked before anything is read, and again on what was read. */
const LARGEST_FILE = 256 * 1024;

export interface TextFile {
  readonly bytes: Uint8Array;
  /** With its byte order mark, if it has one. */
  readonly text: string;
}

/** A file of UTF-8 text, or why it cannot be one. */
export async function readTextFile(file: string): Promise<TextFile | Problem> {
  const bytes = await readBytes(file);
  if ('message' in bytes) return bytes;
  try {
    return { bytes, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return fileProblem(file, 'the file is not UTF-8 text');
  }
}

/** The file's bytes, or why it cannot be one. */
async function readBytes(file: string): Promise<Uint8Array | Problem> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK opening a named pipe would wait for a writer for ever.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile()) return fileProblem(file, 'it is not a file');
    if (found.size > LARGEST_FILE) return fileProblem(file, TOO_LARGE);
    const bytes = await readUpTo(handle, LARGEST_FILE + 1);
    return bytes.length > LARGEST_FILE ? fileProblem(file, TOO_LARGE) : bytes;
  } catch (error) {
    return fileProblem(file, problemOfAccess(error));
  } finally {
    await handle?.close();
  }
}

const TOO_LARGE = `the file is larger than ${LARGEST_FILE / 1024} KiB`;

/** The size is not believed: a file may grow, and some kinds of file have none. */
async function readUpTo(handle: FileHandle, most: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(most);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, most - length, null);
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
