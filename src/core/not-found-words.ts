/**
 * A 404 reduced to what is the same each time it means the same: which keys it has and what it says, without addresses, ids,
 * numbers and dates. Two 404s of one service about two unknown conversations are equal; that of a gateway is another.
 */
export interface NotFoundWords {
  /** Equal for equal words. */
  readonly shape: string;
  /** What it says, for people: one short line without ids. */
  readonly said: string;
  /** Whether it has the envelope of the vendor's document, `{"status":"error","url":…,"data":{"code":404,"message":…}}`. */
  readonly isDocumented: boolean;
}

/** Characters of {@link NotFoundWords.said}. */
const LONGEST_SAID = 120;
/** A body that nests deeper, or has more values, is not the short word of an API. */
const DEEPEST = 12;
const MOST_VALUES = 2_000;
/** What comes after so many characters of a key or a text is not looked at: somebody else's megabyte must cost nothing. */
const LONGEST_KEY = 100;
const LONGEST_TEXT = 1_000;

/** Values under such keys are another each time, whatever they look like. */
const FLEETING_KEY =
  /(^|[_-])(id|uid|uuid|ts|at|time|timestamp|date|datetime|trace|stack|span|nonce|token|ref|reference|instance|host|hostname|node|version|duration|elapsed|took)$/i;

/**
 * @param body the parsed JSON of the answer
 * @param asked ids of the request, which the answer may repeat in any spelling
 */
export function wordsOfNotFound(body: unknown, asked: readonly string[]): NotFoundWords {
  const mask = masking(asked);
  const lines: string[] = [];
  const said: string[] = [];
  const visit = (value: unknown, path: string, depth: number): void => {
    if (depth > DEEPEST || lines.length >= MOST_VALUES) return;
    if (Array.isArray(value)) {
      lines.push(`${path}[]`);
      for (const one of value) visit(one, `${path}[]`, depth + 1);
      return;
    }
    if (typeof value === 'object' && value !== null) {
      lines.push(`${path}{}`);
      for (const [key, one] of Object.entries(value))
        visit(one, `${path}.${mask(key.slice(0, LONGEST_KEY))}`, depth + 1);
      return;
    }
    const words = isFleeting(path) ? '<>' : wordsOf(value, mask);
    lines.push(`${path}=${words}`);
    if (typeof value === 'string' && words !== '<>') said.push(words);
  };
  visit(body, '', 0);
  // The order of keys, and how often a list repeats itself, say nothing.
  const shape = [...new Set(lines)].sort().join('\n');
  return { shape, said: shorten(said.join(', ')), isDocumented: isDocumented(body) };
}

/** By its last key, `requestId` read like `request_id`. */
function isFleeting(path: string): boolean {
  const key = path.slice(path.lastIndexOf('.') + 1).replace(/(?:\[\])+$/, '');
  return FLEETING_KEY.test(key.replaceAll(/([a-z])([A-Z])/g, '$1_$2'));
}

function wordsOf(value: unknown, mask: (text: string) => string): string {
  if (typeof value === 'string') return mask(value.slice(0, LONGEST_TEXT));
  return typeof value === 'number' ? '#' : String(value);
}

/** A masking of texts: what differs between two answers that mean the same. */
function masking(asked: readonly string[]): (text: string) => string {
  const spellings = asked
    .flatMap((id) => [id, id.replaceAll(/[-_]/g, '')])
    .map((id) => id.replaceAll(/[^\w-]/g, '').toLowerCase())
    .filter((id) => id.length >= 4);
  return (text) => masked(spellings.reduce(without, text));
}

/** In any case. By hand: an expression for each conversation costs more to make than all the rest. `spelling`: lower-case ASCII. */
function without(text: string, spelling: string): string {
  // ASCII alone: other letters may get longer, and places would no longer be the same.
  const lower = text.replaceAll(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
  let result = '';
  let from = 0;
  for (let at = lower.indexOf(spelling); at !== -1; at = lower.indexOf(spelling, from)) {
    result += `${text.slice(from, at)}<>`;
    from = at + spelling.length;
  }
  return result + text.slice(from);
}

/** No expression here may try a text again from each of its characters to its end. */
function masked(text: string): string {
  return text
    .replaceAll(/[\w.+-]{1,64}@[\w.-]+/g, '<>')
    .replaceAll(/\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s"'<>]+/gi, '<>')
    .replaceAll(/(?:\/(?:[\w.~%-]|<>)+){2,}\/?(?:\?[^\s"']*)?/g, '<>')
    .replaceAll(/\b\w{3},? \d{1,2} \w{3} \d{4}[ \d:]*(?:GMT|UTC)?/g, '<>')
    .replaceAll(/\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?/g, '<>')
    .replaceAll(/\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b/gi, '<>')
    .replaceAll(/[A-Za-z0-9_-]+/g, (token) => (/\d/.test(token) ? '<>' : token))
    .replaceAll(/\b[0-9a-f]{16,}\b|\b[A-Za-z]{32,}\b/g, '<>')
    .replaceAll(/(?:<>[\s.,:/#-]*)+<>/g, '<>')
    .trim();
}

function isDocumented(body: unknown): boolean {
  if (!isObject(body) || body['status'] !== 'error') return false;
  const { data } = body;
  if (!isObject(data) || typeof data['message'] !== 'string') return false;
  const { code } = data;
  return code === 404 || code === '404';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shorten(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  const characters = Array.from(plain);
  return characters.length <= LONGEST_SAID ? plain : `${characters.slice(0, LONGEST_SAID - 1).join('')}…`;
}
