import type { LiveRun } from '../../core/live-runs.ts';
import { leftWords } from '../../report/progress-words.ts';
import { html, NOTHING, type Html } from '../../report/html.ts';
import { counted, grouped } from '../../report/quantities.ts';
import type { Visitor } from '../access.ts';
import { whenHtml, type Reading } from './time-words.ts';

/** What the page's script puts into the rows of runs, once a second. */
export interface LiveRunJson {
  readonly run_id: string;
  readonly words: string;
  readonly value: number;
  /** null: nobody knows. */
  readonly max: number | null;
}

export function liveRunJson(one: LiveRun): LiveRunJson {
  return { run_id: one.run.runId, words: progressWords(one), ...barOf(one) };
}

/** Each conversation counts twice where DELETEs go out: when its own was sent, and when it is proven gone, which comes later. */
function barOf({ progress, deletesSent }: LiveRun): Pick<LiveRunJson, 'value' | 'max'> {
  const { done = 0, total } = progress ?? {};
  if (total === undefined) return { value: 0, max: null };
  if (deletesSent === 0) return { value: done, max: total };
  return { value: Math.min(deletesSent, total) + done, max: 2 * total };
}

function progressWords({ progress, deletesSent, isStopping = false }: LiveRun): string {
  if (isStopping) return 'stopping: what is in flight is recorded';
  if (progress === undefined) return 'between two steps';
  const { phase, done, total, leftMs } = progress;
  if (total === undefined) return `${phase}: ${counted(done, 'conversation')} so far`;
  const sent = deletesSent === 0 ? '' : `, ${counted(deletesSent, 'DELETE')} sent`;
  return `${phase}: ${grouped(done)} of ${grouped(total)} done${sent}, ${leftWords(leftMs)}`;
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
  const { words, value, max } = liveRunJson(one);
  return html`<div class="live" data-run="${run.runId}">
    <p>
      <b>${run.policy}</b>
      <span class="quiet">${run.mode}, began ${whenHtml(run.startedAt, reading)}</span>
    </p>
    <progress
      aria-label="Progress of ${run.policy}"
      ${max === null ? NOTHING : html`value="${value}" max="${Math.max(max, 1)}"`}
    ></progress>
    <p data-words>${words}</p>
    <p><a href="/runs/${run.runId}">Report so far</a></p>
    ${visitor.role === 'approver' && one.isStopping !== true ? stopForm(run.runId, run.policy, visitor) : NOTHING}
  </div>`;
}

function stopForm(runId: string, policy: string, { csrf = '' }: Visitor): Html {
  return html`<form method="post" action="/runs/${runId}/stop">
    <input type="hidden" name="csrf" value="${csrf}" />
    <button aria-label="Stop the run of ${policy}">Stop this run</button>
  </form>`;
}
