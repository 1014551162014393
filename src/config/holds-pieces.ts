/** A part of a file of holds that can be read by itself. */
export interface HoldsPiece {
  /** `file`: all but the entries, the list standing there as an empty one; or all of it. `entries`: some, below a `holds:` of their own. */
  readonly part: 'file' | 'entries';
  readonly text: string;
  /** The number in the file of a line of this text, both counted from 1. */
  readonly lineInFile: (line: number) => number;
  /** Entries of the list before this text's first one. */
  readonly entriesBefore: number;
}

/** How large a piece gets. An entry alone may be larger. */
export interface PieceSize {
  /** UTF-16 units. */
  readonly units: number;
  readonly entries: number;
}

/** The parser is in places quadratic, and must not keep the process from its other work. */
const FULL: PieceSize = { units: 16 * 1024, entries: 50 };

const HOLDS_LINE = /^holds:[ \t]*(?:#.*)?\r?$/;
const EMPTY_LINE = /^[ \t]*(?:#.*)?\r?$/;
const ENTRY_LINE = /^( *)-(?:[ \t\r]|$)/;

/**
 * Cuts a file of holds between the entries of its list, so that a long one is read with as little memory as a short one. It
 * stays whole where `holds:` is not followed by entries that start with `- ` on a line of their own.
 *
 * YAML has to end an entry there, too: what belongs to it stands further to the right than its `-`. Of a text that breaks
 * this rule, one of the parts is no YAML either.
 */
export function* piecesOf(text: string, full = FULL): Generator<HoldsPiece> {
  const list = findList(text);
  if (list === undefined) {
    yield { part: 'file', text, lineInFile: (line) => line, entriesBefore: 0 };
    return;
  }
  const { holdsLine, dash } = list;
  let piece = { from: holdsLine.end, line: holdsLine.number + 1, entriesBefore: 0 };
  let entries = 0;
  let last = holdsLine;
  const upTo = (end: number): HoldsPiece => ({
    part: 'entries',
    text: `holds:\n${text.slice(piece.from, end)}`,
    lineInFile: linesAfter(1, piece.line - 2),
    entriesBefore: piece.entriesBefore,
  });
  for (const line of linesOf(text, holdsLine)) {
    const column = ENTRY_LINE.exec(line.text)?.[1]?.length;
    if (column === dash) {
      const count = entries - piece.entriesBefore;
      if (count === full.entries || (count > 0 && line.at - piece.from >= full.units)) {
        yield upTo(line.at);
        piece = { from: line.at, line: line.number, entriesBefore: entries };
      }
      entries += 1;
    } else if (!EMPTY_LINE.test(line.text) && indentOf(line.text) <= dash) break;
    last = line;
  }
  yield upTo(last.end);
  const frame = `${text.slice(0, holdsLine.at)}holds: []\n${text.slice(last.end)}`;
  const lineInFile = linesAfter(holdsLine.number, last.number - holdsLine.number);
  yield { part: 'file', text: frame, lineInFile, entriesBefore: 0 };
}

/** Behind a line of the text, so many lines of the file are left out. */
function linesAfter(last: number, leftOut: number): HoldsPiece['lineInFile'] {
  return (line) => (line > last ? line + leftOut : line);
}

interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  readonly at: number;
  /** Where the next one starts. */
  readonly end: number;
}

/** The line `holds:`, and the column of the first entry's `-`. */
function findList(text: string): { readonly holdsLine: Line; readonly dash: number } | undefined {
  let holdsLine: Line | undefined;
  for (const line of linesOf(text)) {
    if (holdsLine === undefined) {
      if (HOLDS_LINE.test(line.text)) holdsLine = line;
    } else if (!EMPTY_LINE.test(line.text)) {
      const dash = ENTRY_LINE.exec(line.text)?.[1]?.length;
      return dash === undefined ? undefined : { holdsLine, dash };
    }
  }
  return undefined;
}

/** Those behind one, or all. */
function* linesOf(
  text: string,
  behind: Pick<Line, 'number' | 'end'> = { number: 0, end: 0 },
): Generator<Line> {
  let { number, end: at } = behind;
  while (at < text.length) {
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline + 1;
    number += 1;
    yield { number, text: text.slice(at, newline === -1 ? end : newline), at, end };
    at = end;
  }
}

function indentOf(line: string): number {
  return line.length - line.replace(/^ +/, '').length;
}
