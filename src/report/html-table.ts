import { html, NOTHING, type Html } from './html.ts';
import { grouped } from './quantities.ts';

/** More rows than this help nobody and make a browser slow. */
const MOST_ROWS = 5000;

export interface HtmlColumn {
  readonly title: string;
  readonly kind?: 'number' | 'code' | 'short' | 'text';
}

export interface HtmlRows {
  /** A heading over the rows, for tables in groups. */
  readonly group?: Html | undefined;
  /** The first cell is the row's heading. */
  readonly rows: readonly (readonly Html[])[];
}

interface TableParts {
  /** Unique on the page. */
  readonly id: string;
  readonly caption: Html;
  readonly columns: readonly HtmlColumn[];
  readonly groups: readonly HtmlRows[];
  /** For few and short columns: no wider than text. */
  readonly isSmall?: boolean;
  /** Where the rows are that this page leaves out. */
  readonly elsewhere: Html;
}

/** A table with its heading cells marked as such, in a frame of its own that scrolls where the window is narrow. */
export function tableHtml(parts: TableParts): Html {
  const { id, caption, columns, groups } = parts;
  const heads = columns.map(
    (column) => html`<th scope="col" class="${classOf(column)}">${column.title}</th>`,
  );
  let left = MOST_ROWS;
  let omitted = 0;
  const bodies: Html[] = [];
  for (const group of groups) {
    const shown = group.rows.slice(0, left);
    left -= shown.length;
    omitted += group.rows.length - shown.length;
    if (shown.length > 0) bodies.push(bodyHtml(columns, { ...group, rows: shown }));
  }
  const more =
    omitted === 0 ? NOTHING : html`<p class="more">… and ${grouped(omitted)} more: ${parts.elsewhere}.</p>`;
  return html`<div
      class="scroll${parts.isSmall === true ? ' small' : ''}"
      role="region"
      aria-labelledby="${id}"
      tabindex="0"
    >
      <table>
        <caption id="${id}">
          <span>${caption}</span>
        </caption>
        <thead>
          <tr>
            ${heads}
          </tr>
        </thead>
        ${bodies}
      </table>
    </div>
    ${more}`;
}

function bodyHtml(columns: readonly HtmlColumn[], { group, rows }: HtmlRows): Html {
  const heading =
    group === undefined
      ? NOTHING
      : html`<tr class="group">
          <th scope="rowgroup" colspan="${columns.length}">${group}</th>
        </tr> `;
  return html`<tbody>
    ${heading}${rows.map((row) => rowHtml(columns, row))}
  </tbody> `;
}

function rowHtml(columns: readonly HtmlColumn[], row: readonly Html[]): Html {
  const cells = row.map((cell, index) => {
    const kind = classOf(columns[index]);
    return index === 0
      ? html`<th scope="row" class="${kind}">${cell}</th>`
      : html`<td class="${kind}">${cell}</td>`;
  });
  return html`<tr>
    ${cells}
  </tr> `;
}

function classOf(column: HtmlColumn | undefined): string {
  return column?.kind ?? 'text';
}
