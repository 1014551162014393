import type { RunStatus } from '../../core/run.ts';
import { html, NOTHING, type Html } from '../../report/html.ts';
import { STATUS_TONES } from '../../report/page/head.ts';
import { durationOf, grouped } from '../../report/quantities.ts';
import { runSentence, secondsOf, type FinishedRun } from '../../report/run-outcome.ts';
import { tableHtml } from './table.ts';
import { whenHtml, type Reading } from './time-words.ts';

export interface RunsPage {
  readonly runs: readonly FinishedRun[];
  /** Undefined: of all. */
  readonly policy: string | undefined;
  /** From 1. */
  readonly number: number;
  readonly hasMore: boolean;
}

export function statusPill(status: RunStatus): Html {
  return html`<span class="pill ${STATUS_TONES[status]}">${status}</span>`;
}

/** Runs that found nothing stand there, too: they prove that somebody looked. */
export function runsTableHtml(runs: readonly FinishedRun[], reading: Reading): Html {
  const rows = runs.map((finished) => {
    const { run, counts } = finished;
    const seconds = secondsOf(run);
    return [
      html`<a href="/runs/${run.runId}">${whenHtml(run.startedAt, reading)}</a>`,
      run.policy,
      statusPill(run.status),
      html`${runSentence(finished)}`,
      grouped(counts.listed),
      seconds === undefined ? 'not ended' : durationOf(seconds),
    ];
  });
  const heads = ['Started', 'Policy', 'Status', 'What came of it', 'Listed', 'Took'];
  return tableHtml({ label: 'Runs', heads, rows });
}

export function runsPageHtml({ runs, policy, number, hasMore }: RunsPage, reading: Reading): Html {
  const of = policy === undefined ? '' : `&policy=${encodeURIComponent(policy)}`;
  return html`<section class="sheet" aria-labelledby="runs">
    <h1 id="runs">Runs${policy === undefined ? '' : ` of ${policy}`}</h1>
    ${policy === undefined ? NOTHING : html`<p><a href="/runs">Runs of all policies</a></p>`}
    ${runs.length === 0 ? html`<p>There are none${number > 1 ? ' further back' : ' yet'}.</p>` : runsTableHtml(runs, reading)}
    <p class="pages">
      ${number > 1 ? html`<a href="/runs?page=${number - 1}${of}">Newer</a>` : NOTHING}
      ${hasMore ? html`<a href="/runs?page=${number + 1}${of}">Older</a>` : NOTHING}
    </p>
  </section>`;
}
