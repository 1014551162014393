import { html, NOTHING, type Html } from '../html.ts';

/** A small table: its first column names what the numbers in the others are about. */
export function plainTable(heads: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  const kind = (index: number): string => (index === 0 ? '' : 'n');
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${heads.join(', ')}">
    <table>
      <thead>
        <tr>
          ${heads.map((head, index) => html`<th scope="col" class="${kind(index)}">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, index) =>
                index === 0
                  ? html`<th scope="row">${cell}</th>`
                  : html`<td class="${kind(index)}">${cell}</td>`,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

export function fact(term: string, value: string | Html): Html {
  return html`<dt>${term}</dt>
    <dd>${value}</dd>`;
}

/** A part of the page; nothing where it has nothing to say. */
export function section(id: string, title: string, body: Html): Html {
  if (body.html === '') return NOTHING;
  return html`<section class="sheet" aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${body}
  </section> `;
}

export function listHtml(items: readonly (string | Html)[]): Html {
  return items.length === 0
    ? NOTHING
    : html`<ul class="plain">
        ${items.map((item) => html`<li>${item}</li> `)}
      </ul>`;
}
