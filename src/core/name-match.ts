import { RE2JS } from 're2js';
import { foldCase } from './case-fold.ts';
import type { NameMatcher, NameTest } from './selector.ts';

export type CompiledMatcher =
  { readonly ok: true; readonly matcher: NameMatcher } | { readonly ok: false; readonly problem: string };

/** UTF-16 units of a pattern. The matchers are linear in the name, and this is the factor before it. */
export const LONGEST_PATTERN = 500;

/** Characters from U+0300 on are the only ones that composition can change; names without one are not copied. */
const MAY_COMPOSE = /[\u0300-\uffff]/;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Compiles one test of a conversation's or a project's name. All tests look at whole characters (code points), with
 * composed and decomposed forms taken as equal (NFC); they respect case unless `ignoreCase`, which compares by Unicode
 * simple case folding. `glob` and `regex` must match the whole name; a line break is a character like any other, also for
 * the dot of a `regex`, which is RE2 syntax. No test takes more than linear time in the name. `literal` is only noted:
 * which texts are refused as another program's dialect is decided where files are read. The problem is a phrase for a
 * person.
 */
export function compileNameTest(
  how: NameTest,
  pattern: string,
  options: { readonly ignoreCase?: boolean; readonly literal?: boolean } = {},
): CompiledMatcher {
  const { ignoreCase = false, literal = false } = options;
  if (pattern === '') return refused('is empty');
  if (pattern.length > LONGEST_PATTERN) return refused(`is longer than ${LONGEST_PATTERN} characters`);
  if (LONE_SURROGATE.test(pattern)) return refused('holds half a character (a lone surrogate)');
  const test = compileTest(how, pattern, ignoreCase);
  if (typeof test === 'string') return refused(test);
  const words = wordsOf(how, pattern, ignoreCase);
  return { ok: true, matcher: { test, words, how, pattern, ignoreCase, literal } };
}

/** Whether a sound glob has a sign that stands for others: without one it is a plain name. */
export function hasWildcard(glob: string): boolean {
  const pieces = readGlob(glob);
  return typeof pieces !== 'string' && pieces.some((piece) => typeof piece === 'string');
}

type Test = (name: string) => boolean;

/** The test, or the problem. */
function compileTest(how: NameTest, pattern: string, ignoreCase: boolean): Test | string {
  if (how === 'regex') return compileRegex(pattern.normalize('NFC'), ignoreCase);
  if (how === 'glob') return compileGlob(pattern, ignoreCase);
  const text = prepare(pattern, ignoreCase);
  switch (how) {
    case 'equals':
      return prepared(ignoreCase, (name) => name === text);
    case 'contains':
      return prepared(ignoreCase, (name) => name.includes(text));
    case 'starts_with':
      return prepared(ignoreCase, (name) => name.startsWith(text));
  }
}

/** The form in which names and patterns are compared. */
function prepare(text: string, ignoreCase: boolean): string {
  const composed = MAY_COMPOSE.test(text) ? text.normalize('NFC') : text;
  return ignoreCase ? foldCase(composed) : composed;
}

function prepared(ignoreCase: boolean, test: Test): Test {
  return (name) => test(prepare(name, ignoreCase));
}

// ── Globs ───────────────────────────────────────────────────────────────────────────────────────────────────

/** A piece of a glob: text that stands for itself, `*` (any characters, or none), `?` (one character). */
type GlobPiece = { readonly text: string } | '*' | '?';

function compileGlob(pattern: string, ignoreCase: boolean): Test | string {
  const read = readGlob(pattern);
  if (typeof read === 'string') return read;
  const pieces = read.map((piece) =>
    typeof piece === 'string' ? piece : { text: prepare(piece.text, ignoreCase) },
  );
  // Stryker disable next-line ConditionalExpression: the regular expression says the same, only more slowly
  if (!pieces.includes('?')) return prepared(ignoreCase, starGlob(pieces));
  const source = pieces.map((piece) => sourceOf(piece)).join('');
  const regex = RE2JS.compile(source, RE2JS.DOTALL);
  return prepared(ignoreCase, (name) => regex.testExact(name));
}

