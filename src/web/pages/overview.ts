import { backlogCount, oldestDueAt } from '../../core/backlog.ts';
import { parseInstant } from '../../core/instant.ts';
import type { AuditVerification, PolicyStanding, Standing } from '../../core/ports/status.ts';
import { needsAttention } from '../../core/status.ts';
import { unmatchedProtections } from '../../core/unmatched.ts';
import { html, NOTHING, type Html } from '../../report/html.ts';
import { section } from '../../report/page/tables.ts';
import { counted, durationOf, grouped } from '../../report/quantities.ts';
import { liveRunsHtml } from './live-runs.ts';
import { headHtml, troubleHtml, type Overview } from './verdict.ts';
import { runsTableHtml, statusPill } from './runs.ts';
import { tableHtml } from './table.ts';
import { whenHtml, type Reading } from './time-words.ts';

/** Rows of a list that has no bound of its own. */
const MOST_ROWS = 20;

/** How retention stands, what needs somebody first. */
export function overviewHtml(overview: Overview): Html {
  const { standing, live, visitor, timeZone } = overview;
  const reading = { now: standing.now, timeZone };
  return html`<div id="head" data-live>${headHtml(overview)} ${troubleHtml(overview, reading)}</div>
    ${liveRunsHtml(live, visitor, reading)}
    <div id="standing" data-live>
      ${policiesHtml(standing, reading)} ${openHtml(standing, reading)} ${backlogHtml(standing, reading)}
      ${protectionsHtml(standing)} ${recentHtml(overview, reading)} ${auditHtml(overview, reading)}
    </div>`;
}

const STATE_WORDS = { ok: 'ok', failing: 'failing', overdue: 'overdue', waiting: 'no run yet' } as const;
const STATE_TONES = { ok: 'good', failing: 'bad', overdue: 'bad', waiting: 'warn' } as const;

function policiesHtml({ policies }: Standing, reading: Reading): Html {
  const rows = [...policies]
    .sort((one, other) => Number(needsAttention(other)) - Number(needsAttention(one)))
    .map((status) => {
      const { policy, state, history, nextAt } = status;
      const { lastEnded, lastSuccess } = history;
      return [
        html`<a href="/runs?policy=${policy.name}">${policy.name}</a>
          <small>${policy.mode === 'dry-run' ? 'dry run' : 'enforced'}</small>`,
        html`<span class="pill ${STATE_TONES[state]}">${STATE_WORDS[state]}</span>`,
        lastSuccess === undefined ? 'never' : whenHtml(lastSuccess.endedAt ?? lastSuccess.startedAt, reading),
        nextWords(status, nextAt, reading),
        lastEnded === undefined
          ? 'none'
          : html`<a href="/runs/${lastEnded.runId}">${whenHtml(lastEnded.startedAt, reading)}</a>
              ${statusPill(lastEnded.status)}`,
        backlogWords(status, reading.now),
      ];
    });
  const heads = ['Policy', 'State', 'Last success', 'Next run', 'Last run', 'Expired, still there'];
  return section('policies', 'Policies', tableHtml({ label: 'Policies', heads, rows }));
}

function nextWords({ policy }: PolicyStanding, nextAt: number | undefined, reading: Reading): string | Html {
  if (policy.schedule === undefined) return 'on command only';
  return nextAt === undefined ? 'never: no such date' : whenHtml(nextAt, reading);
}

function backlogWords({ backlog }: PolicyStanding, now: number): string {
  if (backlog === undefined) return 'not known';
  const { unread } = backlog;
  const count = backlogCount(backlog);
  const due = oldestDueAt(backlog);
  const lag = due === undefined || count === 0 ? '' : `, the oldest for ${durationOf((now - due) / 1000)}`;
  const except = unread.length === 0 ? '' : `; ${counted(unread.length, 'project')} not known`;
  return `${grouped(count)}${lag}${except}`;
}

