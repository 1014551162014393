/** In valid JSON a text before a colon is a key, and a brace or bracket outside of a text is one. */
const KEYS_AND_BRACKETS = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/**
 * The value of a JSON text; undefined for what is no JSON, and for an object that has a key twice: one reader takes the
 * first of the two, another the last, so what it says depends on who reads it.
 */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // As we write it ourselves, nothing can stand there twice.
  return JSON.stringify(value) === text || !saysTwice(text) ? value : undefined;
}

function saysTwice(text: string): boolean {
  const open: Set<unknown>[] = [];
  for (const [token, quoted, colon] of text.matchAll(KEYS_AND_BRACKETS)) {
    if (quoted === undefined) {
      if (token === '{' || token === '[') open.push(new Set());
      else open.pop();
    } else if (colon !== undefined) {
      const key: unknown = JSON.parse(quoted);
      if (open.at(-1)?.has(key) === true) return true;
      open.at(-1)?.add(key);
    }
  }
  return false;
}
