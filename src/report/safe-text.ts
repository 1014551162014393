/** More marks than any script stacks on one letter; text that uses them to paint over its neighbours has dozens. */
const MOST_MARKS = 4;

/** Tells an emoji from its plain form and shows nothing itself; no terminal agrees with another about its width. */
const VARIATION_SELECTOR = /^[\ufe00-\ufe0f]$/;

/**
 * What must not reach a terminal as it is: controls and ANSI escapes, bidi overrides and zero width (format), line
 * separators, lone surrogates, private use, what shows nothing at all, and what has no width yet (unassigned).
 */
const UNPRINTABLE = /^[\p{C}\p{Zl}\p{Zp}\p{DI}]$/u;

/** Every width of space; the wide ones would break a column as surely as a tab. */
const SPACE = /^\p{Zs}$/u;

/** What most text is. Asked first, because the other patterns take long to compile. */
const PLAIN = /^[ -~]*$/;

const MARK = /^[\p{Mn}\p{Me}]$/u;

/**
 * As string-width 8.3 has it for single characters; itself it would cost each short command a sixth of its processor time. But for
 * half a flag, which takes two columns where a terminal shows it by itself.
 */
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\u3247\u3250-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18df2}\u{1aff0}-\u{1b2fb}\u{1d300}-\u{1d356}\u{1d360}-\u{1d376}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]$/u;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\u001b': '\\e',
};

/**
 * Somebody else's text on one line of a terminal: what could move the cursor, colour, hide or reorder is written out
 * (`\e[31m`, `\u202e`), and the rest is cut to `maxColumns` with `…` as its last column.
 */
export function terminalSafe(text: string, maxColumns: number): string {
  if (text.length <= maxColumns && PLAIN.test(text)) return text;
  let shown = '';
  let columns = 0;
  let cut: string | undefined;
  for (const piece of harmlessPieces(text)) {
    const width = columnsOf(piece);
    // From here on the last column would be taken, where the … has to stand if there is more.
    if (columns + width >= maxColumns) cut ??= shown;
    columns += width;
    if (columns > maxColumns) return maxColumns < 1 ? '' : `${cut ?? ''}…`;
    shown += piece;
  }
  return shown;
}

/** More columns than any one character takes, written out. */
const ONE_MORE = 12;

/** The same for a sentence: cut between two words, unless there is only one. */
export function sentenceSafe(text: string, maxColumns: number): string {
  const short = terminalSafe(text, maxColumns);
  const longer = terminalSafe(text, maxColumns + ONE_MORE);
  if (longer === short) return short;
  const kept = terminalSafe(text, maxColumns - 1).slice(0, -1);
  const end = longer[kept.length] === ' ' ? kept.length : kept.lastIndexOf(' ');
  return end > 0 ? `${kept.slice(0, end).trimEnd()} …` : short;
}

/** Terminal columns of text that {@link terminalSafe} returned: two for CJK and emoji, none for a mark on a letter. */
export function displayWidth(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
}

/**
 * Text for HTML, between tags or in a quoted attribute. Bidi controls and bytes that HTML does not allow are written
 * out, so that a report reads the way its source does.
 */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(
      /[\0-\x08\v\f\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu,
      writtenOut,
    );
}

function* harmlessPieces(text: string): Generator<string> {
  // A mark with nothing before it would join the border of the column.
  let marks = MOST_MARKS;
  for (const character of text) {
    if (VARIATION_SELECTOR.test(character)) continue;
    if (MARK.test(character)) {
      marks += 1;
      yield marks > MOST_MARKS ? writtenOut(character) : character;
      continue;
    }
    const isUnprintable = UNPRINTABLE.test(character);
    marks = isUnprintable ? MOST_MARKS : 0;
    if (isUnprintable) yield writtenOut(character);
    else yield SPACE.test(character) ? ' ' : character;
  }
}

function columnsOf(piece: string): number {
  // Written out, a piece is ASCII and as wide as it is long.
  if (piece.length > 2) return piece.length;
  if (MARK.test(piece)) return 0;
  if (WIDE.test(piece)) return 2;
  return piece.startsWith('\\') ? piece.length : 1;
}

function writtenOut(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
}
