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

/** Vowels and finals of Hangul that are written out one by one show in the columns of the consonant before them. */
const MARK = /^[\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7fb]$/u;

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
 * (`\e[31m`, `\u202e`), and the rest is cut to `maxColumns` with `…` as its last column, never within what a reader takes for
 * one character.
 */
export function terminalSafe(text: string, maxColumns: number): string {
  if (text.length <= maxColumns && PLAIN.test(text)) return text;
  if (maxColumns < 1) return '';
  // What comes behind changes nothing, and to look for its characters would take long.
  const window = text.slice(0, maxColumns + 1);
  if (window.length > maxColumns && PLAIN.test(window)) return `${window.slice(0, maxColumns - 1)}…`;
  let shown = '';
  let columns = 0;
  let cut: string | undefined;
  for (const piece of harmlessPieces(text)) {
    // From here on the last column would be taken, where the … has to stand if there is more.
    if (columns + piece.columns >= maxColumns) cut ??= shown;
    columns += piece.columns;
    if (columns > maxColumns) return `${cut ?? ''}…`;
    shown += piece.text;
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
  return PLAIN.test(text) ? text.length : piecesOf(text).reduce((sum, { columns }) => sum + columns, 0);
}

/** What a reader takes for one character. */
export interface Piece {
  readonly text: string;
  readonly columns: number;
}

/** The characters of text that {@link terminalSafe} returned, in order. */
export function piecesOf(text: string): readonly Piece[] {
  if (PLAIN.test(text)) return Array.from(text, (character) => ({ text: character, columns: 1 }));
  return Array.from(graphemesOf(text), (grapheme) => ({ text: grapheme, columns: widthOf(grapheme) }));
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

let segmenter: Intl.Segmenter | undefined;
let joinedEmoji: RegExp | undefined;

function* graphemesOf(text: string): Generator<string> {
  // Made where one is needed: most commands print nothing but ASCII.
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** A flag, a family, a hand in its colour: several code points that show as one picture. */
function isJoinedEmoji(grapheme: string): boolean {
  if (grapheme.length < 3) return false;
  // No literal: TypeScript allows this flag only for a later version of the language than ours.
  joinedEmoji ??= new RegExp('^\\p{RGI_Emoji}$', 'v');
  return (
    joinedEmoji.test(grapheme) &&
    Array.from(grapheme).filter((one) => !VARIATION_SELECTOR.test(one) && !MARK.test(one)).length > 1
  );
}

function* harmlessPieces(text: string): Generator<Piece> {
  for (const grapheme of graphemesOf(text)) {
    if (isJoinedEmoji(grapheme)) yield { text: grapheme, columns: 2 };
    else yield* harmlessParts(grapheme);
  }
}

/** One piece, unless something has to be written out. */
function* harmlessParts(grapheme: string): Generator<Piece> {
  let whole = '';
  // A mark with nothing before it would join the border of the column.
  let marks = MOST_MARKS;
  for (const character of grapheme) {
    if (VARIATION_SELECTOR.test(character)) continue;
    const isMark = MARK.test(character);
    if (isMark) marks += 1;
    const mustBeWritten = isMark ? marks > MOST_MARKS : UNPRINTABLE.test(character);
    if (!isMark) marks = mustBeWritten ? MOST_MARKS : 0;
    if (!mustBeWritten) {
      whole += SPACE.test(character) ? ' ' : character;
      continue;
    }
    if (whole !== '') yield { text: whole, columns: widthOf(whole) };
    whole = '';
    const written = writtenOut(character);
    yield { text: written, columns: written.length };
  }
  if (whole !== '') yield { text: whole, columns: widthOf(whole) };
}

function widthOf(grapheme: string): number {
  if (isJoinedEmoji(grapheme)) return 2;
  let columns = 0;
  for (const character of grapheme) if (!MARK.test(character)) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

function writtenOut(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
}
