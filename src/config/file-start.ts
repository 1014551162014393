import { closeSync, openSync, readSync } from 'node:fs';
import { codeOf } from '../core/error-code.ts';

/** The first `length` bytes of a file as text. By hand, because it may be a pipe, or one without end. */
export function readFileStart(file: string, length: number): string {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = new Uint8Array(length);
    let filled = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, filled, length - filled, null);
      filled += read;
      if (read === 0 || filled === length) return new TextDecoder().decode(buffer.subarray(0, filled));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Why a file could not be read, as the system names it. */
export function causeOf(error: unknown): string {
  return codeOf(error) ?? 'unreadable';
}
