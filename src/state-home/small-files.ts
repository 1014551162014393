import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { stateFault } from '../core/state-fault.ts';

/* Small files, which are replaced as a whole. */

/** @throws RetentionError `state_unusable` when the disk fails */
export function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw stateFault(error, path) as Error;
  }
}

/** Durable, and never seen in part. Nobody else may be writing the same `number`. @throws RetentionError `state_unusable` */
export async function replaceFile(path: string, content: string, number: number): Promise<void> {
  const fresh = `${path}.${number}`;
  try {
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    throw stateFault(error, path);
  }
}
