import type { HoldRecord } from '../../core/hold.ts';
import { holdState } from '../../report/hold-text.ts';
import { html, type Html } from '../../report/html.ts';
import { tableHtml } from './table.ts';
import { whenHtml, type Reading } from './time-words.ts';

const STATE_WORDS = { in_force: 'in force', over: 'over', released: 'released' } as const;

/** All holds, those in force first. */
export function holdsPageHtml(holds: readonly HoldRecord[], reading: Reading): Html {
  const isInForce = (hold: HoldRecord): boolean => holdState(hold, reading.now) === 'in_force';
  const sorted = [...holds].sort((one, other) => Number(isInForce(other)) - Number(isInForce(one)));
  const rows = sorted.map((hold) => [
    html`<span class="id">${hold.projectId}${hold.sessionId === undefined ? '' : `/${hold.sessionId}`}</span>
      <small>${hold.sessionId === undefined ? 'the whole project' : 'one conversation'}</small>`,
    STATE_WORDS[holdState(hold, reading.now)],
    hold.matter,
    hold.reason,
    html`${hold.by}, ${whenHtml(hold.addedAt, reading)}`,
    hold.untilAt === undefined ? 'it is released' : whenHtml(hold.untilAt, reading),
    hold.source === undefined ? html`<span class="id">${hold.holdId}</span>` : html`its file: ${hold.source}`,
  ]);
  const heads = ['What it covers', 'State', 'Matter', 'Reason', 'Placed by', 'Until', 'To end it'];
  return html`<section class="sheet" aria-labelledby="holds">
    <h1 id="holds">Holds</h1>
    ${holds.length === 0 ? html`<p>There are none.</p>` : tableHtml({ label: 'Holds', heads, rows })}
    <p class="quiet">
      A hold beats every rule. To place one: <code>customgpt-retention hold add</code>, or list it in
      <code>holds.yaml</code>.
    </p>
  </section>`;
}
