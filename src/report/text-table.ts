import { displayWidth, piecesOf } from './safe-text.ts';

/** Between two columns. */
const GAP = 2;

/** Where nobody knows how wide a terminal is, and the least that a table needs. */
export const USUAL_COLUMNS = 80;

/** The columns that a table may use. `given`: those of the terminal, where there is one. */
export function columnsFor(given: number | undefined): number {
  return Math.max(given ?? USUAL_COLUMNS, USUAL_COLUMNS);
}

export interface Column {
  readonly title: string;
  /** Columns of the terminal; `rest`: only for the last one, whose cells are the caller's to cut. */
  readonly width: number | 'rest';
  readonly align?: 'left' | 'right';
  /** How a longer cell goes on in the next line; an id must never lose its end. Default: at words. */
  readonly breaks?: 'words' | 'anywhere';
  /** Colours what stands in a line of a cell; adds nothing that takes a column. `cell`: all of it. */
  readonly paint?: ((line: string, cell: string) => string) | undefined;
}

/**
 * Rows under fixed columns, without a frame, so that batches printed one after another line up and a pipe gets plain text. No
 * line ends in a space.
 */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { header }: { readonly header: boolean },
): string {
  const head = columns.map((column) => ({ ...column, paint: undefined }));
  const titles = columns.map(({ title }) => title);
  return [...(header ? lineOf(head, titles) : []), ...rows.flatMap((row) => lineOf(columns, row))].join('\n');
}

/** The lines of one row. */
function lineOf(columns: readonly Column[], cells: readonly string[]): readonly string[] {
  const wrapped = columns.map((column, index) => cellLines(column, cells[index] ?? ''));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    let text = '';
    // Spaces before something alone: no line ends in one.
    let owed = 0;
    columns.forEach(({ width, align, paint }, index) => {
      const content = wrapped[index]?.[line] ?? '';
      const free = width === 'rest' ? 0 : Math.max(0, width - displayWidth(content));
      if (align === 'right') owed += free;
      if (content !== '') {
        text += ' '.repeat(owed) + (paint === undefined ? content : paint(content, cells[index] ?? ''));
        owed = 0;
      } else if (align === 'right') owed -= free;
      owed += (content === '' ? (width === 'rest' ? 0 : width) : align === 'right' ? 0 : free) + GAP;
    });
    return text;
  });
}

function cellLines({ width, breaks }: Column, cell: string): readonly string[] {
  const lines = cell.split('\n');
  if (width === 'rest') return lines;
  return lines.flatMap((line) => (breaks === 'anywhere' ? chunks(line, width) : wrapWords(line, width)));
}

/**
 * A text in lines of at most so many columns, broken between words; a word that is longer than a line, behind a hyphen or
 * slash in it if that is possible, else anywhere between two characters.
 */
export function wrapWords(text: string, width: number): readonly string[] {
  if (displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const parts = displayWidth(word) <= width ? [word] : word.split(/(?<=[-/_])/);
    for (const [index, part] of parts.entries()) {
      const longer = `${line}${line === '' || index > 0 ? '' : ' '}${part}`;
      if (displayWidth(longer) <= width) {
        line = longer;
        continue;
      }
      if (line !== '') lines.push(line);
      const pieces = chunks(part, width);
      lines.push(...pieces.slice(0, -1));
      line = pieces.at(-1) ?? '';
    }
  }
  return [...lines, line];
}

/** Signs of a line that is not to be broken: colours, which take no columns, and a command, which somebody copies. */
const WHOLE = /\u001b|customgpt-retention [a-z]/;

/**
 * A line for a terminal of so many columns, in as many as it takes; what is indented goes on a little deeper. The lines of a
 * table fit.
 */
export function fitted(line: string, columns: number): readonly string[] {
  if (displayWidth(line) <= columns || WHOLE.test(line)) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const deeper = indent === '' ? '' : `${indent}  `;
  const [first = '', ...rest] = wrapWords(line.slice(indent.length), columns - deeper.length);
  return [indent + first, ...rest.map((one) => deeper + one)];
}

/** Broken wherever the column ends, between two characters. */
function chunks(text: string, width: number): readonly string[] {
  if (displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  let columns = 0;
  for (const piece of piecesOf(text)) {
    if (columns + piece.columns > width && line !== '') {
      lines.push(line);
      line = '';
      columns = 0;
    }
    line += piece.text;
    columns += piece.columns;
  }
  return [...lines, line];
}
