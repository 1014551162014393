import type { IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 1_048_576;

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads JSON, urlencoded and multipart bodies alike; all three are in use by known clients. A body that cannot be read
 * has no fields, as in the vendor's framework, and validation then says what is missing. Undefined for one that is too large.
 */
export async function readBody(request: IncomingMessage): Promise<Fields | undefined> {
  const bytes = await collect(request);
  if (bytes === undefined) return undefined;
  const type = request.headers['content-type'] ?? '';
  if (/^multipart\/form-data/iu.test(type)) return multipartFields(bytes, type);
  const text = bytes.toString('utf8');
  const isForm = /^application\/x-www-form-urlencoded/iu.test(type);
  return isForm ? Object.fromEntries(new URLSearchParams(text)) : jsonFields(text);
}

async function collect(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Reading on without keeping anything lets the answer reach a client that is still sending.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function multipartFields(bytes: Buffer, type: string): Fields {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/iu.exec(type);
  const delimiter = boundary?.[1] ?? boundary?.[2];
  if (delimiter === undefined) return {};
  // Latin-1 keeps every byte one character, so that cutting cannot damage what is inside.
  const parts = `\r\n${bytes.toString('latin1')}`.split(`\r\n--${delimiter}`).slice(1, -1);
  return Object.fromEntries(parts.flatMap(multipartField));
}

/** One name and value, or none: uploaded files are not kept. */
function multipartField(part: string): [string, string][] {
  const headEnd = part.indexOf('\r\n\r\n');
  const head = part.slice(0, headEnd);
  const name = /content-disposition:[^\r\n]*?[;\s]name="([^"]*)"/iu.exec(head)?.[1];
  if (headEnd === -1 || name === undefined || /filename\*?=/iu.test(head)) return [];
  return [[utf8(name), utf8(part.slice(headEnd + 4))]];
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

function jsonFields(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