/** By project, over all policies. */
function backlogHtml({ policies, now }: Standing, reading: Reading): Html {
  const all = policies.flatMap(({ policy, backlog }) =>
    (backlog?.projects ?? []).map((project) => ({
      ...project,
      policy: policy.name,
      isLate: project.asOf !== backlog?.asOf,
    })),
  );
  if (all.length === 0) return NOTHING;
  const sorted = all.sort((one, other) => other.count - one.count);
  const rows = sorted
    .slice(0, MOST_ROWS)
    .map(({ projectId, policy, count, oldestDueAt: due, asOf, isLate }) => [
      html`${projectId}`,
      policy,
      grouped(count),
      due === undefined ? 'no age asked' : durationOf((now - due) / 1000),
      html`${whenHtml(asOf, reading)}${isLate ? html`<small>no later plan could list it</small>` : NOTHING}`,
    ]);
  const heads = ['Project', 'Policy', 'Conversations', 'Oldest past its cutoff', 'As of'];
  const more = sorted.length - MOST_ROWS;
  return section(
    'backlog',
    'Expired and still there',
    html`<p class="quiet">For each policy by itself: what two of them would delete stands there twice.</p>
      ${tableHtml({ label: 'Backlog by project', heads, rows })}
      ${more > 0 ? html`<p class="quiet">… and ${counted(more, 'more project')}.</p>` : NOTHING}`,
  );
}

function openHtml({ open }: Standing, reading: Reading): Html {
  if (open.length === 0) return NOTHING;
  const sorted = [...open].sort((one, other) => Number(other.isParked) - Number(one.isParked));
  const rows = sorted
    .slice(0, MOST_ROWS)
    .map(({ projectId, sessionId, policy, requestedAt, isParked }) => [
      html`<span class="id">${projectId}/${sessionId}</span>`,
      policy,
      isParked ? html`<span class="pill bad">stuck</span>` : 'to be settled',
      sinceHtml(requestedAt, reading),
    ]);
  const more = open.length - MOST_ROWS;
  return section(
    'open',
    'Not settled',
    html`<p class="quiet">
        A DELETE may have gone out, and it is not proven that they are gone. The next run looks again.
      </p>
      ${tableHtml({ label: 'Not settled', heads: ['Conversation', 'Policy', 'State', 'Since'], rows })}
      ${more > 0 ? html`<p class="quiet">… and ${grouped(more)} more.</p>` : NOTHING}`,
  );
}

function sinceHtml(text: string, reading: Reading): string | Html {
  const at = parseInstant(text);
  return typeof at === 'number' ? whenHtml(at, reading) : text;
}

const KINDS = { rule: 'keep rule', exclude: 'exclude entry', hold: 'hold' } as const;

function protectionsHtml({ policies }: Standing): Html {
  const rows = policies.flatMap(({ policy, plan }) =>
    (plan === undefined ? [] : unmatchedProtections(policy, plan)).map(({ kind, name, before }) => [
      html`<b>${name}</b>`,
      KINDS[kind],
      policy.name,
      before === undefined
        ? 'never matched'
        : html`<span class="bad">matched ${grouped(before)} before</span>`,
    ]),
  );
  if (rows.length === 0) return NOTHING;
  return section(
    'protections',
    'Protections that match nothing',
    html`<p class="quiet">
        Each is meant to keep something, and kept nothing in the latest plan. Is it spelled right?
      </p>
      ${tableHtml({ label: 'Protections that match nothing', heads: ['Protection', 'Kind', 'Policy', 'Earlier'], rows })}`,
  );
}

function recentHtml({ recent }: Overview, reading: Reading): Html {
  if (recent.length === 0) return NOTHING;
  return section(
    'recent',
    'Latest runs',
    html`${runsTableHtml(recent, reading)}
      <p><a href="/runs">All runs</a></p>`,
  );
}

function verifiedWords({ entries, problem }: AuditVerification): string {
  if (problem !== undefined) return problem;
  return entries === 0
    ? 'there was nothing in it.'
    : `${counted(entries, 'entry', 'entries')}, whole and in order.`;
}

function auditHtml({ standing, verification }: Overview, reading: Reading): Html {
  const { seq, hash } = standing.auditHead;
  const checked =
    verification === undefined
      ? html`Not verified by this process yet.`
      : html`Verified ${whenHtml(verification.at, reading)}: ${verifiedWords(verification)}`;
  return section(
    'audit',
    'Audit log',
    html`<p>${counted(seq, 'entry', 'entries')}. ${checked}</p>
      <p class="quiet">
        Head <code>${hash}</code>. To check it yourself: <code>customgpt-retention audit verify</code>.
      </p>`,
  );
}
