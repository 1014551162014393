import { countsOf } from '../../core/plan.ts';
import type { RunStatus } from '../../core/run.ts';
import { html, instantHtml, NOTHING, type Html } from '../html.ts';
import { notesOf } from '../notes.ts';
import { durationOf, grouped } from '../quantities.ts';
import { isDryRun, ROW_STATES, stateInWords, verdictOf, type Report, type RowState } from '../report.ts';
import { modeWords, secondsOf } from '../run-outcome.ts';
import { fact } from './tables.ts';

/** How a run's end looks. */
export const STATUS_TONES: Readonly<Record<RunStatus, 'good' | 'warn' | 'bad'>> = {
  completed: 'good',
  running: 'warn',
  partial: 'warn',
  interrupted: 'warn',
  refused: 'bad',
  failed: 'bad',
};

/** The verdict first, and beside it what identifies the plan or run. */
export function headHtml(report: Report): Html {
  const { finished, plan } = report;
  const { sentence, rest } = verdictOf(report);
  const policy = finished?.run.policy ?? plan?.policy ?? '';
  const status = finished?.run.status;
  return html`<header class="sheet head">
    <div>
      <p class="eyebrow">
        ${isDryRun(report) ? 'Dry-run report' : 'Deletion report'} · policy ${policy} ·
        ${instantHtml(finished?.run.startedAt ?? plan?.decidedAt ?? 0, report.timeZone)}
      </p>
      <h1>${sentence}</h1>
      ${rest === '' ? NOTHING : html`<p class="lead">${rest}</p>`}
      ${status === undefined ? NOTHING : html`<p><span class="pill ${STATUS_TONES[status]}">${status}</span></p>`}
    </div>
    <dl class="facts">
      ${finished === undefined ? NOTHING : runFacts(report, finished)} ${planFacts(report)}
    </dl>
  </header> `;
}

function runFacts({ timeZone }: Report, finished: NonNullable<Report['finished']>): Html {
  const { run } = finished;
  const seconds = secondsOf(run);
  const ended =
    run.endedAt === undefined || seconds === undefined
      ? html`not yet`
      : html`${instantHtml(run.endedAt, timeZone)}, after ${durationOf(seconds)}`;
  return html`${fact('Run', html`<code>${run.runId}</code>`)}
  ${fact('Started', html`${instantHtml(run.startedAt, timeZone)}, ${TRIGGER_WORDS[run.trigger]}`)}
  ${fact('Ended', ended)} ${fact('Mode', modeWords(finished))}
  ${fact('Policy file', html`SHA-256 <code>${run.policyHash}</code>`)}`;
}

const TRIGGER_WORDS = { schedule: 'on schedule', manual: 'by command', 'catch-up': 'catching up' } as const;

function planFacts({ plan, finished, timeZone }: Report): Html {
  if (plan === undefined) return NOTHING;
  const ofPlanAlone = html`${fact('To be applied', html`until ${instantHtml(plan.expiresAt, timeZone)}`)}
  ${fact('Policy file', html`SHA-256 <code>${plan.policyHash}</code>`)}`;
  return html`${fact('Plan', html`<code>${plan.planId}</code>, decided ${instantHtml(plan.decidedAt, timeZone)}`)}
  ${finished === undefined ? ofPlanAlone : NOTHING}
  ${fact('Fingerprint', html`<code>${plan.fingerprint}</code>`)}
  ${plan.account === undefined ? NOTHING : fact('Account', plan.account)}`;
}

export function notesHtml(report: Report): Html {
  const notes = notesOf(report);
  if (notes.length === 0) return NOTHING;
  const isRefused = report.finished?.run.status === 'refused' || report.finished?.run.status === 'failed';
  return html`<section class="note${isRefused ? ' refused' : ''}" aria-labelledby="notes">
    <h2 id="notes">Please note</h2>
    <ul>
      ${notes.map((note) => html`<li>${note}</li> `)}
    </ul>
  </section> `;
}

/** Only what there is any of, and a bar of what was listed, for the eye. */
export function figuresHtml(report: Report): Html {
  const shares = sharesOf(report);
  if (shares.length === 0) return NOTHING;
  const total = shares.reduce((sum, [, count]) => sum + count, 0);
  let x = 0;
  const rects = shares.map(([state, count]) => {
    const width = (count * 1000) / total;
    x += width;
    return html`<rect
      class="${state}"
      x="${(x - width).toFixed(2)}"
      width="${Math.max(width - 2, 1).toFixed(2)}"
      height="10"
    />`;
  });
  return html`<section class="sheet" aria-label="In figures">
    <dl class="figures">
      ${shares.map(
        ([state, count]) =>
          html`<div class="${state}">
            <dt>${stateInWords(state, isDryRun(report))}</dt>
            <dd>${grouped(count)}</dd>
          </div>`,
      )}
    </dl>
    <svg class="shares" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>
  </section> `;
}

function sharesOf({ plan, finished, totals }: Report): readonly (readonly [RowState, number])[] {
  const { kept: keep, held, unknown, planned } = countsOf(plan?.projects ?? []);
  const counts: Partial<Record<RowState, number>> = { keep, held, unknown, delete: planned };
  if (finished !== undefined) {
    const { verified, already_gone, unverified, failed, skipped, deferred } = finished.counts;
    const ended = verified + already_gone + unverified + failed + skipped + deferred;
    // Begun, and without an outcome.
    const open = [...totals.byProject.values()].reduce((sum, states) => sum + (states.get('open') ?? 0), 0);
    Object.assign(counts, { verified, already_gone, unverified, failed, skipped, deferred, open });
    counts.delete = Math.max(0, planned - ended - open);
  }
  return ROW_STATES.flatMap((state) => {
    const count = counts[state] ?? 0;
    return count > 0 ? [[state, count] as const] : [];
  });
}
