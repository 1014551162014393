import type { NameTest } from '../../core/selector.ts';
import type { Dialect } from './spelling.ts';

/** Opening quotation marks that are no quotes of YAML, and what closes them in one country or another. */
const CLOSING: ReadonlyMap<string, string> = new Map([
  ['“', '”“'],
  ['”', '”'],
  ['„', '“”'],
  ['‘', '’‘'],
  ['’', '’'],
  ['‚', '‘’'],
  ['«', '»'],
  ['»', '«»'],
  ['‹', '›'],
  ['›', '‹›'],
  ['＂', '＂'],
  ['＇', '＇'],
]);

const BREAKS = /^[\r\n\u0085\u2028\u2029]+|[\r\n\u0085\u2028\u2029]+$/g;

/** What no eye sees: zero-width spaces, marks of direction, a byte order mark. Not the joiners, which make emoji. */
const INVISIBLE =
  /^[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+|[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+$/g;

const SPACES = /^\s+|\s+$/gu;

/** What stands around a text and was hardly meant to belong to it. Only `contains` may look for a space at an end. */
export function wrappingDialect(how: NameTest, text: string): Dialect | undefined {
  const inner = withoutQuotes(text);
  if (inner !== undefined) {
    return {
      problem: 'stands in typographic quotes, which YAML takes for a part of the text',
      instead: [{ how, patterns: [inner] }],
    };
  }
  const around = [
    [BREAKS, 'starts or ends with a line break (after | YAML leaves one at the end; after |- it does not)'],
    [INVISIBLE, 'starts or ends with an invisible character'],
    [SPACES, 'starts or ends with a space'],
  ] as const;
  for (const [signs, problem] of around) {
    const trimmed = text.replaceAll(signs, '');
    if (trimmed === text || (signs === SPACES && how === 'contains')) continue;
    return { problem, instead: trimmed === '' ? [] : [{ how, patterns: [trimmed] }] };
  }
  return undefined;
}

/** Undefined where the first mark is closed before the end, as in `“A” or “B”`. */
function withoutQuotes(text: string): string | undefined {
  const closing = CLOSING.get(text.charAt(0));
  const inner = text.slice(1, -1);
  if (closing === undefined || inner === '' || !closing.includes(text.charAt(text.length - 1)))
    return undefined;
  const marks = text.charAt(0) + closing;
  return Array.from(inner).some((sign) => marks.includes(sign)) ? undefined : inner;
}
