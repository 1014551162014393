import { totalRequests, type RequestCounts } from '../../core/run.ts';
import { populationOf } from '../../core/population.ts';
import { html, instantHtml, NOTHING, type Html } from '../html.ts';
import { matchedWords } from '../notes.ts';
import { counted, durationOf, grouped } from '../quantities.ts';
import { isDryRun, type Report } from '../report.ts';
import { isAppliedByCommand, secondsOf } from '../run-outcome.ts';
import { fact, listHtml, plainTable, section } from './tables.ts';

/** Longer lists leave out projects in which nothing happens. */
const MOST_PROJECTS = 200;

export function policyHtml({ policyWords, commandLine, finished, plan }: Report): Html {
  const id = finished?.run.runId ?? plan?.planId ?? '';
  const words =
    policyWords.length === 0
      ? html`<p class="quiet">Its text is not kept in this state directory.</p>`
      : html`<div class="words">${policyWords.map((line) => html`<p>${line}</p> `)}</div>
          ${isAppliedByCommand(finished) ? html`<p>The policy itself is a dry run: a person applied this plan by command.</p>` : NOTHING}
          <p class="quiet">The file itself: <code>${commandLine(`policy ${id}`)}</code></p>`;
  return section('policy', 'The policy in plain words', words);
}

/** What each protection kept, the empty ones among them. */
export function protectionsHtml({ plan, matters }: Report): Html {
  const protections = plan?.findings.protections ?? [];
  if (protections.length === 0) return NOTHING;
  const rows = protections.map(({ kind, name, matched, before }) => [
    `${KINDS[kind]} ${name}${kind === 'hold' && matters.has(name) ? `, matter ${matters.get(name) ?? ''}` : ''}`,
    matched === 0 ? html`<span class="bad">nothing</span>` : matchedWords(matched, THINGS[kind]),
    before === undefined ? '–' : grouped(before),
  ]);
  return section(
    'protections',
    'What protects, and how much',
    plainTable(['Protection', 'Keeps now', 'In the plan before'], rows),
  );
}

const KINDS = { rule: 'Keep rule', exclude: 'Exclude entry', hold: 'Hold' } as const;
const THINGS = { rule: 'conversation', hold: 'conversation', exclude: 'project' } as const;

/** Requests and time: what applying a plan takes, or what a run took. */
export function costHtml(report: Report): Html {
  const { finished, plan, cost } = report;
  const requests = finished?.run.requests;
  const seconds = finished === undefined ? undefined : secondsOf(finished.run);
  const pace =
    cost === undefined
      ? ''
      : cost.requestsPerMinute === 'unlimited'
        ? 'with no pace set'
        : `at ${cost.requestsPerMinute} requests a minute`;
  const lines = [
    ...(plan === undefined ? [] : [`The dry run took ${counted(plan.requestsUsed, 'request')}.`]),
    ...(cost === undefined || !isDryRun(report)
      ? []
      : [
          `Applying it takes about ${counted(cost.requests, 'request')} and ${durationOf(cost.seconds)}, ${pace}.`,
        ]),
    ...(requests === undefined
      ? []
      : [`The run took ${requestWords(requests)}${paceWords(requests, seconds)}.`]),
  ];
  return section('cost', 'Requests and time', listHtml(lines));
}

function paceWords(requests: RequestCounts, seconds: number | undefined): string {
  if (seconds === undefined || seconds < 1) return '';
  return `, in ${durationOf(seconds)}: ${grouped(Math.round((totalRequests(requests) * 60) / seconds))} a minute`;
}

const PURPOSE_WORDS: Readonly<Record<keyof RequestCounts, string>> = {
  list: 'to list',
  calibrate: 'to learn what the API answers about one that is gone',
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
  const total = counted(totalRequests(requests), 'request');
  return parts.length === 0 ? total : `${total} (${parts.join(', ')})`;
}

