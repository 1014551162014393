import type { AuditEntry, AuditHead } from '../core/audit-entry.ts';
import { plainCommandLine, type CommandLine } from '../core/command-line.ts';
import { formatInstant } from '../core/instant.ts';
import type { PlanItem } from '../core/plan.ts';
import type { RunStatus } from '../core/run.ts';
import { deletionsIn } from './deletion-proof.ts';
import { html, instantHtml, NOTHING, type Html } from './html.ts';
import { deletedHtml, notDeletedHtml, rulesHtml } from './html-deletions.ts';
import { projectsHtml, stayingHtml } from './html-decisions.ts';
import { factsHtml, proofHtml } from './html-facts.ts';
import { figuresHtml } from './html-figures.ts';
import { REPORT_STYLE } from './html-style.ts';
import { protectionWords } from './protection-text.ts';
import { warningsHtml } from './html-warnings.ts';
import { runSentence, type FinishedRun } from './run-outcome.ts';

export interface RunReport extends FinishedRun {
  readonly title: string;
  /** The plan's items; their names and users' ids are not looked at. */
  readonly items: readonly PlanItem[];
  /** The run's entries, oldest first. */
  readonly entries: readonly AuditEntry[];
  readonly generatedAt: number;
  /** The end of the whole log when this report was made. */
  readonly auditHead: AuditHead | undefined;
  /** The policy in plain words, one line each, without users' ids. */
  readonly policyWords: readonly string[];
  /** How the report names a command. */
  readonly commandLine?: CommandLine | undefined;
}

const STATUS_TONES: Readonly<Record<RunStatus, 'good' | 'warn' | 'bad'>> = {
  completed: 'good',
  running: 'warn',
  partial: 'warn',
  interrupted: 'warn',
  refused: 'bad',
  failed: 'bad',
};

const NONE_DELETED = html`<p>No conversation was deleted in this run.</p>`;

/**
 * One run as one HTML page that needs nothing else: no script, no font, no picture. It is kept for years, so it holds
 * ids, rules and ages, and never a conversation's name or a user's id.
 */
export function runReportHtml(report: RunReport): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${report.title}</title>
        <style>
          ${{ html: REPORT_STYLE }}
        </style>
      </head>
      <body>
        <main>
          ${headerHtml(report)} ${warningsHtml(report, report.entries)} ${figuresHtml(report)}
          ${sectionsHtml(report)}
          <footer>
            Made ${instantHtml(report.generatedAt)} by customgpt-retention. All times are UTC. This report
            names conversations by their ids only.
          </footer>
        </main>
      </body>
    </html> `.html;
}

function headerHtml(report: RunReport): Html {
  const { run } = report;
  return html`<header>
    <p class="eyebrow">${run.policy} · ${run.runId} · ${instantHtml(run.startedAt)}</p>
    <h1>${report.title}</h1>
    <p class="status ${STATUS_TONES[run.status]}">${run.status}</p>
    <p class="lead">${runSentence(report)}</p>
  </header>`;
}

function sectionsHtml(report: RunReport): readonly Html[] {
  const { run, plan, items, counts, policyWords, commandLine = plainCommandLine } = report;
  const day = formatInstant(run.startedAt).slice(0, 10);
  const sections = { runId: run.runId, commandLine, day, deletions: deletionsIn(report.entries), items };
  return [
    section('run', 'The run', factsHtml(report)),
    policyWords.length === 0 ? NOTHING : section('policy', 'The policy in words', policyHtml(policyWords)),
    section(
      'deleted',
      'What was deleted',
      html`${counts.verified === 0 ? NONE_DELETED : NOTHING}${rulesHtml(sections)}${deletedHtml(sections)}`,
    ),
    notDeletedHtml(sections),
    section('staying', 'What stays, and why', stayingHtml(plan, items, counts)),
    protectionsHtml(plan),
    section('projects', 'Projects', projectsHtml(plan?.projects ?? [], plan)),
    section('proof', 'Proof, and how to check it', proofHtml(report, report.auditHead, commandLine)),
  ];
}

/** What protected something, and how much of it there was. */
function protectionsHtml(plan: RunReport['plan']): Html {
  const protections = plan?.findings.protections ?? [];
  if (protections.length === 0) return NOTHING;
  const list = html`<ul>
    ${protections.map((one) => html`<li>${protectionWords(one)}</li> `)}
  </ul>`;
  return section('protections', 'What protects, and how much', list);
}

function section(id: string, title: string, body: Html): Html {
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${body}
  </section> `;
}

function policyHtml(lines: readonly string[]): Html {
  return html`<div class="policy">${lines.map((line) => html`<p>${line}</p> `)}</div>`;
}
