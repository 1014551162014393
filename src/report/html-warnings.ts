import type { AuditEntry } from '../core/audit-entry.ts';
import { html, NOTHING, type Html } from './html.ts';
import { asBeforeWords, incompleteIn, leftovers, type FinishedRun } from './run-outcome.ts';

/** Everything about a run that a reader must not miss, above all else; nothing when there is nothing. */
export function warningsHtml(finished: FinishedRun, entries: readonly AuditEntry[]): Html {
  const { run, plan } = finished;
  const refused = run.status === 'refused';
  const isBad = refused || run.status === 'failed';
  const warnings = [
    ...(run.problem === undefined ? [] : [`${refused ? 'The reason' : 'Ended early'}: ${run.problem}.`]),
    ...(refused && plan !== undefined ? [`No DELETE was sent; the plan is kept as ${plan.planId}.`] : []),
    ...asBeforeWords(run, 'UTC'),
    ...run.warnings.map((warning) => (warning.endsWith('.') ? warning : `${warning}.`)),
    ...leftovers(finished),
    ...incompleteIn(plan).map(
      ({ projectId, incomplete }) =>
        `Project ${projectId} could not be listed in full (${incomplete ?? ''}), so nothing of it was deleted.`,
    ),
    ...entries.flatMap(warningsOf),
  ];
  if (warnings.length === 0) return NOTHING;
  return html`<section class="note${isBad ? ' bad' : ''}" aria-labelledby="warnings">
    <h2 id="warnings">${refused ? 'This run was refused' : 'Please note'}</h2>
    <ul>
      ${warnings.map((warning) => html`<li>${warning}</li> `)}
    </ul>
  </section> `;
}

function warningsOf(entry: AuditEntry): string[] {
  const fact = (name: string): string => {
    const value = entry[name];
    return typeof value === 'string' ? value : 'not recorded';
  };
  switch (entry.event) {
    case 'limits.overridden':
      return [`The limits were overridden by ${fact('by')}; reason given: ${fact('reason')}.`];
    case 'listing.incomplete':
      // The listing for the plan is told of by the plan itself.
      if (entry['phase'] !== 'confirm') return [];
      return [`Project ${entry.project_id ?? '?'} could not be listed again at the end: ${fact('reason')}.`];
    case 'run.completed':
    case 'run.failed':
      return unconfirmedIn(entry).map(
        (projectId) => `No fresh listing of project ${projectId} confirms its deletions.`,
      );
    default:
      return [];
  }
}

function unconfirmedIn(entry: AuditEntry): readonly number[] {
  const { unconfirmed } = entry;
  return Array.isArray(unconfirmed) ? unconfirmed.filter((id) => typeof id === 'number') : [];
}
