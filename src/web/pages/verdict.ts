import { backlogCount } from '../../core/backlog.ts';
import type { LiveRun } from '../../core/live-runs.ts';
import type { AuditVerification, PolicyStanding, Standing } from '../../core/ports/status.ts';
import { needsAttention } from '../../core/status.ts';
import { html, NOTHING, type Html } from '../../report/html.ts';
import { counted, enumerated, grouped } from '../../report/quantities.ts';
import type { FinishedRun } from '../../report/run-outcome.ts';
import type { Visitor } from '../access.ts';
import type { Readiness } from '../parts.ts';
import { whenHtml, type Reading } from './time-words.ts';

export interface Overview {
  readonly standing: Standing;
  readonly live: readonly LiveRun[];
  readonly recent: readonly FinishedRun[];
  readonly verification: AuditVerification | undefined;
  readonly checks: Readiness['checks'];
  readonly visitor: Visitor;
  readonly timeZone: string;
}

/** The verdict in one sentence, and what it is about. */
export function headHtml(overview: Overview): Html {
  const { policies, holdCount } = overview.standing;
  const { words, isBad } = verdict(overview);
  const waiting = policies.filter(({ state }) => state === 'waiting').length;
  return html`<section class="sheet ${isBad ? 'alarm' : ''}">
    <h1>${words}</h1>
    <p class="lead">
      ${counted(policies.length, 'policy', 'policies')}${waiting > 0 ? `, ${grouped(waiting)} without a run yet` : ''}
      · ${counted(holdCount, 'hold')} in force
    </p>
  </section>`;
}

/** What is wrong with this worker itself, whatever its last runs came to. */
const NOT_READY: Readonly<Record<keyof Readiness['checks'], string>> = {
  audit: 'The audit log is broken.',
  store: 'The state cannot be written.',
  policies: 'Nothing runs: files of policies or holds are wrong.',
  key: 'The API refuses the key.',
};

function notReady({ checks, standing, verification }: Overview): readonly string[] {
  const isWrong = {
    audit: verification?.problem !== undefined,
    store: checks.store !== 'ok',
    policies: standing.problems.length > 0,
    key: checks.key === 'refused',
  };
  return (['audit', 'store', 'policies', 'key'] as const).flatMap((check) =>
    isWrong[check] ? [NOT_READY[check]] : [],
  );
}

function verdict(overview: Overview): { readonly words: string; readonly isBad: boolean } {
  const { policies, open } = overview.standing;
  const [worst] = notReady(overview);
  if (worst !== undefined) return { words: worst, isBad: true };
  const troubled = policies.filter(needsAttention).map(({ policy }) => policy.name);
  if (troubled.length > 0) {
    const names = `${enumerated(troubled.slice(0, 3))}${troubled.length > 3 ? ' and others' : ''}`;
    return { words: `${names}: somebody has to look.`, isBad: true };
  }
  const stuck = open.filter(({ isParked }) => isParked).length;
  if (stuck > 0) {
    const many = counted(stuck, 'conversation is', 'conversations are');
    return { words: `${many} stuck: somebody has to look.`, isBad: true };
  }
  if (policies.length === 0) return { words: 'There is no policy.', isBad: true };
  const tried = policies.filter(({ state }) => state !== 'waiting');
  if (tried.length > 0) return { words: worksWords(tried), isBad: false };
  const first = overview.live.length > 0 ? 'The first run is under way.' : 'No policy has had a run yet.';
  return { words: first, isBad: false };
}

/** A run that was completed may have deleted nothing, because it is a dry run or because the limits left no room. */
function worksWords(policies: Standing['policies']): string {
  const enforced = policies.filter(({ policy }) => policy.mode === 'enforce');
  if (enforced.length === 0) return 'Dry runs only: nothing is deleted.';
  const late = enforced.filter(({ backlog }) => backlog !== undefined && backlogCount(backlog) > 0);
  if (late.length === 0) return 'Retention works.';
  const names = late.map(({ policy }) => policy.name);
  return `Runs succeed, and ${enumerated(names.slice(0, 3))}${names.length > 3 ? ' and others' : ''} left something expired.`;
}

/** What somebody has to look at. */
export function troubleHtml(overview: Overview, reading: Reading): Html {
  const { standing, verification } = overview;
  const { policies, problems } = standing;
  const notes = [
    ...(verification?.problem === undefined
      ? []
      : [html`The audit log: ${verification.problem} Run <code>audit verify</code>.`]),
    ...notReady(overview)
      .slice(1)
      .map((words) => html`${words}`),
    ...problems.map((problem) => html`${problem}`),
    ...policies.filter(needsAttention).map((status) => troubleOf(status, reading)),
  ];
  if (notes.length === 0) return NOTHING;
  return html`<section class="note refused" aria-labelledby="trouble">
    <h2 id="trouble">To look at</h2>
    <ul>
      ${notes.map((note) => html`<li>${note}</li> `)}
    </ul>
  </section>`;
}

function troubleOf({ policy, history, dueAt, isAbandoned, state }: PolicyStanding, reading: Reading): Html {
  const { lastEnded, failuresInARow } = history;
  if (isAbandoned)
    return html`<b>${policy.name}</b>: its worker vanished in mid-run. The next run settles what it left open.`;
  if (state === 'overdue' && dueAt !== undefined)
    return html`<b>${policy.name}</b>: due ${whenHtml(dueAt, reading)}, and nobody has run it.`;
  const times = failuresInARow > 1 ? `, ${grouped(failuresInARow)} runs in a row without success` : '';
  const why = lastEnded?.problem === undefined ? '.' : `: ${lastEnded.problem}.`;
  return html`<b>${policy.name}</b>: its last run was ${lastEnded?.status ?? 'lost'}${times}${why}
    ${lastEnded === undefined ? NOTHING : html`<a href="/runs/${lastEnded.runId}">Its report</a>`}
    ${lastEnded?.status === 'refused' && lastEnded.planId !== undefined ? html`Look at the plan: <code>customgpt-retention plan --show ${lastEnded.planId}</code>` : NOTHING}`;
}