/** Every project with its counts; of many, those where something happens. */
export function projectsHtml(report: Report): Html {
  const projects = report.plan?.projects ?? [];
  if (projects.length === 0)
    return report.plan === undefined
      ? NOTHING
      : section(
          'projects',
          'Projects',
          html`<p>No project falls under the policy: look at projects.include.</p>`,
        );
  const isQuiet = (one: (typeof projects)[number]): boolean =>
    one.planned + one.held + one.unknown === 0 && one.incomplete === undefined;
  const shown = projects.length > MOST_PROJECTS ? projects.filter((one) => !isQuiet(one)) : projects;
  const isDry = isDryRun(report);
  const rows = shown.map((one) => {
    const deleted = report.totals.byProject.get(one.projectId)?.get('verified') ?? 0;
    const counts = [
      populationOf(one) ?? one.total,
      one.listed,
      one.planned,
      ...(isDry ? [] : [deleted]),
      ...[one.held, one.unknown, one.kept],
    ];
    return [String(one.projectId), ...counts.map(grouped), listingWords(one)];
  });
  const heads = [
    ...['Project', 'In the project', 'Listed', isDry ? 'Would be deleted' : 'Planned'],
    ...(isDry ? [] : ['Deleted']),
    ...['Held', 'Unknown', 'Kept', 'Listing'],
  ];
  const left = projects.length - shown.length;
  return section(
    'projects',
    'Projects',
    html`${plainTable(heads, rows)}
      <p class="quiet">
        A listing goes from the oldest to where no rule can reach any
        more.${left === 0 ? '' : ` ${counted(left, 'project')} where all that was listed is kept left out.`}
      </p>`,
  );
}

function listingWords({
  incomplete,
  sampled,
}: {
  incomplete: string | undefined;
  sampled?: unknown;
}): string {
  if (incomplete !== undefined) return `incomplete: ${incomplete}`;
  return sampled === undefined ? 'in full' : 'order sampled';
}

const NOT_PROVEN = [
  'Gone from the API is not erased: whether CustomGPT.ai removes the data or only marks it, and how long its backups keep it, the API does not tell.',
  'It rests on what the API answers: one that hid a conversation from GET and list alike would look the same.',
  'Whoever can write to the state directory could write another log. Compare its head and the verifier key with copies kept elsewhere.',
];

/** What makes a deletion proven, and how anybody can check this page against the log. */
export function proofHtml(report: Report): Html {
  const { finished, auditHead, commandLine, plan } = report;
  const verified = finished?.counts.verified ?? 0;
  const none = isDryRun(report) ? NOTHING : html`<p>Nothing is proven gone by this run.</p>`;
  const { run } = finished ?? {};
  const steps = html`<p>Each of the ${counted(verified, 'deleted conversation')} went through these steps:</p>
    <ol class="plain">
      <li>
        An id that cannot exist was asked for in the same project, and answered 404; a conversation that
        exists answered 200. So a 404 tells the two apart there.
      </li>
      <li>The intent was written to disk before the DELETE was sent.</li>
      <li>A GET for the same conversation was repeated until it answered as the id that cannot exist did.</li>
      <li>The project was listed anew after that, and no longer showed the conversation.</li>
    </ol>
    <p>
      Each entry of the audit log carries the SHA-256 of the one before it: a changed, missing or added entry
      breaks the chain.
    </p>`;
  const facts = html`<dl class="facts">
    ${run?.auditHead === undefined ? NOTHING : fact('Last entry of this run', html`<code>${run.auditHead}</code>`)}
    ${fact('Head of the log', html`entry ${grouped(auditHead.seq)}, <code>${auditHead.hash}</code>`)}
    ${report.verifierKey === undefined ? NOTHING : fact('Signed with', html`<code>${report.verifierKey}</code>`)}
    ${fact('Check the chain', html`<code>${commandLine('audit verify')}</code>`)}
    ${
      run === undefined
        ? NOTHING
        : fact("This run's entries", html`<code>${commandLine(`audit export --run ${run.runId}`)}</code>`)
    }
    ${
      run === undefined && plan !== undefined
        ? fact('The plan itself', html`<code>${commandLine(`plan --show ${plan.planId}`)}</code>`)
        : NOTHING
    }
    ${fact('Check the policy', html`<code>sha256sum</code> of its file is the SHA-256 above`)}
  </dl>`;
  const limits =
    verified === 0
      ? NOTHING
      : html`<p class="quiet">What this does not prove:</p>
          ${listHtml(NOT_PROVEN)}`;
  return section(
    'proof',
    'Proof, and how to check it',
    html`${verified === 0 ? none : steps} ${facts} ${limits}`,
  );
}

/** For a pen, and for whoever asks later when this was made. */
export function signHtml({ generatedAt, timeZone, hasNames }: Report): Html {
  const lines = ['Reviewed by', 'Function', 'Date', 'Signature'];
  return html`<section class="sheet" aria-labelledby="sign">
      <h2 id="sign">Review</h2>
      <div class="sign">${lines.map((line) => html`<div>${line}</div>`)}</div>
    </section>
    <footer>
      Made ${instantHtml(generatedAt, timeZone)} by customgpt-retention.
      ${hasNames ? 'It holds names of conversations, which are personal data.' : 'It names conversations by their ids only.'}
    </footer>`;
}
