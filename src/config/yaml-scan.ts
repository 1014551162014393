import { CST, Lexer } from 'yaml';

/** What a policy file never needs, and what a parser needs too long for. */
export interface ScanProblem {
  /** In UTF-16 units from the start of the text. */
  readonly offset: number;
  readonly message: string;
}

const DEEPEST = 40;

/** Words, signs, breaks and gaps together: some thousand session ids. */
const MOST_TOKENS = 30_000;

/** The parser compares every key with those before it. */
const MOST_KEYS = 2_500;

const OPENING: ReadonlySet<CST.TokenType> = new Set(['comma', 'flow-seq-start', 'flow-map-start']);

const QUOTED: readonly CST.TokenType[] = ['single-quoted-scalar', 'double-quoted-scalar'];
const STARTS_VALUE: ReadonlySet<CST.TokenType> = new Set([
  ...QUOTED,
  'scalar',
  'flow-seq-start',
  'flow-map-start',
]);
const ENDS_VALUE: ReadonlySet<CST.TokenType> = new Set([...QUOTED, 'scalar', 'flow-seq-end', 'flow-map-end']);

const REFUSED: Readonly<Partial<Record<CST.TokenType, string>>> = {
  anchor: 'anchors (&name) are not used here: write the value where it belongs',
  alias: 'aliases (*name) are not used here: write the value out; a text that starts with * needs quotes',
  tag: 'tags (!name) are not used here; a text that starts with ! needs quotes',
  'directive-line': 'directives (%NAME) are not used here; a text that starts with % needs quotes',
  'flow-error-end': 'a bracket or brace is not closed',
};

/** What the scan remembers from token to token. */
class Scan {
  offset = 0;
  tokens = 0;
  keys = 0;
  /** Brackets and braces that are open. */
  flow = 0;
  /** Where a comment took a closing bracket along, as in `[Legal #1]`. */
  swallowedAt: number | undefined;
  /** Columns at which the surrounding blocks start. */
  readonly indents: number[] = [];
  /** `-` and `?` since the line's start: each opens a block inside the one before. */
  inline = 0;
  atLineStart = true;
  /** After `|` or `>`: the next text goes on to the end of its last line. */
  isBlockText = false;
  /** There is a `---`, or something that needs none. */
  hasDocument = false;
  /** A document has ended with `...`; nothing may follow. */
  ended = false;
  previous: CST.TokenType | undefined;
}

/**
 * Reads the signs of a YAML text, without building anything, up to the first that no policy needs. What passes is
 * shallow and small enough for the parser, which is recursive and in places quadratic. Linear in the text.
 */
export function scanYaml(text: string): ScanProblem | undefined {
  const scan = new Scan();
  let isScalarNext = false;
  for (const token of new Lexer().lex(text)) {
    // A mark of the lexer before a scalar's own text, which must not be taken for a sign.
    const type = isScalarNext ? 'scalar' : CST.tokenType(token);
    isScalarNext = !isScalarNext && token === CST.SCALAR;
    if (isScalarNext || type === null || type === 'doc-mode') continue;
    const message = problemOf(scan, type, token);
    if (message !== undefined) return problemAt(scan, type, message);
    if (type !== 'flow-error-end') scan.offset += token.length;
    if (type !== 'space') scan.previous = type;
    if (type === 'block-scalar-header') scan.isBlockText = true;
    if (type === 'scalar' && scan.isBlockText) startLine(scan);
  }
  return swallowedIn(scan);
}

/** A bracket that is never closed is missed far below the comment that took it. */
function problemAt(scan: Scan, type: CST.TokenType, message: string): ScanProblem {
  return (type === 'flow-error-end' ? swallowedIn(scan) : undefined) ?? { offset: scan.offset, message };
}

function swallowedIn({ flow, swallowedAt }: Scan): ScanProblem | undefined {
  return flow > 0 && swallowedAt !== undefined ? { offset: swallowedAt, message: SWALLOWED } : undefined;
}

const SWALLOWED = 'a comment starts here and swallows the closing bracket: put the text with the # in quotes';

function startLine(scan: Scan): void {
  scan.atLineStart = true;
  scan.inline = 0;
  scan.isBlockText = false;
  scan.previous = 'newline';
}

function problemOf(scan: Scan, type: CST.TokenType, token: string): string | undefined {
  scan.tokens += 1;
  if (scan.tokens > MOST_TOKENS) return `the file has more than ${MOST_TOKENS} words and signs`;
  const refused = REFUSED[type];
  if (refused !== undefined) return refused;
  switch (type) {
    case 'newline':
      scan.atLineStart = true;
      scan.inline = 0;
      return undefined;
    case 'space':
      if (scan.atLineStart) indentTo(scan, token.length);
      return undefined;
    case 'comment':
      if (scan.flow > 0 && /^#[^\s#].*[\]}]/.test(token)) scan.swallowedAt ??= scan.offset;
      return undefined;
    case 'byte-order-mark':
      return undefined;
    case 'doc-start':
      scan.atLineStart = false;
      if (scan.hasDocument || scan.ended) return SECOND_DOCUMENT;
      scan.hasDocument = true;
      return undefined;
    case 'doc-end':
      scan.ended = true;
      return undefined;
    default:
      return problemOfContent(scan, type);
  }
}

const SECOND_DOCUMENT = 'a second document starts here: one file is one document';

function problemOfContent(scan: Scan, type: CST.TokenType): string | undefined {
  if (scan.ended) return SECOND_DOCUMENT;
  if (scan.atLineStart) indentTo(scan, 0);
  scan.hasDocument = true;
  count(scan, type);
  if (scan.keys > MOST_KEYS) return `the file has more than ${MOST_KEYS} keys`;
  if (scan.flow + scan.inline + scan.indents.length > DEEPEST)
    return `nested more than ${DEEPEST} levels deep`;
  if (scan.flow < 0) return 'this bracket or brace closes nothing';
  const { previous } = scan;
  if (previous === undefined) return undefined;
  // Both are faults that the parser would find too, but by the ten thousand and slowly.
  if (type === 'comma' && OPENING.has(previous)) return 'there is nothing before this comma';
  const isGlued = STARTS_VALUE.has(type) && ENDS_VALUE.has(previous);
  return isGlued ? 'there is nothing between this value and the one before it' : undefined;
}

function count(scan: Scan, type: CST.TokenType): void {
  if (type === 'flow-seq-start' || type === 'flow-map-start') scan.flow += 1;
  else if (type === 'flow-seq-end' || type === 'flow-map-end') scan.flow -= 1;
  else if (type === 'seq-item-ind' || type === 'explicit-key-ind') scan.inline += 1;
  else if (type === 'map-value-ind') scan.keys += 1;
}

function indentTo(scan: Scan, column: number): void {
  scan.atLineStart = false;
  while ((scan.indents.at(-1) ?? -1) >= column) scan.indents.pop();
  scan.indents.push(column);
}
