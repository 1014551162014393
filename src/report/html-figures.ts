import { html, NOTHING, type Html } from './html.ts';
import { counted, grouped } from './quantities.ts';
import { withoutOutcome, wasOnlyPlanned, type FinishedRun } from './run-outcome.ts';

type Tone = 'plain' | 'first' | 'warn';

/** The run's counts: what became of the planned ones, and how what was listed divides. */
export function figuresHtml(finished: FinishedRun): Html {
  const { counts } = finished;
  const open = withoutOutcome(finished);
  return html`<h2 class="figures-of">Of ${counted(counts.planned, 'planned conversation')}</h2>
    <dl class="figures">
      ${figure('deleted, proven gone', counts.verified, 'first')}
      ${figure('already gone, not by us', counts.already_gone, 'plain')}
      ${figure('unverified', counts.unverified, 'warn')} ${figure('failed', counts.failed, 'warn')}
      ${figure('skipped', counts.skipped, 'warn')}
      ${open === 0 ? NOTHING : figure('without outcome', open, 'warn')}
    </dl>
    <h2 class="figures-of">Of ${counted(counts.listed, 'listed conversation')}</h2>
    <dl class="figures">
      ${figure(wasOnlyPlanned(finished) ? 'would be deleted' : 'planned', counts.planned, 'plain')}
      ${figure('held', counts.held, 'plain')} ${figure('unknown, so kept', counts.unknown, 'plain')}
      ${figure('kept', counts.kept, 'plain')}
    </dl>
    ${counts.listed === 0 ? NOTHING : sharesHtml(finished)}`;
}

function figure(label: string, count: number, tone: Tone): Html {
  const shown = count === 0 ? 'none' : tone;
  return html`<div class="${shown}">
    <dt>${label}</dt>
    <dd>${grouped(count)}</dd>
  </div>`;
}

/** The bar is for the eye alone; its legend says the same in words. */
function sharesHtml(finished: FinishedRun): Html {
  const { counts } = finished;
  const planned = wasOnlyPlanned(finished) ? 'would be deleted' : 'planned, still there';
  const shares = (
    [
      ['deleted', 'deleted', counts.verified],
      ['gone', 'already gone', counts.already_gone],
      ['other', planned, counts.planned - counts.verified - counts.already_gone],
      ['held', 'held', counts.held],
      ['unknown', 'unknown', counts.unknown],
      ['kept', 'kept', counts.kept],
    ] as const
  ).filter(([, , count]) => count > 0);
  return html`<div class="bar" aria-hidden="true">
      ${shares.map(([name, , count]) => html`<span class="${name}" style="flex-grow:${count}"></span>`)}
    </div>
    <ul class="legend">
      ${shares.map(
        ([name, label, count]) =>
          html`<li>
            <span class="${name}" aria-hidden="true"></span>${label} ${percentOf(count, counts.listed)}
          </li>`,
      )}
    </ul> `;
}

function percentOf(count: number, of: number): string {
  const percent = (count * 100) / of;
  return percent < 1 ? 'under 1 %' : `${Math.round(percent)} %`;
}
