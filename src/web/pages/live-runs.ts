import type { LiveRun } from '../../core/live-runs.ts';
import { leftWords } from '../../report/progress-words.ts';
import { html, NOTHING, type Html } from '../../report/html.ts';
import { grouped } from '../../report/quantities.ts';
import type { Visitor } from '../access.ts';
import { whenHtml, type Reading } from './time-words.ts';

/** What the page's script puts into the rows of runs, once a second. */
export interface LiveRunJson {
  readonly run_id: string;
  readonly words: string;
  readonly done: number;
  /** null: nobody knows. */
  readonly total: number | null;
}

export function liveRunJson({ run, progress }: LiveRun): LiveRunJson {
  return {
    run_id: run.runId,
    words: progressWords(progress),
    done: progress?.done ?? 0,
    total: progress?.total ?? null,
  };
}

function progressWords(progress: LiveRun['progress']): string {
  if (progress === undefined) return 'between two steps';
  const { phase, done, total, leftMs } = progress;
  if (total === undefined) return `${phase}: ${grouped(done)} conversations so far`;
  return `${phase}: ${grouped(done)} of ${grouped(total)}, ${leftWords(leftMs)}`;
}

/** Runs of this process that are under way; the element stays there while there is none, for the script to fill. */
export function liveRunsHtml(live: readonly LiveRun[], visitor: Visitor, reading: Reading): Html {
  return html`<div id="live" data-live>
    ${
      live.length === 0
        ? NOTHING
        : html`<section class="sheet" aria-labelledby="live-title">
            <h2 id="live-title">Under way</h2>
            ${live.map((one) => liveRunHtml(one, visitor, reading))}
          </section>`
    }
  </div>`;
}

function liveRunHtml(one: LiveRun, visitor: Visitor, reading: Reading): Html {
  const { run } = one;
  const { words, done, total } = liveRunJson(one);
  return html`<div class="live" data-run="${run.runId}">
    <p>
      <b>${run.policy}</b>
      <span class="quiet">${run.mode}, began ${whenHtml(run.startedAt, reading)}</span>
    </p>
    <progress
      aria-label="Progress of ${run.policy}"
      ${total === null ? NOTHING : html`value="${done}" max="${Math.max(total, 1)}"`}
    ></progress>
    <p data-words>${words}</p>
    <p><a href="/runs/${run.runId}">Report so far</a></p>
    ${visitor.role === 'approver' ? stopForm(run.runId, run.policy, visitor) : NOTHING}
  </div>`;
}

function stopForm(runId: string, policy: string, { csrf = '' }: Visitor): Html {
  return html`<form method="post" action="/runs/${runId}/stop">
    <input type="hidden" name="csrf" value="${csrf}" />
    <button aria-label="Stop the run of ${policy}">Stop this run</button>
  </form>`;
}
