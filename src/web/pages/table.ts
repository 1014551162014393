import { html, type Html } from '../../report/html.ts';

export interface TableParts {
  readonly label: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly (string | Html)[])[];
}

/** A table that becomes a list of cards on a narrow screen: each cell carries its head. */
export function tableHtml({ label, heads, rows }: TableParts): Html {
  return html`<table class="cards" aria-label="${label}">
    <thead>
      <tr>
        ${heads.map((head) => html`<th scope="col">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell, index) =>
              index === 0
                ? html`<th scope="row">${cell}</th>`
                : html`<td data-head="${heads[index] ?? ''}"><div>${cell}</div></td>`,
            )}
          </tr> `,
      )}
    </tbody>
  </table>`;
}
