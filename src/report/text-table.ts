import Table from 'cli-table3';

/** Between two columns. */
const GAP = 2;

export interface Column {
  readonly title: string;
  /** Columns of the terminal; `rest`: only for the last one, whose cells are the caller's to cut. */
  readonly width: number | 'rest';
  readonly align?: 'left' | 'right';
  /** How a longer cell goes on in the next line; an id must never lose its end. Default: at words. */
  readonly breaks?: 'words' | 'anywhere';
}

/**
 * Rows under fixed columns, without frame and colour, so that batches printed one after another line up and a pipe
 * gets plain text. No line ends in a space.
 */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { header }: { readonly header: boolean },
): string {
  const titles = columns.map(({ title }) => title);
  const lines = header ? [titles, ...rows] : rows;
  if (lines.length === 0) return '';
  const table = new Table({
    chars: NO_FRAME,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colWidths: columns.map(({ width }, index) =>
      width === 'rest' ? null : width + (index < columns.length - 1 ? GAP : 0),
    ),
    wordWrap: true,
  });
  for (const line of lines) {
    table.push(line.map((content, index) => cellOf(columns[index], content, index < columns.length - 1)));
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function cellOf(column: Column | undefined, content: string, hasNext: boolean) {
  return {
    content,
    hAlign: column?.align ?? 'left',
    wrapOnWordBoundary: column?.breaks !== 'anywhere',
    // The gap is padding, or a word as wide as its column would touch the next one.
    style: { 'padding-left': 0, 'padding-right': hasNext ? GAP : 0 },
  };
}

const NO_FRAME = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};
