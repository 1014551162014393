import type { AuditHead } from '../core/audit-entry.ts';
import type { CommandLine } from '../core/command-line.ts';
import { totalRequests, type RequestCounts, type Trigger } from '../core/run.ts';
import { html, instantHtml, NOTHING, type Html } from './html.ts';
import { durationOf, grouped } from './quantities.ts';
import { modeWords, secondsOf, type FinishedRun } from './run-outcome.ts';

/** When, under which policy, by which plan: what identifies a run. */
export function factsHtml(finished: FinishedRun): Html {
  const { run, plan } = finished;
  const seconds = secondsOf(run);
  const slot = run.slotAt === undefined ? NOTHING : html`, due ${instantHtml(run.slotAt)}`;
  const ended =
    run.endedAt === undefined || seconds === undefined
      ? html`not yet`
      : html`${instantHtml(run.endedAt)}, after ${durationOf(seconds)}`;
  return html`<dl class="facts">
    ${fact('Policy', html`${run.policy}, mode ${modeWords(finished)}`)}
    ${fact('Policy file', html`SHA-256 <code>${run.policyHash}</code>`)}
    ${fact('Started', html`${instantHtml(run.startedAt)}, ${TRIGGER_WORDS[run.trigger]}${slot}`)}
    ${fact('Ended', ended)} ${plan === undefined ? fact('Plan', html`none`) : planFacts(plan)}
    ${run.requests === undefined ? NOTHING : fact('Requests', html`${requestWords(run.requests)}`)}
  </dl> `;
}

/** What makes a deletion proven, and how anybody can check this page against the log. */
export function proofHtml({ run }: FinishedRun, head: AuditHead | undefined, commandLine: CommandLine): Html {
  return html`<p>
      Each deletion in this report went through these steps. The audit log has an entry for its intent, one
      for the first answer that showed it gone, and one for its outcome.
    </p>
    <ol>
      <li>
        An id that cannot exist was asked for in the same project, and answered 404; a conversation that
        exists answered 200. So a 404 does tell the two apart there.
      </li>
      <li>The intent was written to disk before the DELETE was sent.</li>
      <li>A GET for the same conversation was repeated until it answered as the id that cannot exist did.</li>
      <li>
        The project was listed anew after that, and no longer showed the conversation. A conversation that a
        fresh listing still shows does not count as deleted.
      </li>
    </ol>
    <p>
      The entries are chained: each carries the SHA-256 of the one before it, so a changed, missing or added
      entry breaks the chain, and a cut at its end no longer leads to the head below.
    </p>
    <dl class="facts">
      ${fact('Last entry of this run', run.auditHead === undefined ? html`none yet` : html`<code>${run.auditHead}</code>`)}
      ${fact(
        'Head of the log',
        head === undefined ? html`not read` : html`entry ${grouped(head.seq)}, <code>${head.hash}</code>`,
      )}
      ${fact('Check the chain', html`<code>${commandLine('audit verify')}</code>`)}
      ${fact("This run's entries", html`<code>${commandLine(`audit export --run ${run.runId}`)}</code>`)}
      ${fact('Check the policy', html`<code>sha256sum</code> of the policy's file must be the SHA-256 above`)}
    </dl> `;
}

function planFacts(plan: NonNullable<FinishedRun['plan']>): Html {
  return html`${fact('Plan', html`${plan.planId}, decided ${instantHtml(plan.decidedAt)}`)}
  ${fact('Plan fingerprint', html`SHA-256 <code>${plan.fingerprint}</code>`)}`;
}

function fact(term: string, value: Html): Html {
  return html`<dt>${term}</dt>
    <dd>${value}</dd>`;
}

const TRIGGER_WORDS: Readonly<Record<Trigger, string>> = {
  schedule: 'on schedule',
  manual: 'by command',
  'catch-up': 'catching up',
};

const PURPOSE_WORDS: Readonly<Record<keyof RequestCounts, string>> = {
  list: 'to list',
  calibrate: 'to see what gone looks like',
  messages: 'to read messages',
  delete: 'to delete',
  verify: 'to verify',
  control: 'to ask whether a project is there',
  account: 'to ask whose key it is',
};

function requestWords(requests: RequestCounts): string {
  const parts = Object.entries(PURPOSE_WORDS)
    .map(([purpose, words]) => [requests[purpose as keyof RequestCounts], words] as const)
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${grouped(count)} ${words}`);
  const total = grouped(totalRequests(requests));
  return parts.length === 0 ? total : `${total}: ${parts.join(', ')}`;
}
