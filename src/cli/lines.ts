import { createReadStream } from 'node:fs';
import { codeOf } from '../core/error-code.ts';
import { RetentionError } from '../core/errors.ts';

const LINE_FEED = 10;

/** Lines of a text file, as many at a time as a chunk of it holds. @throws RetentionError `usage` when it cannot be read */
export async function* lineBatches(file: string): AsyncGenerator<readonly string[]> {
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: 128 * 1024 });
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of chunks) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const lines: string[] = [];
      let start = 0;
      // Found in the bytes, and only at line feeds: a fifth of the time of splitting text, and JSON may hold other separators.
      for (let end: number; (end = bytes.indexOf(LINE_FEED, start)) !== -1; start = end + 1) {
        lines.push(bytes.toString('utf8', start, end));
      }
      rest = bytes.subarray(start);
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new RetentionError('usage', `${file} cannot be read (${code})`);
  }
  if (rest.length > 0) yield [rest.toString('utf8')];
}
