import { createReadStream } from 'node:fs';
import { RetentionError } from '../core/errors.ts';

/** Lines of a text file, as many at a time as a chunk of it holds. @throws RetentionError `usage` when it cannot be read */
export async function* lineBatches(file: string): AsyncGenerator<readonly string[]> {
  const chunks: AsyncIterable<string> = createReadStream(file, {
    encoding: 'utf8',
    highWaterMark: 256 * 1024,
  });
  let rest = '';
  try {
    for await (const chunk of chunks) {
      // Only at line feeds: JSON may hold the other separators.
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new RetentionError('usage', `${file} cannot be read (${String(error.code)})`);
  }
  if (rest !== '') yield [rest];
}

/** Undefined for what is not JSON. */
export function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