function sourceOf(piece: GlobPiece): string {
  if (piece === '*') return '.*';
  return piece === '?' ? '.' : RE2JS.quote(piece.text);
}

/**
 * Refused rather than guessed are signs that mean something in other globs and nothing here: `[ab]`, `{a,b}` and a
 * leading `!`. Read as plain text they would make a keep rule match nothing, and what it kept would be deleted.
 */
function readGlob(pattern: string): readonly GlobPiece[] | string {
  const pieces: GlobPiece[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') pieces.push({ text });
    text = '';
  };
  for (let index = 0; index < pattern.length; index += 1) {
    const sign = pattern.charAt(index);
    if (sign === '\\') {
      index += 1;
      if (index === pattern.length)
        return 'ends in a backslash that escapes nothing: write \\\\ for a backslash';
      text += pattern.charAt(index);
    } else if (sign === '*' || sign === '?') {
      flush();
      if (sign === '?' || pieces.at(-1) !== '*') pieces.push(sign);
    } else if (sign === '[' || sign === '{') {
      return `has "${sign}", which is no wildcard here (only * and ? are): write \\${sign} for the sign itself, or use regex`;
    } else if (sign === '!' && index === 0) {
      return 'starts with "!", which does not negate here: write \\! for the sign itself, or use not';
    } else {
      text += sign;
    }
  }
  flush();
  return pieces;
}

/** Without `?` a glob is its first text, its last text, and the others in this order between them. */
function starGlob(pieces: readonly GlobPiece[]): (name: string) => boolean {
  const first = textOf(pieces[0]);
  if (!pieces.includes('*')) return (name) => name === first;
  const last = textOf(pieces.at(-1));
  const texts = pieces.slice(1, -1).map(textOf);
  return (name) => {
    const end = name.length - last.length;
    if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false;
    // The leftmost place for each text leaves the most room for those after it, so there is never a way back.
    let from = first.length;
    for (const text of texts) {
      const found = name.indexOf(text, from);
      if (found === -1 || found + text.length > end) return false;
      from = found + text.length;
    }
    return true;
  };
}

function textOf(piece: GlobPiece | undefined): string {
  return typeof piece === 'object' ? piece.text : '';
}

// ── Regular expressions ─────────────────────────────────────────────────────────────────────────────────────

function compileRegex(source: string, ignoreCase: boolean): Test | string {
  try {
    // The first message of a visitor becomes a name, and it may have several lines.
    const regex = RE2JS.compile(source, RE2JS.DOTALL | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0));
    return prepared(false, (name) => regex.testExact(name));
  } catch (error) {
    return problemOfRegex(source, error);
  }
}

function problemOfRegex(source: string, error: unknown): string {
  if (source.startsWith('*'))
    return 'starts with "*", which repeats nothing: write .* for any text, or use glob';
  const lacking = LACKING.find(([sign]) => sign.test(source));
  if (lacking !== undefined) {
    return `uses ${lacking[1]}, which RE2 does not have because it cannot be matched in linear time`;
  }
  const detail = String(error).replace(/.*?error parsing regexp: /s, '');
  return `is not a regular expression in RE2 syntax: ${detail}`;
}

/** Looked for only in what did not compile. */
const LACKING: readonly (readonly [RegExp, string])[] = [
  [/\(\?<[=!]/, 'look-behind'],
  [/\(\?[=!]/, 'look-ahead'],
  [/\\[1-9]|\\k[<{']|\(\?P=/, 'a back-reference'],
  [/\(\?>|[*+?}]\+/, 'an atomic group or possessive repetition'],
];

function wordsOf(how: NameTest, pattern: string, ignoreCase: boolean): string {
  const verbs: Readonly<Record<NameTest, string>> = {
    glob: 'matches',
    equals: 'equals',
    contains: 'contains',
    starts_with: 'starts with',
    regex: 'matches the regex',
  };
  return `${verbs[how]} ${pattern}${ignoreCase ? ' (ignoring case)' : ''}`;
}

function refused(problem: string): CompiledMatcher {
  return { ok: false, problem };
}
